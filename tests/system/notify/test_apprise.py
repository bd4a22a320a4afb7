"""Kind ``apprise`` with a real mail server."""

from __future__ import annotations

import asyncio
import email
import email.policy
import io
import logging
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

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
    assert mailbox.texts() == [
        ("RÖD: Receptexpedition (S0), EXT5: inte tillgänglig", "Tjänsten svarar inte.")
    ]


async def test_a_mail_says_where_more_is(mailbox: Mailbox) -> None:
    """The service's page; of a flood the environment on the front page."""
    mail = make_receiver("mail", "apprise", url=mailbox.url(), group_wait=0.05, flood=5)
    public = "https://drift.example.se/"
    async with delivering(make_watched(mail, services=10, public_url=public)) as world:
        world.tell(make_transition())
        await world.all_done()
        for n in range(10):
            world.tell(make_transition(service=f"s{n}", at=NOW + 1 + n / 100))
        await world.all_done()
    alone, flood = (text for _, text in mailbox.texts())
    assert alone.endswith(f"\r\n\r\nMore: {public}s/ext5/s0")
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


async def test_mails_of_one_service_are_a_thread(mailbox: Mailbox) -> None:
    """The alarm and the all-clear refer to the same message; another service's mail to another."""
    mail = make_receiver("mail", "apprise", url=mailbox.url())
    async with delivering(make_watched(mail, services=2)) as world:
        world.tell(make_transition())
        await world.all_done()
        world.tell(make_transition("red", "green", at=NOW + 60))
        await world.all_done()
        world.tell(make_transition(service="s1", at=NOW + 90))
        await world.all_done()
    alarm, clear, other = (str(one["References"]) for one in mailbox.mails)
    assert alarm == clear == "<ext5.s0@driftvakt.invalid>"
    assert other == "<ext5.s1@driftvakt.invalid>"
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
