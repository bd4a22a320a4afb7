"""Values as rows and as lines of the journal."""

from __future__ import annotations

import json

import pytest

from monitor.history.rows import (
    OBSERVATION,
    from_line,
    of_entry,
    of_states,
    storable_text,
    to_line,
    without_evidence,
)
from monitor.history.tables import observation, outbox, transition
from tests.support.factories_record import make_entry


def test_a_line_of_the_journal_comes_back_as_it_was() -> None:
    """Bytes too; and it is one line."""
    every = of_entry(make_entry()) + of_states({"ext5/expo": b"\x00\xff\n"}, 1.5)
    line = to_line(every)
    assert b"\n" not in line
    assert from_line(line) == every


@pytest.mark.parametrize("line", [b"", b"{", b"[1]", b'[["a"]]', b'[["a", 3]]', b"\xff"])
def test_what_is_no_line_of_the_journal_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a line"):
        from_line(line)


def test_a_row_has_a_value_for_every_column() -> None:
    """But those that the database gives by itself."""
    rows = {one.name: one.row for one in of_entry(make_entry())}
    assert set(rows["transition"]) == {c.name for c in transition.columns} - {"number"}
    assert set(rows["outgoing"]) == {c.name for c in outbox.columns} - {"number"}


def test_an_observations_values_are_in_the_order_of_its_columns() -> None:
    """SQLite takes them by their places."""
    assert [column.name for column in observation.columns] == list(OBSERVATION)


def test_evidence_alone_can_be_left_out() -> None:
    names = [one.name for one in without_evidence(of_entry(make_entry()))]
    assert names == ["transition", "outgoing"]


@pytest.mark.parametrize(
    ("given", "kept"), [("bråk", "bråk"), ("a\0b", "a\\x00b"), ("\ud800", "\\ud800"), ("\n", "\n")]
)
def test_text_is_what_every_database_takes(given: str, kept: str) -> None:
    assert storable_text(given) == kept
    json.dumps(kept).encode("utf-8")
