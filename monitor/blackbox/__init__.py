"""At home with users of the Prometheus blackbox exporter: its ``blackbox.yml``, its ``/probe``, and a
way from there to a configuration of ours. See docs/blackbox.md.
"""
