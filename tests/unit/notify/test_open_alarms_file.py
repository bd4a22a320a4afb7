"""The file of what receivers stand with: whole, small, and believed for a day."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from monitor.notify.message import read_message
from monitor.notify.open_alarms_file import NAME, OLDEST, OpenAlarmsFile
from tests.support.factories import NOW
from tests.support.outbox import make_message, make_outgoing

ALARMS = [make_outgoing(make_message(number, f"s{number}")) for number in range(3)]


async def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Every message as it was, for its owner and group alone; nothing open is something known."""
    file = OpenAlarmsFile(tmp_path)
    assert await file.read(NOW) is None
    await file.write(ALARMS, NOW)
    found = await file.read(NOW + OLDEST - 1)
    assert found is not None
    assert [read_message(one) for one in found] == [read_message(one) for one in ALARMS]
    assert [one.id for one in found] == [one.id for one in ALARMS]
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o640
    await file.write([], NOW)
    assert await file.read(NOW) == []


async def test_what_is_old_says_nothing(tmp_path: Path) -> None:
    """After a day somebody else may have told of what came since."""
    file = OpenAlarmsFile(tmp_path)
    await file.write(ALARMS, NOW)
    assert await file.read(NOW + OLDEST) is None


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"7", b"\xff", b'{"version":1}', b'{"version":1,"at":"x","open":[]}',
        b'{"version":1,"at":1e12,"open":[1]}', b'{"version":1,"at":1e12,"open":[{"id":"x"}]}',
        b"[" * 100_000,
    ],
)  # fmt: skip
async def test_what_cannot_be_read_says_so(tmp_path: Path, body: bytes) -> None:
    """One sentence, whatever is in it."""
    (tmp_path / NAME).write_bytes(body)
    with pytest.raises(ValueError, match="cannot be read"):
        await OpenAlarmsFile(tmp_path).read(NOW)


async def test_another_version_says_nothing(tmp_path: Path) -> None:
    """What a later program wrote is not guessed at."""
    (tmp_path / NAME).write_bytes(b'{"version":2,"at":1e12,"open":[]}')
    assert await OpenAlarmsFile(tmp_path).read(NOW) is None


async def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    """Its owner tells it, and goes on."""
    with pytest.raises(FileNotFoundError):
        await OpenAlarmsFile(tmp_path / "gone").write(ALARMS, NOW)
