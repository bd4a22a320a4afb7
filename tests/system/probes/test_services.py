"""Kind ``http`` at services of an e-prescription environment: SOAP, RIV TA, FHIR, export files."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import time
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Reason
from tests.support.patience import PATIENCE
from tests.support.probes.asking import ask_http
from tests.support.servers.http_server import HttpServer, serve_http
from tests.support.servers.raw_server import say, serve_raw, silence
from tests.support.turns import PROCESSOR, Watch

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
PING = "urn:riv:itintegration:monitoring:PingForConfigurationResponder:1"
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def envelope(content: str, namespace: str = SOAP_11) -> str:
    return f"<e:Envelope xmlns:e='{namespace}'><e:Body>{content}</e:Body></e:Envelope>"


FAULT_11 = envelope("<e:Fault><faultcode>e:Client</faultcode><faultstring>no operation</faultstring></e:Fault>")  # fmt: skip
FAULT_12 = envelope("<e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text>no operation</e:Text></e:Reason></e:Fault>", SOAP_12)  # fmt: skip


async def soap_service(request: web.BaseRequest) -> web.Response:
    """As services do: only POST, only its content type; an empty body is a fault with 500."""
    if request.method != "POST":
        return web.Response(status=405)
    second = request.content_type == "application/soap+xml"
    if not second and (request.content_type != "text/xml" or "SOAPAction" not in request.headers):
        return web.Response(status=415)
    if "Hello" in await request.text():
        return web.Response(text=envelope("<Answer/>"), content_type="text/xml")
    fault = FAULT_12 if second else FAULT_11
    return web.Response(status=400 if second else 500, text=fault, content_type="text/xml")


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with serve_http() as made:
        made.handlers["/soap"] = soap_service
        yield made


@pytest.mark.parametrize("version", ["1.1", "1.2"])
async def test_an_empty_request_proves_that_a_soap_service_lives(
    context: ProbeContext, server: HttpServer, version: str
) -> None:
    """The probe makes the whole request by itself, and the fault is the sign of life."""
    soap = {"fault": "expected", "version": version, "action": "urn:ping"}
    seen = await ask_http(context, server.url("/soap"), expect={"soap": soap})
    assert (seen.grade, seen.reason, seen.detail) == (Grade.GOOD, None, "")
    [arrival] = server.arrivals
    assert b"Body/>" in arrival.body
    if version == "1.1":
        assert arrival.headers["Content-Type"] == "text/xml; charset=utf-8"
        assert arrival.headers["SOAPAction"] == '"urn:ping"'
    else:
        sent = arrival.headers["Content-Type"]
        assert sent == 'application/soap+xml; charset=utf-8; action="urn:ping"'
        assert "SOAPAction" not in arrival.headers


async def test_a_fault_with_http_500_is_told_as_a_fault(
    context: ProbeContext, server: HttpServer
) -> None:
    """What it says helps more than the number."""
    seen = await ask_http(context, server.url("/soap"), expect={"soap": {"fault": "none"}})
    assert (seen.reason, seen.cause) == (Reason.SOAP_FAULT, Cause.TARGET)
    assert seen.detail == 'SOAP fault e:Client "no operation", with HTTP 500'
    assert seen.http is not None
    assert seen.http.status == 500


async def test_a_real_answer_is_good(context: ProbeContext, server: HttpServer) -> None:
    """The operator's own body and headers are sent as they are."""
    seen = await ask_http(
        context,
        server.url("/soap"),
        body="<Hello/>",
        headers={"soapaction": "mine"},
        expect={"soap": {"fault": "none"}, "xpath": [{"path": "//Answer", "exists": True}]},
    )
    assert seen.detail == ""
    [arrival] = server.arrivals
    assert (arrival.body, arrival.headers.getall("SOAPAction")) == (b"<Hello/>", ["mine"])
    seen = await ask_http(
        context, server.url("/soap"), body="<Hello/>", expect={"soap": {"fault": "expected"}}
    )
    assert (seen.reason, seen.detail) == (
        Reason.SOAP_FAULT,
        'expected a SOAP fault, got "Answer"',
    )


async def test_a_fault_inside_http_200_is_a_fault(
    context: ProbeContext, server: HttpServer
) -> None:
    """NEF's gateway answers so."""
    server.answer("/nef", body=FAULT_11.encode())
    seen = await ask_http(context, server.url("/nef"), expect={"soap": {"fault": "none"}})
    assert (seen.reason, seen.detail) == (
        Reason.SOAP_FAULT,
        'SOAP fault e:Client "no operation"',
    )


