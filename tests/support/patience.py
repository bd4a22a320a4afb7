"""How long a test waits for what must come: a bound against hanging, and no judgement of anything.

A machine may be as busy as it likes. What is to be soon, cheap or in time is judged by what does not
depend on that: simulated time, counts, the order of events, the processor time of a thread.
"""

from __future__ import annotations

PATIENCE = 120.0
"""Seconds after which a test no longer waits for one thing."""
