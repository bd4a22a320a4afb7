"""``driftvakt evidence`` reads what a daemon has left in its history: SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from monitor.model.records import Entry
from monitor.model.transition import transition_id
from tests.support.daemon.forked import said
from tests.support.daemon.running import ROOT, estate, http_check, service, write_config
from tests.support.evidence_bundle import bundled
from tests.support.factories import NOW, make_failure, make_observation
from tests.support.factories_record import make_entry, make_transition
from tests.support.history.stores import Store, opened
from tests.system.daemon.test_command import shell

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("patient")]

Said = subprocess.CompletedProcess[str]
Command = Callable[..., Awaitable[Said]]


def entry() -> Entry:
    """Red, with a whole bundle."""
    failures = [make_failure(at=NOW - 60 + number) for number in range(3)]
    made = bundled([make_observation(at=NOW - 90), *failures])
    return make_entry(transition=make_transition(), evidence=made)


@pytest.fixture
def command(store: Store, tmp_path: Path) -> Command:
    """The command with the configuration of the store."""
    config = write_config(
        tmp_path,
        estate(
            service("expo", http_check("api", "http://expo.ext5.example.se/")),
            store=store.store,
            data_dir=str(store.data_dir),
        ),
    )

    async def run(*words: str) -> Said:
        given = ["evidence", *words, "--config", str(config)]
        return await asyncio.to_thread(said, given, cwd=ROOT)

    return run


async def test_evidence_is_printed_without_a_daemon(store: Store, command: Command) -> None:
    """By the id or the beginning of it."""
    kept = entry()
    async with opened(store) as history:
        history.record([kept])
    for wanted in (kept.id, kept.id[:6], kept.id.upper()):
        done = await command(wanted, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout) == json.loads(kept.evidence or b"")
    assert (await command(kept.id)).stdout.startswith("Underlag för felanmälan\n")


async def test_two_that_begin_so_are_named(store: Store, command: Command) -> None:
    """Nobody gets the evidence of another transition."""
    of_service = entry()
    of_environment = make_entry(transition=make_transition(service=None), evidence=b"{}")
    async with opened(store) as history:
        history.record([of_service, of_environment])
    done = await command(of_service.id[:9])
    assert (done.returncode, done.stdout) == (1, "")
    assert of_service.id in done.stderr
    assert of_environment.id in done.stderr


async def test_what_was_not_kept(store: Store, command: Command) -> None:
    """A transition to the better has no evidence; nor has one that nobody knows."""
    better = make_entry(1)
    async with opened(store) as history:
        history.record([better])
    for wanted in (better.id, transition_id("ext5", "expo", "green", "red", NOW - 9)):
        done = await command(wanted)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"driftvakt: there is no evidence of {wanted}")


async def test_the_newest_transitions_are_listed(store: Store, command: Command) -> None:
    """Newest first, twenty at most, each with its id."""
    entries = [make_entry(number) for number in range(25)]
    async with opened(store) as history:
        history.record(entries)
    lines = (await command()).stdout.splitlines()
    assert [line.split()[0] for line in lines] == [one.id for one in entries[:4:-1]]
    assert lines[0].endswith("ext5/expo  green -> red  connect_refused")
    listed = json.loads((await command("--json")).stdout)
    assert [one["id"] for one in listed] == [one.id for one in entries[:4:-1]]
    assert (listed[0]["from"], listed[0]["to"]) == ("green", "red")
    assert (await command("--since", "1s")).stdout == "no transitions\n"


async def test_where_there_is_no_history(store: Store, command: Command) -> None:
    """One line, exit 1, and no file is made."""
    done = await command()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("driftvakt: the history in ")
    assert not list(store.data_dir.glob("driftvakt.db*"))


def test_a_folder_is_enough(tmp_path: Path) -> None:
    """Without a configuration, for SQLite."""
    done = shell("evidence", "--data-dir", str(tmp_path / "nothing"))
    assert (done.returncode, done.stdout) == (1, "")
    assert str(tmp_path / "nothing") in done.stderr