def ping_rules(within: str, **more: Any) -> dict[str, Any]:
    names = {"namespaces": {"p": PING}}
    return {
        "soap": {"fault": "none"},
        "xpath": [
            names | {"path": "//p:version", "at_least": 17, "at_most": 17.9},
            names | {"path": "//p:pingDateTime", "within": within} | more,
        ],
    }


@pytest.mark.parametrize(
    ("version", "age", "reason", "detail"),
    [
        ("17.1", 0, None, ""),
        ("16.1", 0, Reason.XPATH, '//p:version is "16.1", expected at least 17'),
        ("17.1", 3600 * 5, Reason.XPATH, "5 h ago, expected within 60 s"),
        ("17.1", -3600 * 5, Reason.XPATH, "5 h in the future, expected within 60 s"),
    ],
)
async def test_ping_for_configuration(
    context: ProbeContext,
    server: HttpServer,
    version: str,
    age: float,
    reason: Reason | None,
    detail: str,
) -> None:
    """RIV TA's version and its time stamp, which is Swedish time without saying so."""
    at = datetime.now(STOCKHOLM) - timedelta(seconds=age)
    answer = (
        f"<PingForConfigurationResponse xmlns='{PING}'><version>{version}</version>"
        f"<pingDateTime>{at:%Y%m%d%H%M%S}</pingDateTime></PingForConfigurationResponse>"
    )
    server.answer("/ping", body=envelope(answer).encode())
    expect = ping_rules("60s", timezone="Europe/Stockholm")
    seen = await ask_http(context, server.url("/ping"), expect=expect)
    assert seen.reason is reason
    assert detail in seen.detail


async def test_the_clock_of_the_tools_is_now(server: HttpServer) -> None:
    """A time stamp is judged by the instant at which the answer came."""
    body = f"<PingForConfigurationResponse xmlns='{PING}'><pingDateTime>20260101120000</pingDateTime></PingForConfigurationResponse>"  # fmt: skip
    server.answer("/ping", body=body.encode())
    rule = {"path": "//p:pingDateTime", "within": "10s", "namespaces": {"p": PING}}
    noon = datetime(2026, 1, 1, 12, 0, 5, tzinfo=STOCKHOLM).timestamp()
    for clock, failed in ((noon, False), (noon + 6, True)):
        async with ProbeContext(clock=lambda clock=clock: clock) as context:  # type: ignore[misc]
            seen = await ask_http(context, server.url("/ping"), expect={"xpath": [rule]})
        assert seen.failed is failed


STATEMENT = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "software": {"version": "17.1"},
    "rest": [{"mode": "server", "resource": [{"type": "MedicationRequest"}]}],
}


async def test_a_fhir_server(context: ProbeContext, server: HttpServer) -> None:
    """Asked for JSON, and judged by what it says of itself."""
    kind = {"Content-Type": "application/fhir+json"}
    server.answer("/metadata", body=json.dumps(STATEMENT).encode(), headers=kind)
    rules = {"fhir_version": "4.0.1", "resources": ["MedicationRequest"]}
    seen = await ask_http(context, server.url("/metadata"), expect={"fhir": rules})
    assert seen.detail == ""
    assert server.arrivals[0].headers["Accept"] == "application/fhir+json"
    seen = await ask_http(
        context, server.url("/metadata"), expect={"fhir": rules | {"resources": ["Task"]}}
    )
    assert (seen.reason, seen.detail) == (Reason.FHIR, "the CapabilityStatement lacks Task")


@pytest.mark.parametrize("status", [200, 500])
async def test_an_operation_outcome_fails_with_its_text(
    context: ProbeContext, server: HttpServer, status: int
) -> None:
    """Whatever status it comes with."""
    issue = {"severity": "error", "code": "exception", "diagnostics": "the register is away"}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    server.answer("/metadata", status=status, body=json.dumps(outcome).encode())
    seen = await ask_http(context, server.url("/metadata"), expect={"fhir": {}})
    assert seen.reason is Reason.FHIR
    assert 'OperationOutcome error exception: "the register is away"' in seen.detail


