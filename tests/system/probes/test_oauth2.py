"""Kind ``http`` with ``oauth2``: how a token is fetched, kept and given up, and whose fault it is."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from probes.http.oauth2.client import saml_assertion
from probes.http.oauth2.token_cache import PAUSE, SPACING
from probes.http.settings import HttpSettings
from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.patience import PATIENCE
from tests.support.probes.asking import Names, ask_http
from tests.support.servers.ca import Authority
from tests.support.servers.http_server import HttpServer, serve_http
from tests.support.servers.proxy import serve_proxy
from tests.support.servers.raw_server import Script, drip, endless, reset, say, serve_raw, silence
from tests.support.servers.token_server import TokenServer, serve_tokens

SECRET = "s3cret/å :"


class Time:
    """The timer, which a test can move on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.perf_counter() + self.ahead


@pytest.fixture
async def tokens() -> AsyncIterator[TokenServer]:
    """A token service."""
    async with serve_tokens() as server:
        yield server


@pytest.fixture
def timer() -> Time:
    """Of :func:`moved`."""
    return Time()


@pytest.fixture
async def moved(timer: Time) -> AsyncIterator[ProbeContext]:
    """A context whose timer a test can move on."""
    async with ProbeContext(timer=timer) as made:
        yield made


def oauth2(server: TokenServer, **more: Any) -> dict[str, Any]:
    return {"token_url": server.url, "client_id": "expo", "client_secret": SECRET, **more}


def sent(server: HttpServer) -> list[str | None]:
    """The Authorization header of each request."""
    return [arrival.headers.get("Authorization") for arrival in server.arrivals]


async def refusal(
    context: ProbeContext, server: HttpServer, asked: dict[str, Any], **more: Any
) -> str:
    """What is said of a token that there is none of; the target was never asked."""
    seen = await ask_http(context, server.url(), oauth2=asked, **more)
    assert seen.reason is Reason.OAUTH2
    assert server.arrivals == []
    assert SECRET not in seen.detail
    return f"{seen.cause}: {seen.detail}"


async def test_client_credentials(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer
) -> None:
    """RFC 6749, 4.4.2: our name and secret in the header, both in form encoding first; the token
    goes to the target.
    """
    http_server.answer()
    more = {"scopes": ["system/*.read", "openid"], "audience": "a", "resource": "https://r.se/x"}
    seen = await ask_http(context, http_server.url(), oauth2=oauth2(tokens, **more))
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    [asked] = tokens.asked
    assert asked.client == ("expo", SECRET)
    assert asked.form == {
        "grant_type": "client_credentials",
        "scope": "system/*.read openid",
        "audience": "a",
        "resource": "https://r.se/x",
    }
    assert asked.arrival.headers["Accept"] == "application/json"
    assert "Cookie" not in asked.arrival.headers
    assert sent(http_server) == ["Bearer token-1"]


async def test_the_secret_in_the_form_from_a_file(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer, tmp_path: Path
) -> None:
    """RFC 6749, 2.3.1, the other way."""
    http_server.answer()
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    asked = oauth2(tokens, auth_method="post", client_secret_file=file)
    del asked["client_secret"]
    await ask_http(context, http_server.url(), oauth2=asked)
    [request] = tokens.asked
    assert request.client is None
    assert request.form["client_secret"] == SECRET
    assert request.form["client_id"] == "expo"


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA_KEY, "RS256"), (RSA_KEY, "PS384"), (EC_KEY, "ES256")]
)
async def test_a_signed_statement_of_who_we_are(
    context: ProbeContext,
    http_server: HttpServer,
    tokens: TokenServer,
    tmp_path: Path,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    algorithm: str,
) -> None:
    """RFC 7523, 2.2 and 3: a JWT for this service, valid for a minute, never the same twice."""
    http_server.answer()
    file = tmp_path / "key.pem"
    file.write_bytes(pem(key))
    jwts = []
    for audience in (None, "https://idp.example.se"):
        asked = {
            "token_url": tokens.url,
            "client_id": "expo",
            "private_key_file": file,
            "algorithm": algorithm,
            "key_id": "k1",
        } | ({"jwt_audience": audience} if audience else {})
        seen = await ask_http(context, http_server.url(), oauth2=asked)
        assert (seen.grade, seen.detail) == (Grade.GOOD, "")
        form = tokens.asked[-1].form
        assert form["client_assertion_type"] == (
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        )
        assert form["grant_type"] == "client_credentials"
        assert tokens.asked[-1].client is None
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        claims = jwt.decode(
            form["client_assertion"], public, [algorithm], audience=audience or tokens.url
        )
        assert (claims["iss"], claims["sub"]) == ("expo", "expo")
        assert claims["exp"] - claims["iat"] == 60
        assert jwt.get_unverified_header(form["client_assertion"])["kid"] == "k1"
        jwts.append(claims["jti"])
    assert len(set(jwts)) == 2


