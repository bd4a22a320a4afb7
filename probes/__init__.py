"""How to measure. Knows nothing of ``monitor``; usable alone (see :mod:`probes.kinds`)."""
