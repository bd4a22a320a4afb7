"""The journal: lines on the disk, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.history.journal import Journal, JournalFullError

LINES = [b"first", "bråk".encode(), b"", b'{"third": 3}']


def everything(journal: Journal) -> list[bytes]:
    found: list[bytes] = []
    while journal.length:
        lines, place = journal.read(8)
        found += lines
        journal.replayed(place)
    return found


def test_lines_come_back_in_order_in_another_process(tmp_path: Path) -> None:
    """And the file is gone when all of them were replayed."""
    path = tmp_path / "new" / "journal"
    journal = Journal(path)
    journal.append(LINES[:2])
    journal.append(LINES[2:])
    again = Journal(path)
    again.open()
    assert again.length == 4
    assert everything(again) == LINES
    assert not path.exists()
    again.append([b"more"])
    assert everything(again) == [b"more"]


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_line_that_was_not_written_to_its_end_is_cut_off(tmp_path: Path, cut: int) -> None:
    """What comes after it is written where it began."""
    path = tmp_path / "journal"
    Journal(path).append([b"first", b"the second line"])
    path.write_bytes(path.read_bytes()[:-cut])
    journal = Journal(path)
    journal.append([b"third"])
    assert everything(journal) == [b"first", b"third"]


def test_a_damaged_line_is_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    Journal(path).append([b"first", b"second", b"third"])
    path.write_bytes(path.read_bytes().replace(b"second", b"sec0nd"))
    journal = Journal(path)
    journal.open()
    assert everything(journal) == [b"first", b"third"]
    assert journal.broken
    assert journal.length == 0


def test_a_full_journal_takes_nothing_more(tmp_path: Path) -> None:
    """All lines of one call or none of them."""
    journal = Journal(tmp_path / "journal", most=40)
    journal.append([b"x" * 10])
    with pytest.raises(JournalFullError):
        journal.append([b"y", b"z" * 30])
    assert everything(journal) == [b"x" * 10]


def test_a_journal_that_was_removed_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.append([b"first"])
    path.unlink()
    journal.append([b"second"])
    assert everything(journal) == [b"second"]