@pytest.mark.parametrize(
    ("content", "algorithm"),
    [
        (b"no key", "RS256"),
        (b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", "RS256"),
        (b"\xff\xfe\0", "ES256"),
        (b"", "EdDSA"),
        (pem(EC_KEY), "RS256"),
        (pem(RSA_KEY), "ES256"),
        (pem(EC_KEY), "ES384"),
        (
            RSA_KEY.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")
            ),
            "RS256",
        ),
    ],
    ids=["text", "broken", "bytes", "empty", "ec", "rsa", "curve", "passphrase"],
)
async def test_a_key_that_cannot_sign_is_ours(
    context: ProbeContext,
    http_server: HttpServer,
    tokens: TokenServer,
    tmp_path: Path,
    content: bytes,
    algorithm: str,
) -> None:
    """It is named, never shown, and nobody is asked for anything."""
    file = tmp_path / "key.pem"
    file.write_bytes(content)
    asked = {
        "token_url": tokens.url,
        "client_id": "expo",
        "private_key_file": file,
        "algorithm": algorithm,
    }
    assert await refusal(context, http_server, asked) == (
        f"monitor: the token service {tokens.where}: private_key_file holds no private key in PEM,"
        f" without a passphrase, that can sign with {algorithm}"
    )
    assert tokens.asked == []


XML = "<saml2:Assertion xmlns:saml2='urn'>ÅÄÖ?>></saml2:Assertion>"


async def test_a_saml_assertion_for_a_token(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer, tmp_path: Path
) -> None:
    """RFC 7522, 2.1: base64url of the file's XML; it speaks for us, without a secret."""
    http_server.answer()
    file = tmp_path / "assertion.xml"
    file.write_text(XML + "\n", "utf-8")
    asked = {
        "token_url": tokens.url,
        "client_id": "expo",
        "grant": "saml2-bearer",
        "assertion_file": file,
    }
    seen = await ask_http(context, http_server.url(), oauth2=asked)
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    form = tokens.asked[0].form
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:saml2-bearer"
    assert form["client_id"] == "expo"
    encoded = form["assertion"]
    assert "=" not in encoded
    assert urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode() == XML


def test_an_assertion_in_base64_of_either_alphabet() -> None:
    """On several lines or one, with padding or without."""
    assert saml_assertion(b"PD94+/\r\nbWw==\n") == "PD94-_bWw"
    assert saml_assertion(b"PD94-_bWw") == "PD94-_bWw"


async def test_the_client_certificate_says_who_we_are(
    context: ProbeContext, authority: Authority, http_server: HttpServer
) -> None:
    """RFC 8705, 2.1: the check's own certificate and authorities, or those of ``oauth2.tls``; the
    check's server_name is the target's.
    """
    http_server.answer()
    tls_context = authority.server_context(authority.valid, asks_client=True)
    ours = {
        "ca_file": authority.ca_file,
        "cert_file": authority.client.cert_file,
        "key_file": authority.client.key_file,
    }
    async with serve_tokens(tls=tls_context) as server:
        asked = {"token_url": server.url, "client_id": "expo"}
        inherited = ours | {"server_name": "elsewhere.test", "max_version": "TLSv1.2"}
        seen = await ask_http(context, http_server.url(), oauth2=asked, tls=inherited)
        own = await ask_http(context, http_server.url(), oauth2=asked | {"tls": ours})
        assert (seen.detail, own.detail) == ("", "")
        assert [request.client for request in server.asked] == [None]
        assert server.asked[0].form["client_id"] == "expo"


