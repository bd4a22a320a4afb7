"""A process that may open nothing any more blames itself, and goes on when it may again."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.breaking import kept
from tests.support.breaking.fickle import fickle, hook
from tests.support.daemon.counting import CountingServer
from tests.support.daemon.running import estate, run_for, running, until
from tests.support.servers.ca import Authority
from tests.system.daemon.test_own_trouble import DEFAULTS, Witness, healthy

pytestmark = pytest.mark.system
FEW = 3
"""Fewer than any process has open."""


@contextmanager
def exhausted(pid: int) -> Iterator[None]:
    """Nothing can be opened meanwhile; what is open stays so."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (FEW, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_no_descriptors_are_our_own_trouble(tmp_path: Path, authority: Authority) -> None:
    """A target that always answers becomes unknown, by our own fault, and green again; never
    another colour. The history is written all the while, the status file and the messages
    afterwards; and nobody spins.
    """
    with CountingServer() as server, fickle() as receiver:
        told = [hook(receiver, "here")]
        config = estate(healthy(server), defaults=DEFAULTS, notifications=told)
        with running(tmp_path, config) as daemon:
            daemon.event("transition", service="healthy", to="green")
            data = daemon.status_path.parent
            witness = Witness(daemon)
            with exhausted(daemon.pid):
                unknown = daemon.event("transition", service="healthy", to="unknown")
                assert unknown["cause"] == "monitor"
                daemon.event("status_file_not_written")
                until(
                    lambda: [row["id"] for row in kept.transitions(data)].count(unknown["id"]),
                    lambda: f"not in the history: {daemon.log}",
                )
                used = processor_seconds(daemon.pid)
                run_for(3.0, witness.look)
                assert processor_seconds(daemon.pid) - used < 2.5, "it spins"
                assert receiver.taken("here") == []
            daemon.event("status_file_written_again")
            witness.recovered()
            # that it was unknown may be folded into the all-clear: it came too late to be news
            until(
                lambda: [one for one in receiver.taken("here") if one["kind"] == "recovery"],
                "not told afterwards",
            )
            until(lambda: not kept.unsettled(data), "not settled")
            assert daemon.stop() == 0
            kept.sound(data)
            kept.delivered(data, receiver.taken("here"))
            assert daemon.events("history_away") == []
            known = {row["id"] for row in kept.transitions(data)}
            assert {event["id"] for event in daemon.events("transition")} == known
