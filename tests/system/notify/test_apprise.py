"""Kind ``apprise`` with a real mail server."""

from __future__ import annotations

import asyncio
import email
import email.policy
import io
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from monitor.model.text import Text
from monitor.notify.apprise import Apprise
from monitor.notify.sender import SendFailed
from tests.support.factories import NOW
from tests.support.notify.delivering import delivering
from tests.support.outbox import make_message, make_receiver, make_transition, make_watched
from tests.support.servers.raw_server import serve_raw


class Mailbox:
    """What came, and how the server answers."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.receivers: list[list[str]] = []
        self.answers: list[str] = []
        self.port = 0

    async def handle_DATA(self, _server: Any, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            mail = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.receivers.append(list(envelope.rcpt_tos))
        return answer

    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}/?from=vakt@example.se&to=jour@example.se"

    def texts(self) -> list[tuple[str, str]]:
        found = []
        for mail in self.mails:
            body = mail.get_body(("plain",))
            assert body is not None
            found.append((str(mail["Subject"]), body.get_content().strip()))
        return found


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    made = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(made, hostname="mail.example.se", loop=loop), "127.0.0.1", 0
    )
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await server.wait_closed()


async def test_a_mail_in_the_configured_language(mailbox: Mailbox, tmp_path: Path) -> None:
    """Plain text; the subject says the colour, the service and the environment."""
    (tmp_path / "url").write_text(mailbox.url())
    mail = make_receiver("mail", "apprise", url=None, url_file=tmp_path / "url")
    async with delivering(make_watched(mail, language="sv")) as world:
        world.tell(make_transition())
        await world.all_done()
    [(subject, text)] = mailbox.texts()
    assert subject == "RÖD: Receptexpedition (S0), EXT5: inte tillgänglig"
    assert text.startswith("Tjänsten svarar inte.\r\n\r\nSedan: ")


async def test_a_mail_says_all_in_order_in_both_parts(mailbox: Mailbox) -> None:
    """What, since when, how bad, planned, what to do, evidence, where more is; nothing is markup."""
    mail = make_receiver("mail", "apprise", url=mailbox.url(), planned=True)
    watched = make_watched(mail, public_url="https://drift.example.se/", language="sv")
    [environment] = watched.environments
    helped = replace(environment.services[0], help=Text(sv="Ring <jouren> & vänta.", en=""))
    watched = replace(watched, environments=(replace(environment, services=(helped,)),))
    observed = Text(sv="Orsak: HTTP-fel\nIakttagelse: <script>x</script>", en="")
    one = make_transition(planned=True, window="byte-1")
    async with delivering(watched) as world:
        world.tell(one, observed)
        await world.all_done()
    [mailed] = mailbox.mails
    assert mailed.get_content_type() == "multipart/alternative"
    plain, marked = (mailed.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert marked is not None
    link = f"https://drift.example.se/s/ext5/s0?event={one.id}#event-{one.id}"
    assert plain.get_content().splitlines() == [
        "Tjänsten svarar inte.",
        "",
        "Sedan: måndag 23 november 2026 kl. 14.02",
        "Status: röd, inte tillgänglig (tidigare grön)",
        "Planerat: ja, servicefönster byte-1",
        "",
        "Vad du kan göra: Ring <jouren> & vänta.",
        "",
        "Underlag:",
        "Orsak: HTTP-fel",
        "Iakttagelse: <script>x</script>",
        "",
        f"Mer: {link}",
    ]
    html = lxml.html.fromstring(marked.get_content().replace("<br>", "<br>\n"))
    assert html.get("lang") == "sv"
    said = [
        line.strip() for line in "".join(map(str, html.itertext())).splitlines() if line.strip()
    ]
    assert said == [line for line in plain.get_content().splitlines() if line]
    assert [a.get("href") for a in html.iter("a")] == [link]
    assert {element.tag for element in html.iter()} == {"div", "p", "br", "a"}


async def test_no_title_adds_a_header(mailbox: Mailbox) -> None:
    """Line breaks of a title are spaces in the subject; whoever it names gets nothing."""
    mail = make_receiver("mail", "apprise", url=mailbox.url())
    watched = make_watched(mail)
    [environment] = watched.environments
    evil = Text(sv="", en="Dispensing\r\nBcc: evil@example.se\r\n\r\nHi")
    titled = replace(environment.services[0], title=evil)
    watched = replace(watched, environments=(replace(environment, services=(titled,)),))
    async with delivering(watched) as world:
        world.tell(make_transition())
        await world.all_done()
    [mailed] = mailbox.mails
    assert mailed["Bcc"] is None
    assert mailed["Subject"] == "RED: Dispensing Bcc: evil@example.se Hi, EXT5: not available"
    assert mailbox.receivers == [["jour@example.se"]]


async def test_a_mail_says_where_more_is(mailbox: Mailbox) -> None:
    """The incident; of a flood the environment on the front page."""
    mail = make_receiver("mail", "apprise", url=mailbox.url(), group_wait=0.05, flood=5)
    public = "https://drift.example.se/"
    async with delivering(make_watched(mail, services=10, public_url=public)) as world:
        first = make_transition()
        world.tell(first)
        await world.all_done()
        for n in range(10):
            world.tell(make_transition(service=f"s{n}", at=NOW + 1 + n / 100))
        await world.all_done()
    alone, flood = (text for _, text in mailbox.texts())
    incident = f"{public}s/ext5/s0?event={first.id}#event-{first.id}"
    assert alone.endswith(f"\r\n\r\nMore: {incident}")
    assert flood.endswith(f"\r\n\r\nMore: {public}?env=ext5")


async def test_what_is_better_but_not_good_is_said_to_be_so(mailbox: Mailbox) -> None:
    """Red to yellow is an improvement; the subject says it."""
    mail = make_receiver("mail", "apprise", url=mailbox.url())
    async with delivering(make_watched(mail)) as world:
        world.tell(make_transition())
        world.tell(make_transition("red", "yellow", at=NOW + 60))
        await world.all_done()
    alarm, better = (subject for subject, _ in mailbox.texts())
    assert "improved" not in alarm
    assert better.endswith("(improved)")


async def test_mails_of_one_incident_are_a_thread(mailbox: Mailbox) -> None:
    """Alarm, worsening and all-clear refer to the same message; the next incident's to another."""
    mail = make_receiver("mail", "apprise", url=mailbox.url())
    first, again = make_transition("green", "yellow"), make_transition(at=NOW + 90)
    worse = make_transition("yellow", "red", at=NOW + 30)
    async with delivering(make_watched(mail)) as world:
        for one in (first, worse, make_transition("red", "green", at=NOW + 60), again):
            world.tell(one)
            await world.all_done()
    alarm, worsening, clear, other = (str(one["References"]) for one in mailbox.mails)
    assert alarm == worsening == clear == f"<{first.id}@driftvakt.invalid>"
    assert other == f"<{again.id}@driftvakt.invalid>"
    assert all(str(one["In-Reply-To"]) == str(one["References"]) for one in mailbox.mails)


