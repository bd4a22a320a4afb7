"""Kind ``http`` with ``oauth2``: how a token is asked for, in each way to say who we are."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from probes.http.oauth2.client import saml_assertion
from probes.http.oauth2.token_cache import PAUSE
from probes.http.settings import HttpSettings
from probes.net.context import ProbeContext
from probes.observation import Cause, Grade
from tests.support.probes.asking import ask_http
from tests.support.probes.oauth2 import SECRET, Time, oauth2, refusal, sent
from tests.support.servers.ca import Authority
from tests.support.servers.http_server import HttpServer
from tests.support.servers.token_server import TokenServer, serve_tokens


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
