"""Kind ``http``: what is sent, to whom, for how long, and that nothing is kept."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Reason
from tests.support.probes.asking import Names, ask_http, lasted
from tests.support.servers.ca import Authority
from tests.support.servers.http_server import HttpServer, serve_http
from tests.support.servers.raw_server import drip, say, serve_raw, silence


async def test_nothing_passes_from_one_probe_to_the_next(
    context: ProbeContext, authority: Authority, https_server: HttpServer
) -> None:
    """No cookie, no kept connection and no TLS session: each probe is a new client."""
    https_server.answer(headers={"Set-Cookie": "session=1; Path=/", "Connection": "keep-alive"})
    for _ in range(3):
        seen = await ask_http(context, https_server.url(), tls={"ca_file": authority.ca_file})
        assert seen.grade is Grade.GOOD
    arrivals = https_server.arrivals
    assert len({arrival.peer for arrival in arrivals}) == 3
    assert all("Cookie" not in arrival.headers for arrival in arrivals)
    assert [arrival.session_reused for arrival in arrivals] == [False, False, False]


async def test_the_name_is_looked_up_each_time(http_server: HttpServer) -> None:
    """A name that moves is followed at once."""
    http_server.answer()
    names = Names(expo_test=("127.0.0.1",))
    async with ProbeContext(resolver=names) as context:
        for _ in range(2):
            assert (await ask_http(context, http_server.url(host="expo.test"))).grade is Grade.GOOD
    assert names.asked == ["expo.test", "expo.test"]


async def test_the_request_is_as_configured(http_server: HttpServer, tmp_path: Path) -> None:
    """Method, headers, body and credentials arrive; the user agent is ours."""
    http_server.answer("/submit")
    password = tmp_path / "password"
    password.write_text("s3cret\n")
    async with ProbeContext(user_agent="driftvakt/1 (+contact)") as context:
        seen = await ask_http(
            context,
            http_server.url("/submit?a=1&b=%C3%A5"),
            method="POST",
            headers={"Accept": "application/fhir+json"},
            body="åäö",
            basic_auth={"username": "u", "password_file": password},
        )
    assert seen.grade is Grade.GOOD
    (arrival,) = http_server.arrivals
    assert (arrival.method, arrival.path) == ("POST", "/submit?a=1&b=%C3%A5")
    assert arrival.body == "åäö".encode()
    assert arrival.headers["Accept"] == "application/fhir+json"
    assert arrival.headers["User-Agent"] == "driftvakt/1 (+contact)"
    assert arrival.headers["Authorization"] == "Basic dTpzM2NyZXQ="


async def test_a_missing_secret_is_ours_and_is_not_sent(
    context: ProbeContext, http_server: HttpServer, tmp_path: Path
) -> None:
    """Without its token file a probe says nothing of the target."""
    http_server.answer()
    seen = await ask_http(context, http_server.url(), bearer_token_file=tmp_path / "token")
    assert (seen.reason, seen.cause) == (Reason.INTERNAL, Cause.MONITOR)
    assert http_server.arrivals == []


async def test_a_pinned_address_keeps_the_name(authority: Authority) -> None:
    """``address`` connects there; Host and SNI stay the name's."""
    async with serve_http(tls=authority.server_context(authority.issue("expo.test"))) as server:
        server.answer()
        async with ProbeContext(resolver=Names()) as context:
            seen = await ask_http(
                context,
                server.url(host="expo.test"),
                address="127.0.0.1",
                tls={"ca_file": authority.ca_file},
            )
        assert (seen.grade, seen.address) == (Grade.GOOD, "127.0.0.1")
        assert server.arrivals[0].headers["Host"] == f"expo.test:{server.port}"


SECRETS = {"Authorization": "Bearer s3cret", "X-Api-Key": "s3cret", "Accept": "text/plain"}


