"""Answers that are no HTTP, contradict themselves, or hold bytes that are no text."""

from __future__ import annotations

from probes.net.context import ProbeContext
from probes.observation import Reason
from tests.support.hostile.harness import Attack, suffer
from tests.support.servers.hostile.framing import SCRIPTS
from tests.support.servers.hostile.process import HostileServers
from tests.support.turns import Gauge

REASONS: dict[str, Reason | None] = {
    "length: too long, and open": Reason.TIMEOUT,
    "chunk: 64 bits": Reason.TIMEOUT,
    "garbage: cut in the status line": Reason.RESET,
    "garbage: cut in the headers": Reason.RESET,
    "garbage: status 999": Reason.STATUS,
    "bytes: not UTF-8 in Location": Reason.REDIRECTS,
    "bytes: line end in Location": Reason.REDIRECTS,
    # odd, and still answers that say all that was asked
    "bytes: NUL in the reason": None,
    "bytes: not UTF-8 in the reason": None,
    "bytes: not UTF-8 in a value": None,
    "bytes: a terminal's escapes in a value": None,
    "bytes: every byte in the body": None,
    "bytes: a slow codec as charset": None,
    "bytes: a codec of Python's as charset": None,
    "bytes: a date of 8,000 digits": None,
    "garbage: status alone": None,
    "garbage: no headers": None,
    "early: before the request": None,
    # what curl and Go take, we take
    "length: too short": None,
    "length: twice the same": None,
    "length: a list of equals": None,
    "length: and chunked": None,
    "length: with 204": None,
    "length: with 304": Reason.STATUS,
    "bytes: not UTF-8 in a name": None,
    "bytes: a lone CR in a value": None,
    "late: bytes after the answer": None,
    "late: a second answer": None,
}


async def test_each_broken_answer_has_its_reason(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """What cannot be an answer is ``protocol``; what merely looks odd does no harm."""
    attacks = [Attack(server=name, reason=REASONS.get(name, Reason.PROTOCOL)) for name in SCRIPTS]
    assert await suffer(gauge, context, attackers, attacks) == []


async def test_every_byte_may_be_judged(
    context: ProbeContext, attackers: HostileServers, gauge: Gauge
) -> None:
    """Expectations meet bytes that are no text, and a charset that must not be believed."""
    matches = {"expect": {"body_matches": ["^never this$"]}}
    header = {"expect": {"headers": {"X": "^never this$"}}}
    fresh = {"expect": {"last_modified_within": "1h"}}
    attacks = [
        *(
            Attack(server=f"bytes: {name}", reason=Reason.BODY, settings=matches)
            for name in (
                "every byte in the body",
                "a slow codec as charset",
                "a codec of Python's as charset",
                "NUL in the reason",
            )
        ),
        Attack(server="bytes: not UTF-8 in a value", reason=Reason.HEADER, settings=header),
        Attack(
            server="bytes: a terminal's escapes in a value",
            reason=Reason.HEADER,
            settings=header,
        ),
        Attack(server="bytes: a date of 8,000 digits", reason=Reason.STALE, settings=fresh),
    ]
    assert await suffer(gauge, context, attackers, attacks) == []