async def test_a_token_is_shared_and_kept_until_shortly_before_its_end(
    moved: ProbeContext, timer: Time, http_server: HttpServer, tokens: TokenServer
) -> None:
    """Checks with equal settings have one; within its last minute it is renewed beside the probe,
    which does not wait, and after that no probe uses it.
    """
    http_server.answer()
    tokens.expires_in = 600
    for _ in range(2):
        await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    timer.ahead = 539.0
    await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert len(tokens.asked) == 1
    timer.ahead = 541.0
    tokens.gate = asyncio.Event()
    await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert sent(http_server) == ["Bearer token-1"] * 4
    tokens.gate.set()
    timer.ahead = 575.0
    await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert sent(http_server)[-1] == "Bearer token-2"
    assert len(tokens.asked) == 2


@pytest.mark.parametrize(
    ("expires_in", "lifetime"),
    [(None, 300), ("3600", 3600), (10**15, 86_400), (True, 300), ("soon", 300), ([], 300)],
)
async def test_how_long_a_token_is_kept(
    moved: ProbeContext,
    timer: Time,
    http_server: HttpServer,
    tokens: TokenServer,
    expires_in: object,
    lifetime: int,
) -> None:
    """Modestly when its service does not say it in a way that can be understood, a day at most."""
    http_server.answer()
    tokens.expires_in = expires_in
    for ahead in (0.0, lifetime - 65.0, lifetime - 1.0):
        timer.ahead = ahead
        await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert sent(http_server) == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


async def test_a_token_that_ends_at_once_is_used_once(
    moved: ProbeContext, timer: Time, http_server: HttpServer, tokens: TokenServer
) -> None:
    """And the service is still asked no more often than it should be."""
    http_server.answer()
    tokens.expires_in = -5
    await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    timer.ahead = SPACING
    await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert sent(http_server) == ["Bearer token-1", "Bearer token-2"]


async def test_other_settings_have_a_token_of_their_own(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer
) -> None:
    """Another scope or secret is another token."""
    http_server.answer()
    await ask_http(context, http_server.url(), oauth2=oauth2(tokens, scopes=["a"]))
    await ask_http(context, http_server.url(), oauth2=oauth2(tokens, scopes=["b"]))
    await ask_http(context, http_server.url(), oauth2=oauth2(tokens, client_secret="other"))
    assert len(set(sent(http_server))) == 3


async def test_one_request_for_all_who_wait(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer
) -> None:
    """The one who began it goes away; the others get the token."""
    http_server.answer()
    tokens.gate = asyncio.Event()

    def one() -> asyncio.Task[Observation]:
        return asyncio.create_task(ask_http(context, http_server.url(), oauth2=oauth2(tokens)))

    first = one()
    await tokens.came.wait()
    others = [one() for _ in range(20)]
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.wait([first])
    assert first.cancelled()
    tokens.gate.set()
    assert {seen.detail for seen in await asyncio.gather(*others)} == {""}
    assert len(tokens.asked) == 1
    assert sent(http_server) == ["Bearer token-1"] * 20


