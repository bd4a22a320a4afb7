"""Kind ``webhook`` against a real server: signature, order, at least once, whatever it does."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from monitor.notify.backoff import Pace
from monitor.notify.delivery import Deliverer
from monitor.notify.factory import make_sender
from monitor.notify.http_post import Poster, open_post_session
from monitor.notify.sender import SendFailed
from tests.support.factories import NOW
from tests.support.notify.delivering import delivering, until
from tests.support.outbox import (
    Counted,
    MemoryOutbox,
    make_message,
    make_outgoing,
    make_receiver,
    make_transition,
    make_watched,
)
from tests.support.servers.http_server import Arrival, HttpServer

SECRET = "hemlig-nyckel"


def document(arrival: Arrival) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(arrival.body)
    return found


async def test_a_message_says_where_people_read_on(http_server: HttpServer) -> None:
    """Each its incident, a flood the environment on the page; nothing where no address is known."""
    http_server.answer("/", status=204, body=b"")
    public = "https://drift.example.se/"
    hook = make_receiver(url=http_server.url(), group_wait=0.05, flood=5)
    async with delivering(make_watched(hook, services=10, public_url=public)) as world:
        first = make_transition()
        world.tell(first)
        await world.all_done()
        for n in range(10):
            world.tell(make_transition(service=f"s{n}", at=NOW + 1 + n / 100))
        await world.all_done()
    async with delivering(make_watched(make_receiver(url=http_server.url()))) as world:
        world.tell(make_transition())
        await world.all_done()
    alone, flood, nowhere = map(document, http_server.arrivals)
    assert alone["url"] == f"{public}s/ext5/s0?event={first.id}#event-{first.id}"
    assert flood["url"] == f"{public}?env=ext5"
    assert [one["url"] for one in flood["messages"]] == [
        f"{public}s/ext5/{one['service']}?event={one['transition']}#event-{one['transition']}"
        for one in flood["messages"]
    ]
    assert nowhere["url"] is None


async def test_what_is_posted_is_signed_and_says_all(
    http_server: HttpServer, tmp_path: Path
) -> None:
    """The address and the secret are read from files; the signature covers time and body."""
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / "url").write_text(http_server.url("/hook?token=t-1\n"))
    http_server.answer("/hook", status=204, body=b"")
    hook = make_receiver(
        url=None, url_file=tmp_path / "url", secret_file=tmp_path / "secret",
        headers={"X-Team": "drift"},
    )  # fmt: skip
    async with delivering(make_watched(hook)) as world:
        [ident] = world.tell(make_transition())
        await world.all_done()
    [arrival] = http_server.arrivals
    assert (arrival.method, arrival.path) == ("POST", "/hook?token=t-1")
    headers = arrival.headers
    signed = headers["X-Driftvakt-Timestamp"].encode() + b"." + arrival.body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Driftvakt-Signature"] == f"sha256={expected}"
    assert headers["X-Driftvakt-Timestamp"] == str(int(NOW))
    assert (headers["Idempotency-Key"], headers["X-Team"]) == (ident, "drift")
    assert headers["User-Agent"] == "driftvakt"
    assert headers["Content-Type"] == "application/json"
    assert document(arrival) == {
        "version": 1,
        "id": ident,
        "kind": "alarm",
        "transition": make_transition().id,
        "at": "2026-11-23T13:02:11.120Z",
        "since": "2026-11-23T13:02:00.120Z",
        "began": None,
        "environment": "ext5",
        "service": "s0",
        "titles": {
            "environment": {"sv": "EXT5", "en": "EXT5"},
            "service": {"sv": "Receptexpedition (S0)", "en": "Dispensing (S0)"},
        },
        "from": "green",
        "to": "red",
        "planned": False,
        "window": None,
        "check": "api",
        "reason": "connect_refused",
        "cause": "target",
        "message": {"sv": "Tjänsten svarar inte.", "en": "The service does not answer."},
        "alarm": "red",
        "alarmed_at": "2026-11-23T13:02:11.120Z",
        "observed": None,
        "incident": make_transition().id,
        "folded": 0,
        "url": None,
    }


async def test_a_receiver_that_fails_gets_everything_in_order(http_server: HttpServer) -> None:
    """500, a reset and 503 first: the same key each time, and the next message only then."""
    seen: list[tuple[str, str]] = []

    async def moody(request: web.BaseRequest) -> web.StreamResponse:
        number = len(seen)
        seen.append((request.headers["Idempotency-Key"], json.loads(await request.read())["to"]))
        if number == 1 and request.transport is not None:
            request.transport.abort()
        return web.Response(status=(500, 500, 503)[number] if number < 3 else 200)

    http_server.handlers["/"] = moody
    async with delivering(make_watched(make_receiver(url=http_server.url()))) as world:
        alarm = world.tell(make_transition())
        recovery = world.tell(make_transition("red", "green", at=NOW + 60))
        await world.all_done()
    assert seen == [(alarm[0], "red")] * 4 + [(recovery[0], "green")]
    assert world.counted.outcomes == {("hook", "failed"): 3, ("hook", "delivered"): 2}
    assert [attempts for _, attempts, _ in world.outbox.attempts] == [1, 2, 3]


async def test_one_that_hangs_holds_up_no_other(http_server: HttpServer) -> None:
    """The other receiver is told meanwhile, and leaving does not wait for the one that hangs."""
    http_server.answer("/hangs", delay=60.0)
    http_server.answer("/works")
    receivers = (
        make_receiver(url=http_server.url("/hangs")),
        make_receiver("good", url=http_server.url("/works")),
    )
    async with delivering(make_watched(*receivers)) as world:
        _, good = world.tell(make_transition())
        await until(lambda: good in world.outbox.done)
    assert list(world.outbox.done) == [good]
    assert [one.notification for one in await world.outbox.pending(0.0)] == ["hook"]


async def test_an_attempt_has_a_total_deadline(http_server: HttpServer) -> None:
    """A server that is silent does not keep us."""
    http_server.answer("/", delay=30.0)
    async with open_post_session("driftvakt") as session:
        sender = make_sender(
            make_receiver(url=http_server.url()), make_watched(), session,
            Poster(session, timeout=0.2),
        )  # fmt: skip
        with pytest.raises(SendFailed, match=r"no answer within 0\.2 s"):
            await sender.send([make_message()])


async def test_half_a_refusal_is_its_status(http_server: HttpServer) -> None:
    """Words that do not come to an end are left out: half a secret could not be masked."""
    http_server.answer("/", status=500, body=b"x" * 100, pause=30.0)
    async with open_post_session("driftvakt") as session:
        sender = make_sender(make_receiver(url=http_server.url()), make_watched(), session)
        with pytest.raises(SendFailed, match=r"^HTTP 500$"):
            await sender.send([make_message()])


@pytest.mark.parametrize(
    ("status", "headers", "refused", "retry_after", "detail"),
    [
        (401, {}, True, None, "HTTP 401: who are you"),
        (429, {"Retry-After": "90"}, False, 90.0, "HTTP 429: who are you"),
        (503, {"Retry-After": "7"}, False, 7.0, "HTTP 503: who are you"),
        (302, {"Location": "/else"}, True, None, "HTTP 302: redirects are not followed"),
    ],
)
async def test_how_a_refusal_is_read(
    http_server: HttpServer,
    status: int,
    headers: dict[str, str],
    refused: bool,
    retry_after: float | None,
    detail: str,
) -> None:
    """A redirect is followed nowhere: the address is the operator's to mend."""
    http_server.answer("/", status=status, headers=headers, body=b"who are you")
    async with open_post_session("driftvakt") as session:
        sender = make_sender(make_receiver(url=http_server.url()), make_watched(), session)
        with pytest.raises(SendFailed) as caught:
            await sender.send([make_message()])
    failed = caught.value
    assert (failed.detail, failed.refused, failed.retry_after) == (detail, refused, retry_after)
    assert len(http_server.arrivals) == 1