def export(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vara/articles.xml", content)
    return made.getvalue()


ARTICLES = b"<articles>" + b"<article id='1'>Alvedon</article>" * 50_000 + b"</articles>"


async def test_an_export_file(context: ProbeContext, server: HttpServer) -> None:
    """Fresh, of a fair size, whole, and its XML well-formed."""
    modified = format_datetime(datetime.now(UTC) - timedelta(hours=25), usegmt=True)
    body = export(ARTICLES)
    headers = {"Last-Modified": modified}
    server.answer("/vara-export.zip", body=body, headers=headers)
    server.answer("/broken.zip", body=export(ARTICLES[:-3]), headers=headers)
    server.answer("/cut.zip", body=body[: len(body) // 2], headers=headers)
    expect = {
        "last_modified_within": "26h",
        "body_bytes": {"at_least": 1000, "at_most": 100_000_000},
        "zip": {"contains": ["*.xml"]},
    }
    seen = await ask_http(context, server.url("/vara-export.zip"), expect=expect)
    assert (seen.detail, seen.grade) == ("", Grade.GOOD)
    seen = await ask_http(context, server.url("/broken.zip"), expect=expect)
    assert seen.reason is Reason.BODY
    assert "vara/articles.xml in the zip file is not well-formed: not XML at line 1" in seen.detail
    seen = await ask_http(context, server.url("/cut.zip"), expect=expect)
    assert (seen.reason, seen.detail) == (
        Reason.BODY,
        "the body is no zip file, or its end is missing",
    )
    seen = await ask_http(context, server.url("/vara-export.zip"), expect=expect | {"last_modified_within": "24h"})  # fmt: skip
    assert seen.reason is Reason.STALE
    seen = await ask_http(
        context, server.url("/vara-export.zip"), expect=expect, max_body_bytes=1000
    )
    assert seen.reason is Reason.TOO_LARGE


async def test_an_external_dtd_is_never_fetched(context: ProbeContext) -> None:
    """The document is refused unread, and the server that it names is not asked."""
    async with serve_raw(silence) as other:
        body = f"<!DOCTYPE a SYSTEM '{other.url('/a.dtd')}' [<!ENTITY e SYSTEM '{other.url('/e')}'>]><a>&e;</a>".encode()  # fmt: skip
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n"
        async with serve_raw(say(head, body)) as server:
            rules: tuple[dict[str, Any], ...] = (
                {"soap": {"fault": "none"}},
                {"xpath": [{"path": "//a", "exists": True}]},
                {"fhir": {}},
            )
            for expect in rules:
                seen = await ask_http(context, server.url(), method="GET", expect=expect)
                assert "the document has a DOCTYPE, which is not read" in seen.detail
        assert other.accepted == 0


async def test_judging_stops_neither_the_loop_nor_the_deadline(
    context: ProbeContext, server: HttpServer
) -> None:
    """A large file is read in a thread, which ends soon after the deadline has."""
    huge = export(b"<r>" + b"<a b='c'>x</a>" * 4_000_000 + b"</r>")
    server.answer("/export.zip", body=huge)
    async with Watch(PROCESSOR) as watch:
        seen = await ask_http(
            context,
            server.url("/export.zip"),
            timeout=0.8,
            max_body_bytes=10_000_000,
            expect={"zip": {"contains": ["*.xml"]}},
        )
    assert (seen.reason, seen.cause) == (Reason.TIMEOUT, Cause.MONITOR)
    assert seen.detail == "the answer came, but was not judged within 0.8 s"
    assert seen.duration < 0.8
    assert watch.turns > 0
    assert watch.worst < 0.25
    await context.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "judge"]


async def test_the_time_of_judging_is_not_the_targets(
    context: ProbeContext, server: HttpServer
) -> None:
    """A duration ends with the last byte."""
    server.answer("/export.zip", body=export(ARTICLES))
    begun, judging = time.perf_counter(), time.process_time()
    seen = await ask_http(
        context, server.url("/export.zip"), expect={"zip": {"contains": ["*.xml"]}}
    )
    whole, judging = time.perf_counter() - begun, time.process_time() - judging
    assert seen.detail == ""
    # reading it is nearly all that this process has had to do
    assert whole - seen.duration > judging / 2


async def test_no_more_than_two_answers_are_judged_at_a_time(server: HttpServer) -> None:
    """Others wait for their turn, within their deadlines."""
    most = 0

    async def watch(asking: asyncio.Future[Any]) -> None:
        nonlocal most
        while not asking.done():
            judging = [thread for thread in threading.enumerate() if thread.name == "judge"]
            most = max(most, len(judging))
            await asyncio.sleep(0.001)

    server.answer("/export.zip", body=export(ARTICLES))
    async with ProbeContext() as context:
        asking = asyncio.gather(
            *(
                ask_http(
                    context,
                    server.url("/export.zip"),
                    timeout=PATIENCE,
                    expect={"zip": {"contains": ["*.xml"]}},
                )
                for _ in range(6)
            )
        )
        await watch(asking)
        assert [seen.detail for seen in await asking] == [""] * 6
    assert most == 2
