"""The recipes of ``docs/recipes.md`` against servers that do what they are for, and the contrary.

Only what the page tells the reader to replace is replaced: ports, files and keys.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from yarl import URL

from probes.http import probe as http
from probes.http.settings import HttpSettings
from probes.net.context import ProbeContext
from probes.observation import Observation, Reason
from probes.settings import TlsSettings
from tests.support.probes.asking import Names
from tests.support.recipe_book import PARTS, blocks, load_recipe
from tests.support.servers.ca import Authority
from tests.support.servers.http_server import HttpServer, serve_http
from tests.support.servers.proxy import serve_proxy
from tests.support.servers.token_server import serve_tokens

EXPO, NLL, VARA = "expo.ext5.example.se", "nll.ext5.example.se", "vara.ext5.example.se"
NAMES = Names(
    **{
        host.replace(".", "_"): ("127.0.0.1",)
        for host in (EXPO, NLL, VARA, "idp.ext5.example.se", "proxy.example.se")
    }
)
ENVIRON = {"PROXY_PASSWORD": "hem%20ligt"}
FHIR_JSON = {"Content-Type": "application/fhir+json"}
BUNDLE = json.dumps({"resourceType": "Bundle", "type": "searchset", "total": 7}).encode()
CAPABILITIES = json.dumps(
    {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [{"resource": [{"type": "MedicationRequest"}, {"type": "MedicationDispense"}]}],
    }
).encode()
SOAP = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
FAULT = SOAP.format(
    "<s:Fault><faultcode>s:Client</faultcode><faultstring>no request</faultstring></s:Fault>"
).encode()
PING = "urn:riv:itintegration:monitoring:PingForConfigurationResponder:1"


def checks(name: str, folder: Path, number: int = 0) -> dict[str, HttpSettings]:
    """The settings of a recipe's checks of kind http, by name."""
    recipe = blocks(PARTS[name])[number]
    loaded = load_recipe(recipe, folder, ENVIRON)
    return {
        check.id.rpartition("/")[2]: check.settings
        for check in loaded.estate.checks()
        if isinstance(check.settings, HttpSettings)
    }


def on_port(url: str, port: int) -> str:
    return str(URL(url).with_port(port))


async def ask(settings: HttpSettings, port: int, **more: Any) -> Observation:
    """One probe of a recipe, its target on a port of this machine."""
    here = settings.model_copy(update={"url": on_port(settings.url, port), **more})
    async with ProbeContext(resolver=NAMES) as context:
        return await http.prepare(here, 5.0, context)()


def mutual(authority: Authority, written: TlsSettings) -> TlsSettings:
    """The recipe's TLS with the test's files, none that it does not name."""
    ours = {
        "ca_file": authority.ca_file,
        "cert_file": authority.client.cert_file,
        "key_file": authority.client.key_file,
    }
    named = {key: file for key, file in ours.items() if getattr(written, key) is not None}
    return written.model_copy(update=named)


async def test_fhir_behind_oauth2(authority: Authority, tmp_path: Path) -> None:
    """Both checks have their token by the key; an OperationOutcome fails them."""
    found = checks("FHIR behind OAuth2", tmp_path)
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "keys" / "driftvakt-ext5.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    tls_context = authority.server_context(authority.issue(NLL, "idp.ext5.example.se"))
    tls = TlsSettings(ca_file=authority.ca_file)
    async with serve_http(tls=tls_context) as server, serve_tokens(tls=tls_context) as tokens:
        tokens.http.handlers["/oauth2/token"] = tokens.handle
        server.answer("/fhir/MedicationRequest", body=BUNDLE, headers=FHIR_JSON)
        server.answer("/fhir/metadata", body=CAPABILITIES, headers=FHIR_JSON)
        for settings in found.values():
            assert settings.oauth2 is not None
            url = on_port(settings.oauth2.token_url, tokens.http.port)
            oauth2 = settings.oauth2.model_copy(update={"token_url": url})
            seen = await ask(settings, server.port, oauth2=oauth2, tls=tls)
            assert (seen.detail, seen.failed) == ("", False)
        assert {arrival.headers["Authorization"][:9] for arrival in server.arrivals} == {
            "Bearer to"
        }
        outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}
        server.answer("/fhir/metadata", body=json.dumps(outcome).encode(), headers=FHIR_JSON)
        failed = await ask(found["capabilities"], server.port, oauth2=oauth2, tls=tls)
        assert failed.reason is Reason.FHIR