async def test_a_flood_is_one_post_that_lists_all(http_server: HttpServer) -> None:
    """A program finds every message in it; a person the names, the numbers and the reasons."""
    http_server.answer("/")
    hook = make_receiver(url=http_server.url(), group_wait=0.05, flood=5)
    async with delivering(make_watched(hook, services=200)) as world:
        for n in range(200):
            world.tell(make_transition(service=f"s{n}", at=NOW + n / 100))
        await world.all_done()
    [arrival] = http_server.arrivals
    found = document(arrival)
    assert (found["kind"], found["of"], found["environment"]) == ("group", "alarm", "ext5")
    assert (found["number"], found["statuses"]) == (200, {"red": 200})
    assert [one["service"] for one in found["messages"]] == [f"s{n}" for n in range(200)]
    assert arrival.headers["Idempotency-Key"] == found["id"]
    assert found["subject"]["sv"] == "EXT5: 200 tjänster, 200 röda"
    said = found["message"]["en"]
    assert "200 services have changed status" in said
    assert "Dispensing (S19) and 180 more" in said
    assert "the connection was refused (200)" in said


async def test_a_restart_loses_nothing_and_invents_nothing(http_server: HttpServer) -> None:
    """Pending from the first process is sent by the second, and the all-clear finds its alarm."""
    outbox = MemoryOutbox()
    watched = make_watched(make_receiver(url=http_server.url()))
    async with delivering(watched, outbox) as first:
        first.tell(make_transition())
        await until(lambda: http_server.arrivals)
    assert outbox.done == {}  # there is nothing at that address
    http_server.answer("/")
    async with delivering(watched, outbox) as second:
        second.tell(make_transition("red", "green", at=NOW + 60))
        await second.all_done()
    assert [document(one)["to"] for one in http_server.arrivals[-2:]] == ["red", "green"]