async def test_a_failure_is_remembered_for_a_while(
    moved: ProbeContext, timer: Time, http_server: HttpServer, tokens: TokenServer
) -> None:
    """A token service that is down is not stormed; then it is asked again."""
    http_server.answer()
    tokens.status = 503
    seen = [await ask_http(moved, http_server.url(), oauth2=oauth2(tokens)) for _ in range(20)]
    assert {(one.reason, one.cause) for one in seen} == {(Reason.OAUTH2, Cause.DEPENDENCY)}
    assert {one.detail for one in seen} == {f"the token service {tokens.where}: HTTP 503"}
    assert len(tokens.asked) == 1
    tokens.status = 200
    timer.ahead = PAUSE + 0.1
    good = await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert good.grade is Grade.GOOD
    assert len(tokens.asked) == 2


async def test_a_token_that_is_still_good_outlives_its_service(
    moved: ProbeContext, timer: Time, http_server: HttpServer, tokens: TokenServer
) -> None:
    """A renewal that fails is nobody's trouble while the old token can be used."""
    http_server.answer()
    tokens.expires_in = 600
    await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    tokens.status = 500
    for ahead in (545.0, 555.0, 565.0):
        timer.ahead = ahead
        seen = await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
        assert seen.grade is Grade.GOOD
    timer.ahead = 575.0
    seen = await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert (seen.reason, seen.cause) == (Reason.OAUTH2, Cause.DEPENDENCY)


async def test_a_token_that_the_target_refuses_is_dropped(
    moved: ProbeContext, timer: Time, http_server: HttpServer, tokens: TokenServer
) -> None:
    """401: the next probe comes with another, which is not fetched in haste, and not waited for in
    its duration.
    """

    async def picky(request: web.BaseRequest) -> web.StreamResponse:
        known = request.headers["Authorization"] == "Bearer token-2"
        return web.Response(status=200 if known else 401)

    http_server.handlers["/"] = picky
    first = await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    timer.ahead = SPACING - 1.0
    second = await ask_http(moved, http_server.url(), oauth2=oauth2(tokens))
    assert (first.reason, first.cause) == (Reason.STATUS, Cause.TARGET)
    assert second.grade is Grade.GOOD
    one, other = (asked.arrival.at for asked in tokens.asked)
    assert second.duration < other - one
    assert other - one > 0.2


async def test_a_probe_that_has_no_time_to_wait_its_turn(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer
) -> None:
    """That the token service is spared is our doing, and not its fault."""
    http_server.answer(status=401)
    await ask_http(context, http_server.url(), oauth2=oauth2(tokens))
    seen = await ask_http(context, http_server.url(), oauth2=oauth2(tokens), timeout=0.2)
    assert (seen.reason, seen.cause) == (Reason.OAUTH2, Cause.MONITOR)
    assert seen.detail == (
        f"no token within 0.2 s: the token service {tokens.where} is asked every 2 s"
    )


async def test_the_token_s_time_is_not_the_target_s(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer
) -> None:
    """Neither in the duration nor in a phase, of a success and of a failure."""
    http_server.answer()
    tokens.delay = 1.5
    seen = await ask_http(context, http_server.url(), oauth2=oauth2(tokens))
    assert seen.grade is Grade.GOOD
    assert seen.duration < tokens.delay
    assert sum(seconds for _, seconds in seen.phases.measured()) < tokens.delay
    tokens.status = 500
    failed = await ask_http(context, http_server.url(), oauth2=oauth2(tokens, scopes=["x"]))
    assert failed.duration < tokens.delay
    assert failed.phases.measured() == ()


async def test_a_slow_token_service_is_not_held_against_the_target(
    context: ProbeContext, tokens: TokenServer
) -> None:
    """When it has used up most of the deadline, a target that then is late is not to blame."""
    tokens.delay = 1.5
    async with serve_raw(silence) as target:
        seen = await ask_http(context, target.url(), oauth2=oauth2(tokens), timeout=2.4)
        later = await ask_http(context, target.url(), oauth2=oauth2(tokens), timeout=0.9)
    assert (seen.reason, seen.cause) == (Reason.OAUTH2, Cause.DEPENDENCY)
    assert seen.detail.startswith(f"the token service {tokens.where} was slow: ")
    assert (later.reason, later.cause) == (Reason.TIMEOUT, Cause.TARGET)


