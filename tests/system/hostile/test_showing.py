"""What a server sends reaches a label, a log, a page or a terminal only escaped and cut."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.net.context import ProbeContext
from probes.observation import (
    TEXT_LIMIT,
    Cause,
    Certificate,
    DnsFacts,
    Grade,
    Observation,
    Reason,
    clean,
)
from tests.support.factories import make_certificate, make_http, make_observation, make_tls
from tests.support.hostile.harness import Attack, ask_attacker
from tests.support.hostile.showing import CONTROLS, log_lines, show
from tests.support.servers.hostile.framing import SCRIPTS
from tests.support.servers.hostile.process import HostileServers

BAITS = (
    "\x1b]0;owned\x07\x1b[2J\x1b[31m",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    'a"} 1\nprobe_success{x="y',
    "\u202eelbisivni\u2066",
    "[bold red]markup[/] [link=file:///etc/passwd]x[/link]",
    "{{7*7}} ${HOME} %s %n {0} %(x)s",
    "line\r\nline\u2028line\u2029line\x85line",
    "\0\ud800\udfff",
    "a" * 100_000,
    "\N{COMBINING ACUTE ACCENT}" * 500,
    "\\x1b\\",
)
TEXTS = st.one_of(
    st.sampled_from(BAITS),
    st.text(st.characters(categories=None), max_size=300),
    st.lists(st.sampled_from(BAITS[:9]), min_size=2, max_size=4).map("".join),
)


def certificate(text: str) -> Certificate:
    """As ``probes/net/x509.py`` makes them of a server's text."""
    shown = clean(text)
    return make_certificate(subject=shown, issuer=shown, names=(shown, shown))


def observation(text: str) -> Observation:
    """A failure that shows the text wherever a probe shows one."""
    shown = clean(text)
    return make_observation(
        grade=Grade.FAILED,
        reason=Reason.HEADER,
        cause=Cause.TARGET,
        detail=clean(f'X is "{shown}", expected a match of "y"'),
        http=make_http(status=999),
        tls=make_tls(chain=(certificate(text), certificate(text)), cipher=shown),
        dns=DnsFacts(rcode="NOERROR", answers=(shown,)),
    )


@given(text=TEXTS)
def test_text_is_made_clean(text: str) -> None:
    """Printable, on one line, cut, and clean when it is made clean again."""
    shown = clean(text)
    assert shown.isprintable()
    assert not CONTROLS.search(shown)
    # what was cut shows that it was; escapes may be longer than what they stand for
    assert len(shown) <= TEXT_LIMIT
    assert len(clean(text, 60)) <= 60
    assert clean(shown) == shown
    shown.encode("utf-8")


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(texts=st.lists(TEXTS, min_size=1, max_size=3))
async def test_hostile_text_is_shown_everywhere_and_does_no_harm(texts: list[str]) -> None:
    """Metrics that parse, a status.json that is valid, a page without a foreign element, tables
    without a control character, and a line a log event.
    """
    seen = [observation(text) for text in texts]
    await show(seen)
    for log_format in ("json", "text"):
        lines = log_lines(seen, log_format)
        assert len(lines) == len(seen)
        for line in lines:
            assert not CONTROLS.search(line.replace("\x1b[0m", "")), line


async def test_each_bait_is_shown_and_does_no_harm() -> None:
    """All of the baits in one picture."""
    await show([observation(bait) for bait in BAITS])


async def test_what_real_servers_send_is_shown_and_does_no_harm(
    context: ProbeContext, attackers: HostileServers
) -> None:
    """From the wire to the page: headers, bodies, redirects and certificates of real servers."""
    header = {"expect": {"headers": {"X": "^never this$"}}}
    body = {"expect": {"body_matches": ["^never this$"]}}
    attacks = [
        Attack(server="bytes: a terminal's escapes in a value", reason=None, settings=header),
        Attack(server="bytes: not UTF-8 in a value", reason=None, settings=header),
        Attack(server="bytes: every byte in the body", reason=None, settings=body),
        Attack(server="tls hostile names", reason=None),
        Attack(server="tls hostile subject", reason=None, settings=body),
        *(
            Attack(server=name, reason=None)
            for name in SCRIPTS
            if name.startswith(("bytes: ", "garbage: ", "chunk: no"))
        ),
    ]
    seen = [await ask_attacker(context, attackers, attack) for attack in attacks]
    assert any("\\x1b" in one.detail for one in seen)
    await show(seen)
    names = seen[3].tls
    assert names is not None
    await show([replace(seen[3], grade=Grade.FAILED, reason=Reason.EXPIRY, cause=Cause.TARGET)])
    assert len(log_lines(seen, "json")) == len(seen)