async def test_a_mail_server_that_is_busy_gets_everything_in_order(mailbox: Mailbox) -> None:
    """The alarm is tried until it is taken, the all-clear comes after it."""
    mailbox.answers = ["451 later", "451 later"]
    mail = make_receiver("mail", "apprise", url=mailbox.url())
    async with delivering(make_watched(mail)) as world:
        world.tell(make_transition())
        world.tell(make_transition("red", "green", at=NOW + 60))
        await world.all_done()
    assert [subject for subject, _ in mailbox.texts()] == [
        "RED: Dispensing (S0), EXT5: not available",
        "GREEN: Dispensing (S0), EXT5: in full operation",
    ]
    assert world.counted.outcomes["mail", "failed"] == 2


async def test_a_flood_is_one_mail_that_names_the_environment(mailbox: Mailbox) -> None:
    """Two hundred services, one mail with the first twenty names."""
    mail = make_receiver("mail", "apprise", url=mailbox.url(), group_wait=0.05, flood=5)
    async with delivering(make_watched(mail, services=200)) as world:
        for n in range(200):
            world.tell(make_transition(service=f"s{n}", at=NOW + n / 100))
        await world.all_done()
    [(subject, body)] = mailbox.texts()
    assert subject == "EXT5: 200 services, 200 red"
    assert "In the test environment EXT5, 200 services have changed status" in body
    assert "and 180 more" in " ".join(body.split())


async def test_a_server_that_hangs_costs_no_more_than_its_time() -> None:
    """The attempt ends; the next does not pile up behind the thread that hangs."""
    done = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await done.wait()

    async with serve_raw(silent) as server:
        url = f"mailto://user:hemligt-ord@127.0.0.1:{server.port}/?from=a@example.se"
        receiver = make_receiver("mail", "apprise", url=url)
        sender = Apprise(receiver, make_watched(receiver), timeout=0.2)
        with pytest.raises(SendFailed, match="no answer within"):
            await sender.send([make_message()])
        with pytest.raises(SendFailed, match="still hangs"):
            await sender.send([make_message()])
        done.set()
        await sender.close()


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("nosuch://user:hemligt-ord@example.se", r"Apprise cannot use this address \(nosuch\)"),
        ("hemligt-ord", r"Apprise cannot use this address \(no scheme\)"),
        ("mailto://user:hemligt-ord@127.0.0.1:{closed}/?from=a@example.se",
         r"Apprise could not send \(mailto\)"),
    ],
)  # fmt: skip
async def test_no_failure_tells_the_secrets_of_an_address(
    url: str,
    detail: str,
    closed_port: tuple[str, int],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither the detail nor the library's own log, as a program's log has it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    receiver = make_receiver("mail", "apprise", url=url.format(closed=closed_port[1]))
    sender = Apprise(receiver, make_watched(receiver))
    try:
        with pytest.raises(SendFailed, match=detail) as caught:
            await sender.send([make_message()])
    finally:
        await sender.close()
        root.removeHandler(handler)
        root.setLevel(level)
    printed = capfd.readouterr()
    log = written.getvalue()
    for text in (str(caught.value), repr(receiver), log, printed.out, printed.err):
        assert "hemligt-ord" not in text