async def test_a_secret_that_cannot_be_read_yet_is_read_when_it_can(
    http_server: HttpServer, tmp_path: Path
) -> None:
    """The detail names the file; the next attempt looks again."""
    http_server.answer("/")
    hook = make_receiver(url=http_server.url(), secret_file=tmp_path / "secret")
    async with open_post_session("driftvakt") as session:
        sender = make_sender(hook, make_watched(), session)
        with pytest.raises(SendFailed, match="secret cannot be read: No such file"):
            await sender.send([make_message()])
        (tmp_path / "secret").write_text(SECRET)
        await sender.send([make_message()])
    assert "X-Driftvakt-Signature" in http_server.arrivals[0].headers


async def test_a_reload_reads_the_secret_again(http_server: HttpServer, tmp_path: Path) -> None:
    """A changed secret signs what comes after the reload."""
    http_server.answer("/")
    (tmp_path / "secret").write_text("one")
    watched = make_watched(make_receiver(url=http_server.url(), secret_file=tmp_path / "secret"))
    outbox = MemoryOutbox()
    async with Deliverer(watched, outbox, Counted(), pace=Pace(clock=lambda: NOW)) as deliverer:
        for n, secret in enumerate(("two", "three")):
            deliverer.take([make_outgoing(make_message(n))])
            await until(lambda n=n: len(outbox.done) == n + 1)  # type: ignore[misc]
            (tmp_path / "secret").write_text(secret)
            await deliverer.reload(watched)
        await asyncio.sleep(0)
    signed = [
        arrival.headers["X-Driftvakt-Timestamp"].encode() + b"." + arrival.body
        for arrival in http_server.arrivals
    ]
    assert [one.headers["X-Driftvakt-Signature"] for one in http_server.arrivals] == [
        "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        for secret, body in zip((b"one", b"two"), signed, strict=True)
    ]
