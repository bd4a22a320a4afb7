"""An hour of observations in few bytes."""

from __future__ import annotations

import random
import zlib
from dataclasses import replace

import pytest

from monitor.history.codec import blocks
from monitor.history.codec.blocks import PackingError, columns, pack, unpack
from monitor.model.records import Seen
from probes.observation import Cause, Grade, Phases, Reason

HOUR = 1_795_438_800.0
GOOD = Seen(
    HOUR,
    0.125,
    Grade.GOOD,
    None,
    None,
    Phases(connect=0.025, processing=0.1),
    "192.0.2.10",
    200,
    "",
)


def ordinary(rows: int, seed: int) -> list[Seen]:
    """What an ``http`` check sees in an hour: everything jitters, nothing is wrong."""
    chance = random.Random(seed)
    found = []
    for number in range(rows):
        parts = [
            chance.lognormvariate(-6.9, 0.3),
            chance.lognormvariate(-5.0, 0.2),
            chance.lognormvariate(-4.0, 0.2),
            chance.lognormvariate(-3.0, 0.3),
            chance.lognormvariate(-8.0, 0.3),
        ]
        found.append(
            GOOD._replace(
                at=HOUR + 7.25 + 30 * number + abs(chance.gauss(0, 0.001)),
                duration=sum(parts) + abs(chance.gauss(0.0002, 0.00005)),
                phases=Phases(
                    resolve=parts[0],
                    connect=parts[1],
                    tls=parts[2],
                    processing=parts[3],
                    transfer=parts[4],
                ),
            )
        )
    return found


def test_an_ordinary_observation_takes_at_most_twelve_bytes() -> None:
    """With all its phases: 1,000 checks every 30 s are 20 million a week, and well under 1 GiB."""
    rows = [ordinary(120, seed) for seed in range(20)]
    assert sum(len(pack(hour)) for hour in rows) <= 12 * 20 * 120


def test_what_is_below_a_threshold_stays_below_it() -> None:
    """Durations are rounded down, so that no judgement changes by being kept."""
    below = GOOD._replace(duration=0.999_999_9, phases=Phases())
    at = GOOD._replace(duration=1.0, phases=Phases())
    assert [row.duration for row in unpack(pack([below, at]))] == [0.999_999, 1.0]


def test_an_outage_in_which_every_detail_is_another_is_kept_in_full() -> None:
    """More than 256 kinds of observation in one block."""
    rows = [
        GOOD._replace(
            at=HOUR + number,
            grade=Grade.FAILED,
            reason=Reason.BODY,
            cause=Cause.TARGET,
            detail=f"request {number} was refused",
            phases=Phases(),
        )
        for number in range(700)
    ]
    assert unpack(pack(rows)) == rows


def test_nothing_is_packed_too() -> None:
    """An hour without observations is a block that says so."""
    assert unpack(pack([])) == []
    assert len(columns(pack([]))) == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "there is nothing"),
        (b"\x02abc", "it is of another version"),
        (b"\x01abc", "it cannot be decompressed"),
        (pack([GOOD])[:-3], "it is cut short"),
        (b"\x01" + zlib.compress(b"\x01\x02[]"), "it has no kinds"),
        (b"\x01" + zlib.compress(b"\x01\x03[1]"), "its kinds are not understood"),
        (b"\x01" + zlib.compress(b"\xff"), "it ends within a number"),
        (b"\x01" + zlib.compress(b"\xff\xff\xff\xff\x7f"), "observations"),
        (b"\x01" + zlib.compress(b"\x00\x00"), "there is more than belongs to it"),
    ],
)
def test_a_block_that_is_not_one_says_why(data: bytes, said: str) -> None:
    """One error, with a clause for people."""
    with pytest.raises(PackingError, match=said):
        unpack(data)


def test_a_block_cannot_be_blown_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes that would decompress to more than any table are refused."""
    monkeypatch.setattr(blocks, "MAX_BYTES", 1000)
    with pytest.raises(PackingError, match="more than can be"):
        unpack(b"\x01" + zlib.compress(bytes(100_000)))


def test_a_reason_of_another_release_is_refused() -> None:
    """It must not be read as no reason."""
    other = zlib.decompress(pack([GOOD])[1:]).replace(b'"good",null', b'"good","to"')
    with pytest.raises(PackingError, match="its kinds are not understood"):
        unpack(b"\x01" + zlib.compress(other))


def test_parts_without_end_are_not_packed() -> None:
    """Parts of parts of parts: nothing makes them, and reading them could exhaust the stack."""
    row = GOOD
    for _ in range(10):
        row = row._replace(parts=(row,))
    with pytest.raises(ValueError, match="parts of parts"):
        pack([row])


def test_too_much_at_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be read again is not written."""
    monkeypatch.setattr(blocks, "MAX_ROWS", 2)
    with pytest.raises(ValueError, match="2 at most"):
        pack([GOOD] * 3)


@pytest.mark.parametrize("at", [float("inf"), float("nan"), 1e300])
def test_an_instant_that_is_none_is_refused(at: float) -> None:
    """By the one error that the history knows."""
    with pytest.raises(ValueError, match=r"."):
        pack([GOOD, GOOD._replace(at=at)])


def test_a_phase_that_is_longer_than_the_whole_is_kept() -> None:
    """Clocks are what they are."""
    row = GOOD._replace(phases=replace(GOOD.phases, processing=9.0))
    assert unpack(pack([row])) == [row]
