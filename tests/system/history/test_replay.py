"""``driftvakt replay`` over a real history."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.app import command_line
from monitor.cli.replay import Stored, replayed
from monitor.configuration.loader import load
from monitor.history.db_thread import InlineWorker
from monitor.history.history import History
from monitor.history.reader import HistoryReader
from monitor.judging.board import Board
from monitor.model.estate import CheckId, Retention
from monitor.model.records import Entry, Seen, observation_of
from monitor.model.text import Text
from probes.observation import Cause, Grade, Phases, Reason
from tests.support.daemon.running import estate, http_check, service, write_config
from tests.support.history.stores import Store

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("patient")]

RUNNER = CliRunner()
ID = CheckId("ext5/expo/api")
GOOD = Seen(0.0, 0.125, Grade.GOOD, None, None, Phases(), None, 200, "")
BAD = GOOD._replace(grade=Grade.FAILED, reason=Reason.RESET, cause=Cause.TARGET)


def configured(folder: Path, **more: Any) -> Path:
    check = http_check("api", "https://expo.ext5.example.se/", **more)
    return write_config(folder, estate(service("expo", check)))


def outage(end: float) -> list[Seen]:
    """Three hours every 30 s until ``end``; ten minutes before it five failed."""
    ats = [end - 30 * number for number in range(360, 0, -1)]
    return [(BAD if 600 <= end - at < 750 else GOOD)._replace(at=at) for at in ats]


async def recorded(store: str, folder: Path, watched: Path, end: float) -> None:
    """What a daemon with that configuration would have kept, packed where an hour is over."""
    board = Board(load(watched, {}).estate, end - 3 * 3600)
    async with History.open(
        store, folder, retention=Retention(), clock=lambda: end, worker=InlineWorker()
    ) as history:
        for seen in outage(end):
            observation = observation_of(seen)
            history.observed(ID, observation)
            now = seen.at + seen.duration
            changes = board.age(now) + board.observe(ID, observation, now).transitions
            told = Text(sv="Något.", en="Something.")
            history.record([Entry(transition=one, message=told) for one in changes])
        await history.pending()
        await history._worker.call(history._recorder.upkeep.whole)


async def test_the_record_of_a_store_is_judged_as_it_was(store: Store, tmp_path: Path) -> None:
    """From SQLite and from PostgreSQL, packed hours and newest rows: the same configuration gives
    the transitions that were recorded, with the same ids; another one gives others.
    """
    end = time.time() // 1 - 5
    same = configured(tmp_path / "same")
    await recorded(store.store, store.data_dir, same, end)
    lax = configured(tmp_path / "lax", red_after=6, yellow_after=2)
    for path, agrees in ((same, True), (lax, False)):
        found = replayed(
            load(path, {}).estate,
            store=store.store,
            data_dir=store.data_dir,
            since=end - 2 * 3600,
            until=end + 60,
            old=None,
            old_path=None,
        )
        assert found.total.then.reds == 1
        assert (found.now == found.then) is agrees
        assert found.total.now.reds == (1 if agrees else 0)
        assert (found.unmeasured, found.gone, found.damaged) == ((), (), 0)


async def test_how_everything_stood_before_is_found(store: Store, tmp_path: Path) -> None:
    """The newest transition of a service, and an environment's own, which is among its services'."""
    end = time.time() // 1 - 5
    await recorded(store.store, store.data_dir, configured(tmp_path), end)
    with HistoryReader(store.store, store.data_dir) as reader:
        stored = Stored(reader)
        for subject, name in (("ext5/expo", "expo"), ("ext5", None)):
            found = stored.newest_before(subject, end - 650)
            assert found is not None
            assert (found.service, found.after) == (name, "red")
        assert stored.newest_before("ext5/expo", end - 30_000) is None
        assert stored.newest_before("ext5", end - 30_000) is None


def ran(*arguments: str | Path) -> Result:
    return RUNNER.invoke(command_line(), ["replay", *map(str, arguments)])


async def test_the_command_tells_what_would_have_changed(tmp_path: Path) -> None:
    """A table for people and JSON for programs, over the last seven days unless told otherwise."""
    same = configured(tmp_path / "same")
    await recorded("sqlite", tmp_path / "data", same, time.time() - 5)
    lax = configured(tmp_path / "lax", red_after=6)
    table = ran("--config", lax, "--data-dir", tmp_path / "data")
    assert table.exit_code == 0, table.output
    assert "ext5/expo" in table.stdout
    assert "→" in table.stdout
    told = ran("--config", lax, "--data-dir", tmp_path / "data", "--since", "1h", "--json")
    document = json.loads(told.stdout)
    assert told.exit_code == 0
    assert document["total"]["then"]["reds"] == 1
    assert document["total"]["now"]["reds"] == 0
    other = ran("--config", lax, "--against", same, "--data-dir", tmp_path / "data", "--json")
    document = json.loads(other.stdout)
    assert document["compared_with"] == str(same)
    assert document["total"]["then"]["reds"] == 1


def test_without_a_history_the_command_says_so(tmp_path: Path) -> None:
    """Exit 2, and no empty database left behind."""
    found = ran("--config", configured(tmp_path), "--data-dir", tmp_path / "none")
    assert found.exit_code == 2
    assert "no history to judge again" in found.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("option", ["--config", "--against"])
def test_a_bad_configuration_is_refused(tmp_path: Path, option: str) -> None:
    """Exit 2 with its faults, the new one or the one that is compared with."""
    good = configured(tmp_path / "good")
    bad = write_config(tmp_path / "bad", "environments: [{nam: ext5}]")
    new, old = (bad, good) if option == "--config" else (good, bad)
    found = ran("--config", new, "--against", old, "--data-dir", tmp_path)
    assert found.exit_code == 2
    assert "nam" in found.stderr


def test_since_must_be_a_duration(tmp_path: Path) -> None:
    """``7d``, not ``7``."""
    found = ran("--config", configured(tmp_path), "--since", "soon")
    assert found.exit_code == 2