@pytest.mark.parametrize("elsewhere", ["another host", "another port"])
async def test_credentials_do_not_follow_a_redirect_elsewhere(elsewhere: str) -> None:
    """Only what is harmless goes to another host or port."""
    async with serve_http() as first, serve_http() as second:
        host = "other.test" if elsewhere == "another host" else "expo.test"
        first.answer(status=302, headers={"Location": second.url("/there", host=host)})
        second.answer("/there")
        names = Names(expo_test=("127.0.0.1",), other_test=("127.0.0.1",))
        async with ProbeContext(resolver=names) as context:
            seen = await ask_http(context, first.url(host="expo.test"), headers=SECRETS)
        assert seen.grade is Grade.GOOD
        assert seen.http is not None
        assert seen.http.redirects == 1
        assert first.arrivals[0].headers["Authorization"] == "Bearer s3cret"
        arrived = second.arrivals[0].headers
        assert "Authorization" not in arrived
        assert "X-Api-Key" not in arrived
        assert arrived["Accept"] == "text/plain"


async def test_credentials_stay_within_the_origin(
    context: ProbeContext, http_server: HttpServer
) -> None:
    """A redirect to another path of the same origin keeps them, over a new connection."""
    http_server.answer(status=307, headers={"Location": "/next"})
    http_server.answer("/next")
    seen = await ask_http(context, http_server.url(), method="POST", body="b", headers=SECRETS)
    assert seen.grade is Grade.GOOD
    first, second = http_server.arrivals
    assert second.headers["X-Api-Key"] == "s3cret"
    assert (second.method, second.body) == ("POST", b"b")
    assert first.peer != second.peer


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (307, "POST", "POST"),
        (308, "PUT", "PUT"),
        (302, "HEAD", "HEAD"),
    ],
)
async def test_the_method_after_a_redirect(
    context: ProbeContext, http_server: HttpServer, status: int, method: str, then: str
) -> None:
    """RFC 9110, 15.4."""
    http_server.answer(status=status, headers={"Location": "/next"}, body=b"")
    http_server.answer("/next", body=b"")
    await ask_http(context, http_server.url(), method=method)
    assert [arrival.method for arrival in http_server.arrivals] == [method, then]


async def test_a_body_is_not_carried_to_another_host(http_server: HttpServer) -> None:
    """A redirect that would take the body elsewhere is refused."""
    http_server.answer(status=307, headers={"Location": "http://other.test/"})
    async with ProbeContext(resolver=Names(other_test=("127.0.0.1",))) as context:
        seen = await ask_http(context, http_server.url(), method="POST", body="secret")
    assert seen.reason is Reason.REDIRECTS
    assert "secret" not in seen.detail


async def test_a_dripping_answer_meets_the_one_deadline(context: ProbeContext) -> None:
    """Every read succeeds, and the total deadline still ends the probe."""

    async def body(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.005)

    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    async with serve_raw(say(head, then=body)) as server:
        seen = await ask_http(context, server.url(), timeout=0.8)
    assert seen.reason is Reason.TIMEOUT
    assert seen.detail == "the answer did not end within 0.8 s"
    assert lasted(seen.duration, 0.8)


async def test_a_dripping_head_meets_the_one_deadline(context: ProbeContext) -> None:
    """A head that never ends is no answer."""
    async with serve_raw(drip(b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 50, every=0.01)) as server:
        seen = await ask_http(context, server.url(), timeout=0.8)
    assert (seen.reason, seen.detail) == (Reason.TIMEOUT, "no answer within 0.8 s")


async def test_slow_redirects_share_the_deadline(
    context: ProbeContext, http_server: HttpServer
) -> None:
    """Ten hops of 100 ms do not get ten deadlines."""
    for hop in range(10):
        http_server.answer(f"/{hop}", status=302, headers={"Location": f"/{hop + 1}"}, delay=0.1)
    seen = await ask_http(context, http_server.url("/0"), timeout=0.4)
    assert seen.reason is Reason.TIMEOUT
    assert lasted(seen.duration, 0.4)


