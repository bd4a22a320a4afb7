"""The modules of a ``blackbox.yml``, validated as the exporter reads them."""
