"""``GET /probe?target=…&module=…``: what Prometheus asks the exporter for."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from pydantic import BaseModel

from monitor.blackbox.prober import NoPlaceError, Prober
from monitor.blackbox.sheet import ProbeResult
from monitor.blackbox.trusted import trusted, without_credentials
from monitor.publish.metrics.exposition import CONTENT_TYPE
from monitor.settings.blackbox.modules import Module
from probes.observation import clean

PATH = "/probe"
SCRAPE_TIMEOUT = "X-Prometheus-Scrape-Timeout-Seconds"
LONGEST = 120.0
"""Seconds that a probe may take where nobody says."""
OFFSET = 0.5
"""Seconds of a scrape's time that are left for the way back."""
USUAL_MODULE = "http_2xx"
_SECRET = frozenset({"password", "credentials", "bearer_token", "body", "proxy_url", "send"})

Modules = Mapping[str, Module]


def probe_route(
    modules: Callable[[], Modules | None],
    prober: Callable[[], Prober],
    targets: Callable[[], Sequence[str]] = lambda: (),
) -> Handler:
    """The handler of :data:`PATH`. ``modules`` gives those of now, ``None`` while there is no file,
    ``targets`` those that get the modules' credentials.
    """

    async def probe(request: web.Request) -> web.Response:
        known = modules()
        if known is None:
            raise web.HTTPNotFound(text="404: blackbox_modules names no file\n")
        asked = request.query
        name = asked.get("module") or USUAL_MODULE
        module = known.get(name)
        if module is None:
            raise _bad(f"unknown module {clean(name, 80)!r}")
        named = asked.getall("target", [])
        if len(named) != 1 or not named[0]:
            raise _bad("the parameter target is missing" if not named else "target: write one")
        hostname = asked.get("hostname", "")
        _check_hostname(module, hostname)
        timeout = time_left(request.headers.get(SCRAPE_TIMEOUT), module)
        asking, held_back = module, ()  # type: tuple[Module, tuple[str, ...]]
        if not trusted(named[0], targets()):
            asking, held_back = without_credentials(module)
        try:
            sheet = await prober().take(asking, named[0], hostname, timeout)
        except NoPlaceError:
            raise web.HTTPServiceUnavailable(text="503: too many probes are under way\n") from None
        headers = {hdrs.CACHE_CONTROL: "no-store"}
        if asked.get("debug") == "true":
            for what in held_back:
                sheet.say(f"{what} was not sent: the target is not among blackbox_targets")
            text = _debug(name, module, sheet)
            return web.Response(text=text, headers=headers)
        headers[hdrs.CONTENT_TYPE] = CONTENT_TYPE
        return web.Response(body=sheet.text().encode(), headers=headers)

    return probe


def time_left(header: str | None, module: Module) -> float:
    """Seconds that a probe may take. Raises ``HTTPBadRequest`` for a header that is no number."""
    try:
        scrape = float(header) if header else 0.0
    except ValueError:
        scrape = math.nan
    if not math.isfinite(scrape) or scrape < 0:
        raise _bad(f"{SCRAPE_TIMEOUT} is not a number of seconds")
    most = min(scrape, LONGEST) if scrape else LONGEST
    most = most - OFFSET if most > OFFSET else most
    return min(module.timeout, most) if module.timeout > 0 else most


def _check_hostname(module: Module, hostname: str) -> None:
    if not hostname:
        return
    if any(c <= " " or c == "\x7f" for c in hostname) or len(hostname) > 255:
        raise _bad("hostname is not the name of a host")
    if module.prober == "http":
        for name, value in module.http.headers.items():
            if name.lower() == "host" and value != hostname:
                raise _bad("the module has a Host header already, another than hostname")


def _bad(text: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=f"400: {text}\n")


def _debug(name: str, module: Module, sheet: ProbeResult) -> str:
    log = "".join(f"{line}\n" for line in sheet.log)
    shown = json.dumps({name: without_secrets(module)}, indent=2, ensure_ascii=False)
    return (
        f"Logs for the probe:\n{log}probe_success {1 if sheet.success else 0}\n\n\n"
        f"Metrics that would have been returned:\n{sheet.text()}\n\n"
        f"Module configuration:\n{shown}\n"
    )


def without_secrets(value: Any) -> Any:
    """Settings as they were written, without secrets."""
    if isinstance(value, BaseModel):
        return {
            key: "<secret>" if key in _SECRET else without_secrets(getattr(value, key))
            if key != "headers" else dict.fromkeys(value.headers, "<secret>")  # type: ignore[attr-defined]
            for key in type(value).model_fields if key in value.model_fields_set
        }  # fmt: skip
    if isinstance(value, list):
        return [without_secrets(one) for one in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
