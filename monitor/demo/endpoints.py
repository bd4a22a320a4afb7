"""The demo's web applications: SOAP, FHIR and a file export that answer as the script has it."""

from __future__ import annotations

import asyncio
import io
import json
import time
import zipfile
from collections.abc import Awaitable, Callable
from email.utils import formatdate

from aiohttp import web
from aiohttp.typedefs import Middleware

from monitor.demo.script import Behaviour

Now = Callable[[], Behaviour]
"""How the service is to behave at this instant."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>{{body}}</soap:Body></soap:Envelope>\n'
)
_PONG = (
    '<ping:PingForConfigurationResponse xmlns:ping="urn:example:driftvakt:demo:1">'
    "<ping:version>17.1.4</ping:version><ping:pingDateTime>{now}</ping:pingDateTime>"
    "</ping:PingForConfigurationResponse>"
)
_FAULT = (
    "<soap:Fault><faultcode>soap:{code}</faultcode><faultstring>{text}</faultstring></soap:Fault>"
)


def demo_application(service: str, now: Now) -> web.Application:
    """The application of a service, ``ENV/SERVICE``."""
    app = web.Application(middlewares=[_misbehaving(now)], client_max_size=65_536)
    match service.rpartition("/")[2]:
        case "expo":
            app.router.add_post("/expo", _dispensing(now))
        case "nll":
            app.router.add_get("/fhir/metadata", _metadata(now))
        case _:
            app.router.add_get("/vara-export.zip", _export(now, _articles()))
    return app


def _misbehaving(now: Now) -> Middleware:
    """Slowness, broken connections and error pages, the same for every service."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        behaviour = now()
        if behaviour.delay:
            await asyncio.sleep(behaviour.delay)
        if behaviour.drops:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=502)
        if behaviour.status != 200:
            return web.Response(status=behaviour.status, text="Service Unavailable\n")
        return await handler(request)

    return middleware


def _dispensing(now: Now) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        if SOAP not in await request.text():
            return _soap(_FAULT.format(code="Client", text="not a SOAP envelope"), 500)
        if now().fault:
            return _soap(_FAULT.format(code="Server", text="the journal cannot be reached"), 200)
        return _soap(_PONG.format(now=time.strftime("%Y%m%d%H%M%S")), 200)

    return answer


def _soap(body: str, status: int) -> web.Response:
    return web.Response(
        status=status, text=_ENVELOPE.format(body=body), content_type="text/xml", charset="utf-8"
    )


def _metadata(now: Now) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        statement = {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-01-01",
            "kind": "instance",
            "software": {"name": "Demo NLL", "version": "21.2.0"},
            "fhirVersion": now().fhir_version,
            "format": ["application/fhir+json"],
            "rest": [{"mode": "server", "resource": [{"type": "MedicationRequest"}]}],
        }
        return web.Response(text=json.dumps(statement), content_type="application/fhir+json")

    return answer


def _export(now: Now, archive: bytes) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        made = formatdate(time.time() - now().export_age, usegmt=True)
        return web.Response(
            body=archive, content_type="application/zip", headers={"Last-Modified": made}
        )

    return answer


def _articles() -> bytes:
    """A zip file with a small article register."""
    packed = io.BytesIO()
    items = "".join(f'  <article nplPackId="2026{n:010}"/>\n' for n in range(100))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vara.xml", f"<?xml version='1.0'?>\n<articles>\n{items}</articles>\n")
    return packed.getvalue()
