"""What a daemon has kept, read from its SQLite file beside it, and the rules that it must obey."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]


def rows(data: Path, statement: str) -> list[Row]:
    with closing(sqlite3.connect(f"file:{data / 'driftvakt.db'}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA busy_timeout = 5000")
        return [dict(row) for row in database.execute(statement)]


def transitions(data: Path) -> list[Row]:
    """In the order in which they were told."""
    return rows(data, "SELECT * FROM transition ORDER BY number")


def outbox(data: Path) -> list[Row]:
    return rows(data, "SELECT * FROM outbox ORDER BY number")


def unsettled(data: Path) -> int:
    [row] = rows(data, "SELECT count(*) AS number FROM outbox WHERE settled_at IS NULL")
    return int(row["number"])


def logged(lines: Iterable[str], event: str = "transition") -> list[dict[str, Any]]:
    """Log lines of that event; one that was cut off by a kill is none."""
    found = []
    for line in lines:
        try:
            parsed = json.loads(line)
        except ValueError:
            continue
        if parsed.get("event") == event:
            found.append(parsed)
    return found


def sound(data: Path) -> None:
    """The file is whole, and each transition begins where its subject's last one ended."""
    assert [row["integrity_check"] for row in rows(data, "PRAGMA integrity_check")] == ["ok"]
    last: dict[tuple[str, str | None], Row] = {}
    for one in transitions(data):
        subject = one["environment"], one["service"]
        before = last.get(subject)
        assert one["before"] == (before["after"] if before else "unknown"), (before, one)
        assert (one["before"], one["was_planned"]) != (one["after"], one["planned"]), one
        last[subject] = one


def delivered(data: Path, taken: list[dict[str, Any]]) -> None:
    """All that was to be sent has arrived, each service's in order, or was folded into a newer one;
    only the same comes twice, and nobody is left with an alarm.
    """
    kept = outbox(data)
    left = [row for row in kept if row["settled_at"] is None or row["error"]]
    assert not left, left[:3]
    arrived: dict[str, dict[str, Any]] = {}
    for message in taken:
        first = arrived.setdefault(message["id"], message)
        # what was folded into it is forgotten when its sender is killed
        assert _plain(first) == _plain(message), "one id, two messages"
    assert arrived.keys() <= {row["id"] for row in kept}
    wanted, came = defaultdict(list), defaultdict(list)
    for row in kept:
        if row["id"] in arrived:
            wanted[row["subject"]].append(row["id"])
    for message in arrived.values():
        came[f"{message['environment']}/{message['service']}"].append(message["id"])
    assert came == wanted
    assert {arrived[ids[-1]]["kind"] for ids in came.values()} <= {"recovery"}
    known = {one["id"] for one in transitions(data)}
    assert {row["transition"] for row in kept if row["transition"]} <= known


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key not in ("folded", "message")}