async def test_the_deadline_holds(context: ProbeContext, http_server: HttpServer) -> None:
    """A token service that never answers ends with the probe's one deadline."""
    async with serve_raw(silence) as server:
        asked = {"token_url": server.url("/t"), "client_id": "expo", "client_secret": SECRET}
        said = await refusal(context, http_server, asked, timeout=2.0)
    assert said == (
        f"dependency: the token service 127.0.0.1:{server.port}: no answer within 1.8 s:"
        " what we sent arrived, and nothing came"
    )


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (400, {"error": "invalid_client"}, "monitor: HTTP 400 invalid_client"),
        (401, {"error": "invalid_client"}, "monitor: HTTP 401 invalid_client"),
        (400, {"error": "invalid_scope"}, "monitor: HTTP 400 invalid_scope"),
        (401, b"", "monitor: HTTP 401"),
        (400, {"error": SECRET, "error_description": SECRET}, "dependency: HTTP 400"),
        (400, b"\xff", "dependency: HTTP 400"),
        (403, {"error": "server_error"}, "dependency: HTTP 403 server_error"),
        (503, b"<html>", "dependency: HTTP 503"),
        (302, b"", "dependency: HTTP 302"),
        (429, b"", "monitor: it asks us to slow down (HTTP 429)"),
        (200, b"", "dependency: its answer is not JSON: the body is empty"),
        (200, b"[" * 50_000, "dependency: its answer is not JSON at line 1"),
        (200, b"[]", "dependency: its answer is JSON, but no object"),
        (200, {}, "dependency: its answer holds no access_token"),
        (200, {"access_token": 5}, "dependency: its answer holds no access_token"),
        (
            200,
            {"access_token": "a\r\nX: y"},
            "dependency: its access_token cannot be sent in a header",
        ),
        (
            200,
            {"access_token": "å"},
            "dependency: its access_token cannot be sent in a header",
        ),
        (
            200,
            {"access_token": "a" * 20_000},
            "dependency: its access_token cannot be sent in a header",
        ),
        (
            200,
            {"access_token": "a", "token_type": "DPoP"},
            "dependency: its token_type is DPoP, not Bearer",
        ),
        (200, b" " * 65_537, "dependency: its answer is larger than 65536 bytes"),
    ],
)
async def test_what_a_token_service_may_answer(
    context: ProbeContext,
    http_server: HttpServer,
    tokens: TokenServer,
    status: int,
    answer: dict[str, Any] | bytes,
    said: str,
) -> None:
    """What it says of us is ours, anything else its own; the word of RFC 6749, 5.2 is told."""
    tokens.status, tokens.answer = status, answer
    tokens.headers = {"Location": http_server.url()} if status == 302 else {}
    cause, _, words = said.partition(": ")
    found = await refusal(context, http_server, oauth2(tokens))
    assert found.startswith(f"{cause}: the token service {tokens.where}: {words}")


async def test_retry_after_is_honoured_within_bounds(
    moved: ProbeContext, timer: Time, http_server: HttpServer, tokens: TokenServer
) -> None:
    """Five minutes at most."""
    http_server.answer()
    tokens.status, tokens.headers = 429, {"Retry-After": "86400"}
    for ahead in (0.0, 290.0):
        timer.ahead = ahead
        await refusal(moved, http_server, oauth2(tokens))
    assert len(tokens.asked) == 1
    timer.ahead = 301.0
    await refusal(moved, http_server, oauth2(tokens))
    assert len(tokens.asked) == 2


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (reset, "the connection was reset"),
        (say(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "not a well-formed HTTP answer: "),
        (
            say(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"),
            "89 bytes before Content-Length says",
        ),
        (
            endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096),
            "its answer is larger than 65536 bytes",
        ),
        (drip(b"HTTP/1.1 200 OK\r\n\r\n" + b"{" * 900, 0.01), "no answer within "),
    ],
    ids=["reset", "ssh", "cut", "endless", "drips"],
)
async def test_a_token_service_that_is_broken(
    context: ProbeContext, http_server: HttpServer, script: Script, said: str
) -> None:
    """It ends in time, and is the dependency's fault."""
    async with serve_raw(script) as server:
        asked = {"token_url": server.url("/t"), "client_id": "expo", "client_secret": SECRET}
        lasts = said.startswith("no answer within")
        found = await refusal(context, http_server, asked, timeout=0.6 if lasts else PATIENCE)
    assert found.startswith(f"dependency: the token service 127.0.0.1:{server.port}: ")
    assert said in found or "the answer did not end within" in found