async def test_phases_tell_where_the_time_went(
    context: ProbeContext, authority: Authority, https_server: HttpServer
) -> None:
    """Known delays before the answer and within it are measured as such."""
    https_server.answer(delay=0.15, pause=0.1, body=b"x" * 100)
    seen = await ask_http(context, https_server.url(), tls={"ca_file": authority.ca_file})
    phases = seen.phases
    assert phases.resolve is None  # an address needs no look-up
    assert phases.connect is not None
    assert phases.tls is not None
    assert lasted(phases.processing, 0.15)
    assert lasted(phases.transfer, 0.1)
    spent = [seconds for _, seconds in phases.measured()]
    assert all(seconds > 0 for seconds in spent)
    assert sum(spent) <= seen.duration + 1e-6, "no time is counted twice"


async def test_phases_of_redirects_add_up(context: ProbeContext, http_server: HttpServer) -> None:
    """Two requests of 80 ms wait for 160 ms in all."""
    http_server.answer(status=302, headers={"Location": "/next"}, delay=0.08)
    http_server.answer("/next", delay=0.08)
    seen = await ask_http(context, http_server.url())
    assert lasted(seen.phases.processing, 0.16)


async def test_the_look_up_is_a_phase(http_server: HttpServer) -> None:
    """A scripted clock: what the look-up takes is the resolve phase, nothing else."""
    ticks = itertools.count()
    http_server.answer()
    async with ProbeContext(
        resolver=Names(expo_test=("127.0.0.1",)), timer=lambda: float(next(ticks))
    ) as context:
        seen = await ask_http(context, http_server.url(host="expo.test"))
    assert seen.phases.resolve is not None
    assert seen.phases.resolve >= 1.0


@pytest.mark.parametrize(
    ("word", "status"),
    [("status", 503), ("status", 401)],
)
async def test_a_refusal_that_is_expected_is_good(
    context: ProbeContext, http_server: HttpServer, word: str, status: int
) -> None:
    """``expect.failure``: the probe must fail, in the way that is named."""
    http_server.answer(status=status)
    seen = await ask_http(context, http_server.url(), expect={"failure": word})
    assert (seen.grade, seen.reason) == (Grade.GOOD, None)


async def test_an_unexpected_success_fails(context: ProbeContext, http_server: HttpServer) -> None:
    """A probe that must be refused and is not has failed."""
    http_server.answer()
    seen = await ask_http(context, http_server.url(), expect={"failure": "tls"})
    assert (seen.reason, seen.cause) == (Reason.UNEXPECTED_SUCCESS, Cause.TARGET)


async def test_another_refusal_than_expected_keeps_its_reason(
    context: ProbeContext, closed_port: tuple[str, int]
) -> None:
    """A closed port is no refusal by TLS."""
    seen = await ask_http(
        context, f"https://127.0.0.1:{closed_port[1]}/", expect={"failure": "tls"}
    )
    assert seen.reason is Reason.CONNECT_REFUSED
    good = await ask_http(
        context, f"https://127.0.0.1:{closed_port[1]}/", expect={"failure": "connect"}
    )
    assert good.grade is Grade.GOOD


async def test_our_own_trouble_is_no_refusal(context: ProbeContext, tmp_path: Path) -> None:
    """A missing CA file of ours is never taken for the refusal that was expected."""
    async with serve_raw(silence) as server:
        seen = await ask_http(
            context,
            f"https://127.0.0.1:{server.port}/",
            tls={"ca_file": tmp_path / "missing.pem"},
            expect={"failure": "tls"},
        )
    assert (seen.grade, seen.cause) == (Grade.FAILED, Cause.MONITOR)


async def test_no_way_out_of_our_own_machine_is_no_refusal(context: ProbeContext) -> None:
    """What our kernel says of itself shows nothing of a port that should be closed."""
    # a multicast address: nothing can connect there
    seen = await ask_http(context, "http://224.0.0.1/", expect={"failure": "connect"})
    assert (seen.reason, seen.cause) == (Reason.CONNECT_ERROR, Cause.MONITOR)
