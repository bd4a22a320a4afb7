"""The series of what agencies state themselves, and of how long that has differed from ours."""

from __future__ import annotations

from monitor.judging.snapshot import Snapshot
from monitor.publish.metrics import families as f
from monitor.publish.metrics.check_series import status_lines
from monitor.publish.metrics.exposition import labels, number


def stated_lines(snapshot: Snapshot) -> bytes:
    """All of them; nothing where no ``stated_url`` is configured. ``service`` is empty for an
    environment.
    """
    if not snapshot.stated:
        return b""
    states, differs = [f.STATED_STATUS.header()], [f.STATED_DIFFERS.header()]
    for subject, view in snapshot.stated.items():
        environment, _, service = subject.partition("/")
        at = labels(environment=environment, service=service)
        states.append(status_lines(f.STATED_STATUS, at, view.status).encode())
        since = view.differs_since
        seconds = max(0.0, snapshot.at - since) if since is not None else 0.0
        differs.append(f"{f.STATED_DIFFERS.name}{{{at}}} {number(seconds)}\n".encode())
    return b"".join(states + differs)