async def test_a_token_service_that_is_not_there(
    http_server: HttpServer, closed_port: tuple[str, int], authority: Authority
) -> None:
    """Its port, its name and its certificate are the dependency's."""
    asked = {"client_id": "expo", "client_secret": SECRET}
    async with (
        ProbeContext(resolver=Names()) as context,
        serve_tokens(tls=authority.server_context(authority.expired)) as expired,
    ):

        async def said(url: str) -> str:
            more = {"tls": {"ca_file": authority.ca_file}}
            return await refusal(context, http_server, asked | {"token_url": url}, **more)

        assert (await said(f"http://127.0.0.1:{closed_port[1]}/")).endswith("refused")
        assert (await said("https://idp.example.se/")).startswith(
            "dependency: the token service idp.example.se:443: idp.example.se: "
        )
        assert (await said(expired.url)).endswith("certificate has expired")


async def test_what_is_missing_here_is_ours(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer, tmp_path: Path
) -> None:
    """A file that is not there, or holds nothing of use: nobody is asked for anything."""
    asked = {"token_url": tokens.url, "client_id": "expo"}
    empty = tmp_path / "empty"
    empty.write_text("\n")
    odd = tmp_path / "odd.xml"
    odd.write_text("no assertion at all")
    saml = {"grant": "saml2-bearer"}
    for more, said in (
        ({"client_secret_file": tmp_path / "secret"}, "cannot read secret: No such file"),
        ({"client_secret_file": empty}, "client_secret_file is empty"),
        ({"private_key_file": tmp_path / "key"}, "cannot read key: No such file"),
        ({**saml, "assertion_file": odd}, "assertion_file holds neither XML nor base64"),
    ):
        found = await refusal(context, http_server, asked | more)
        assert found.startswith(f"monitor: the token service {tokens.where}: {said}")
    assert tokens.asked == []


async def test_a_secret_that_was_replaced_is_used(
    tmp_path: Path, timer: Time, http_server: HttpServer, tokens: TokenServer
) -> None:
    """Without a restart, at the next fetch."""
    http_server.answer()
    file = tmp_path / "secret"
    file.write_text("wrong")
    asked = {"token_url": tokens.url, "client_id": "expo", "client_secret_file": file}
    tokens.status, tokens.answer = 401, {"error": "invalid_client"}
    async with ProbeContext(timer=timer, clock=timer) as context:
        await ask_http(context, http_server.url(), oauth2=asked)
        file.with_name("new").write_text("right")
        file.with_name("new").replace(file)
        tokens.status, tokens.answer = 200, None
        timer.ahead = PAUSE + 1
        seen = await ask_http(context, http_server.url(), oauth2=asked)
    assert seen.grade is Grade.GOOD
    assert [request.client for request in tokens.asked] == [("expo", "wrong"), ("expo", "right")]


async def test_a_token_does_not_follow_a_redirect_elsewhere(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer
) -> None:
    """Another origin gets no token; and a 401 from there does not cost us ours."""
    async with serve_http() as other:
        other.answer("/there", status=401)
        http_server.answer(status=307, headers={"Location": other.url("/there")})
        for _ in range(2):
            await ask_http(context, http_server.url(), oauth2=oauth2(tokens))
        assert sent(other) == [None, None]
    assert sent(http_server) == ["Bearer token-1"] * 2