async def test_soap_behind_mutual_tls(authority: Authority, tmp_path: Path) -> None:
    """The fault that is hoped for is good, and a success is not."""
    settings = checks("SOAP behind mutual TLS", tmp_path)["dispense"]
    tls_context = authority.server_context(authority.issue(EXPO), asks_client=True)
    async with serve_http(tls=tls_context) as server:
        path = URL(settings.url).path
        server.answer(path, status=500, body=FAULT, headers={"Content-Type": "text/xml"})
        tls = mutual(authority, settings.tls)
        seen = await ask(settings, server.port, tls=tls)
        assert (seen.detail, seen.failed) == ("", False)
        arrival = server.arrivals[0]
        assert arrival.method == "POST"
        assert arrival.headers["SOAPAction"].startswith('"urn:riv:se.apotekensservice:expo:')
        assert b"Envelope" in arrival.body
        server.answer(
            path, body=SOAP.format("<ok/>").encode(), headers={"Content-Type": "text/xml"}
        )
        assert (await ask(settings, server.port, tls=tls)).reason is Reason.SOAP_FAULT


def zipped(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, content in members.items():
            file.writestr(name.replace("_", "."), content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("hours", "xml", "reasons"),
    [
        (25, b"<a/>", {"fresh": None, "whole": None}),
        (27, b"<a/>", {"fresh": Reason.STALE, "whole": Reason.STALE}),
        (1, b"<a>", {"fresh": None, "whole": Reason.BODY}),
    ],
)
async def test_an_export_file(
    authority: Authority,
    tmp_path: Path,
    hours: int,
    xml: bytes,
    reasons: Mapping[str, Reason | None],
) -> None:
    """Its age by HEAD, and the whole of it by GET."""
    found = checks("An export file with a deadline", tmp_path)
    body = zipped(articles_xml=xml, filler_bin=b"x" * 1_000_000)
    at = datetime.now(UTC) - timedelta(hours=hours)

    async def export(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(
            body=None if request.method == "HEAD" else body,
            headers={
                "Last-Modified": format_datetime(at, usegmt=True),
                "Content-Length": str(len(body)),
                "Content-Type": "application/zip",
            },
        )

    async with serve_http(tls=authority.server_context(authority.issue(VARA))) as server:
        server.handlers["/export/vara-export.zip"] = export
        tls = TlsSettings(ca_file=authority.ca_file)
        seen = {name: await ask(found[name], server.port, tls=tls) for name in reasons}
    assert {name: one.reason for name, one in seen.items()} == reasons, seen


@pytest.mark.parametrize(
    ("version", "ago", "reason"),
    [("17.1", 5, None), ("16.1", 5, Reason.XPATH), ("17.1", 300, Reason.XPATH)],
)
async def test_a_version_package_that_must_be_present(
    authority: Authority, tmp_path: Path, version: str, ago: int, reason: Reason | None
) -> None:
    """The version and the time of PingForConfiguration; the request is the page's."""
    name = "A version package that must be present"
    settings = checks(name, tmp_path)["v17"]
    [request] = blocks(PARTS[name], "xml")
    (tmp_path / "requests" / "ping-for-configuration.xml").write_text(request, "utf-8")
    at = datetime.now(ZoneInfo("Europe/Stockholm")) - timedelta(seconds=ago)
    body = SOAP.format(
        f'<p:PingForConfigurationResponse xmlns:p="{PING}"><p:version>{version}</p:version>'
        f"<p:pingDateTime>{at:%Y%m%d%H%M%S}</p:pingDateTime></p:PingForConfigurationResponse>"
    )
    tls_context = authority.server_context(authority.issue(EXPO), asks_client=True)
    async with serve_http(tls=tls_context) as server:
        server.answer(
            URL(settings.url).path, body=body.encode(), headers={"Content-Type": "text/xml"}
        )
        seen = await ask(settings, server.port, tls=mutual(authority, settings.tls))
        assert (seen.reason, server.arrivals[0].body) == (reason, request.encode()), seen.detail


async def test_a_version_package_that_is_gone(
    authority: Authority, tmp_path: Path, closed_port: tuple[str, int]
) -> None:
    """404 and a closed port are good; an answer is not."""
    found = checks("A version package that must be gone after its date", tmp_path, 1)
    tls = TlsSettings(ca_file=authority.ca_file)
    async with serve_http(tls=authority.server_context(authority.issue(EXPO))) as server:
        gone = await ask(found["v16-is-gone"], server.port, tls=tls)
        closed = await ask(found["old-port-is-closed"], closed_port[1], tls=tls)
        assert (gone.detail, closed.detail) == ("", "")
        server.answer("/DispenseMedication/16")
        server.answer("/")
        there = await ask(found["v16-is-gone"], server.port, tls=tls)
        open_ = await ask(found["old-port-is-closed"], server.port, tls=tls)
    assert there.reason is Reason.STATUS
    assert open_.reason is Reason.UNEXPECTED_SUCCESS


async def test_what_must_be_refused(authority: Authority, tmp_path: Path) -> None:
    """Without a certificate, with an old TLS version, without a token: refused is good."""
    found = checks("Without a client certificate: refused", tmp_path)
    strict = authority.server_context(authority.issue(EXPO), asks_client=True)
    lax = authority.server_context(authority.issue(EXPO, NLL))
    async with serve_http(tls=strict) as refusing, serve_http(tls=lax) as open_to_all:
        refusing.answer("/DispenseMedication/17")
        open_to_all.answer("/DispenseMedication/17")
        open_to_all.answer("/fhir/Patient", status=401)
        for name in ("no-certificate-is-refused", "old-tls-is-refused"):
            tls = mutual(authority, found[name].tls)
            seen = await ask(found[name], refusing.port, tls=tls)
            assert (seen.detail, seen.failed) == ("", False), name
        tls = mutual(authority, found["no-certificate-is-refused"].tls)
        let_in = await ask(found["no-certificate-is-refused"], open_to_all.port, tls=tls)
        assert let_in.reason is Reason.UNEXPECTED_SUCCESS
        refused = await ask(found["no-token-is-refused"], open_to_all.port, tls=tls)
        assert (refused.detail, refused.failed) == ("", False)


async def test_through_a_proxy(authority: Authority, tmp_path: Path) -> None:
    """With the password of the environment, its percent-encoding undone."""
    settings = checks("Through a proxy", tmp_path)["api"]
    tls_context = authority.server_context(authority.issue(EXPO))
    async with serve_http(tls=tls_context) as server, serve_proxy() as proxy:
        server.answer("/fhir/metadata", body=CAPABILITIES, headers=FHIR_JSON)
        proxy.authorization = "Basic ZHJpZnR2YWt0OmhlbSBsaWd0"
        proxy.names[EXPO] = "127.0.0.1"
        assert settings.proxy_url is not None
        proxy_url = settings.proxy_url.replace(":3128", f":{proxy.port}")
        tls = TlsSettings(ca_file=authority.ca_file)
        seen = await ask(settings, server.port, proxy_url=proxy_url, tls=tls)
    assert (seen.detail, seen.failed) == ("", False)
    assert proxy.asked[0].target == f"{EXPO}:{server.port}"


async def test_a_saml_assertion_as_the_bearer(authority: Authority, tmp_path: Path) -> None:
    """As it stands in the file, or for a token."""
    name = "A SAML assertion as the bearer"
    tls_context = authority.server_context(authority.issue(NLL, "idp.ext5.example.se"))
    tls = TlsSettings(ca_file=authority.ca_file)
    async with serve_http(tls=tls_context) as server, serve_tokens(tls=tls_context) as tokens:
        tokens.http.handlers["/oauth2/token"] = tokens.handle
        server.answer("/fhir/MedicationRequest", body=BUNDLE, headers=FHIR_JSON)
        plain = checks(name, tmp_path)["search"]
        (tmp_path / "run" / "saml-assertion.b64").write_text("PHNhbWwy\nOkFzc2VydGlvbi8+\n")
        assert not (await ask(plain, server.port, tls=tls)).failed
        traded = checks(name, tmp_path, 1)["search"]
        (tmp_path / "run" / "saml-assertion.xml").write_text("<saml2:Assertion/>")
        assert traded.oauth2 is not None
        url = on_port(traded.oauth2.token_url, tokens.http.port)
        oauth2 = traded.oauth2.model_copy(update={"token_url": url})
        assert not (await ask(traded, server.port, tls=tls, oauth2=oauth2)).failed
        assert _authorizations(server) == ["Bearer PHNhbWwyOkFzc2VydGlvbi8+", "Bearer token-1"]


def _authorizations(server: HttpServer) -> list[str]:
    return [arrival.headers["Authorization"] for arrival in server.arrivals]
