"""For those who come from the Prometheus blackbox exporter: its modules, ``/probe``, its targets.

modules     a ``blackbox.yml``, key by key; what is not supported is refused by name
reading     the file, with the place of every fault
asking      module and target → a probe's settings, and what the module asks beyond them
probing     ``/probe``: one probe for one scrape
importing   modules and a ``prometheus.yml`` → a configuration of ours
"""