async def test_a_token_is_not_said_back(
    context: ProbeContext, http_server: HttpServer, tokens: TokenServer
) -> None:
    """A target that quotes what it was told has it blanked, cut short or not."""
    long = "eyJhbGciOiJSUzI1NiJ9." + "a" * 300
    tokens.answer = {"access_token": long}

    async def careless(request: web.BaseRequest) -> web.StreamResponse:
        told = request.headers["Authorization"]
        return web.json_response({"told": told, "short": told[7:60]})

    http_server.handlers["/"] = careless
    expect = {"jsonpath": [{"path": "$.told", "equals": "nothing"}]}
    seen = await ask_http(context, http_server.url(), oauth2=oauth2(tokens), expect=expect)
    assert seen.reason is Reason.JSONPATH
    assert "eyJh" not in seen.detail
    assert "***…" in seen.detail


async def test_the_proxy_is_on_the_way_to_the_token_service(
    http_server: HttpServer, tokens: TokenServer, closed_port: tuple[str, int]
) -> None:
    """Both go through it; when it is not there, that is the network's."""
    http_server.answer()
    async with serve_proxy() as proxy, ProbeContext() as context:
        seen = await ask_http(
            context, http_server.url(), oauth2=oauth2(tokens), proxy_url=proxy.url
        )
        assert (seen.grade, seen.detail) == (Grade.GOOD, "")
        assert [head.target for head in proxy.asked] == [tokens.url, http_server.url()]
        gone = f"http://127.0.0.1:{closed_port[1]}"
        lost = await ask_http(context, http_server.url(), oauth2=oauth2(tokens), proxy_url=gone)
        proxy.authorization = "Basic other"
        strange = await ask_http(
            context, http_server.url(), oauth2=oauth2(tokens, scopes=["x"]), proxy_url=proxy.url
        )
    assert (lost.reason, lost.cause) == (Reason.OAUTH2, Cause.NETWORK)
    assert "the proxy: connection to" in lost.detail
    assert (strange.reason, strange.cause) == (Reason.OAUTH2, Cause.MONITOR)


async def test_a_fetch_ends_with_the_tools(http_server: HttpServer, tokens: TokenServer) -> None:
    """Nothing is left running."""
    tokens.gate = asyncio.Event()
    before = asyncio.all_tasks()
    async with ProbeContext() as context:
        probe = asyncio.create_task(ask_http(context, http_server.url(), oauth2=oauth2(tokens)))
        await tokens.came.wait()
        probe.cancel()
        await asyncio.wait([probe])
    names = {task.get_name() for task in asyncio.all_tasks() - before}
    assert "token" not in names


def test_no_secret_is_shown_by_settings() -> None:
    """Neither the client's nor the proxy's, in what a traceback might hold."""
    settings = HttpSettings.model_validate(
        {
            "url": "http://expo.example.se/",
            "proxy_url": "http://u:hemligt@proxy.example.se:3128",
            "oauth2": {
                "token_url": "https://idp.example.se/t",
                "client_id": "expo",
                "client_secret": "hemligt",
            },
        }
    )
    assert "hemligt" not in repr(settings)
    assert json.dumps("idp.example.se")[1:-1] in repr(settings)


async def test_a_saml_token_on_several_lines(
    context: ProbeContext, http_server: HttpServer, tmp_path: Path
) -> None:
    """``bearer_token_file`` with base64 as it is wrapped by tools: joined; other lines are refused."""
    http_server.answer()
    file = tmp_path / "token"
    file.write_text("PHNhbWwy\r\nOkFzc2Vy\ndGlvbi8+\n")
    await ask_http(context, http_server.url(), bearer_token_file=file)
    assert sent(http_server) == ["Bearer PHNhbWwyOkFzc2VydGlvbi8+"]
    other = tmp_path / "other"
    other.write_text("a\nX-Evil: b\n")
    seen = await ask_http(context, http_server.url(), bearer_token_file=other)
    assert (seen.cause, seen.detail) == (Cause.MONITOR, "other holds more than one line")
