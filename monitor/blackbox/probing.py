"""``/probe``: one probe for one scrape, as the blackbox exporter answers it."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs, web

from monitor.blackbox.asking import Asked, ask, name_server, resolved, succeeded
from monitor.blackbox.modules import Module
from monitor.publish.exposition import CONTENT_TYPE
from monitor.publish.probe_text import probe_text
from probes.observation import Cause, Grade, Observation, Reason, clean

if TYPE_CHECKING:
    from monitor.estate import Estate
    from probes.kinds import Kind
    from probes.tools import Tools

MOST = 100
"""Probes under way at a time; more are answered with 503."""
OFFSET = 0.5
"""Seconds of a scrape's time that are not the probe's, as the exporter's default."""
LONGEST = 120.0
"""Seconds of a probe whose scrape names no time, and of any other."""
_SCRAPE = "X-Prometheus-Scrape-Timeout-Seconds"
_SECRET = frozenset({"password", "bearer_token", "credentials", "proxy_url", "headers", "body"})


class BlackboxProbes:
    """Answers ``/probe``. ``estate`` gives the configuration of the moment."""

    def __init__(
        self,
        estate: Callable[[], Estate],
        kinds: Mapping[str, Kind],
        tools: Callable[[], Tools],
        *,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._estate = estate
        self._kinds = kinds
        self._tools = tools
        self._timer = timer
        self._under_way = 0

    async def serve(self, request: web.Request) -> web.Response:
        """400 for a question that cannot be asked, 503 for trouble of our own."""
        modules = self._estate().blackbox
        if modules is None:
            raise web.HTTPNotFound(text="404: blackbox_modules is not set\n")
        query = request.query
        target, name = query.get("target", ""), query.get("module", "http_2xx")
        module = modules.get(name)
        if module is None:
            raise web.HTTPBadRequest(text=f"400: there is no module {clean(name, 100)!r}\n")
        if not target:
            raise web.HTTPBadRequest(text="400: target is missing\n")
        timeout = _timeout(request.headers.get(_SCRAPE, ""), module)
        if self._under_way >= MOST:
            raise web.HTTPServiceUnavailable(
                text=f"503: {MOST} probes are under way\n", headers={hdrs.RETRY_AFTER: "5"}
            )
        self._under_way += 1
        began = self._timer()
        try:
            seen = await self._probe(module, target, query.get("hostname", ""), timeout)
        finally:
            self._under_way -= 1
        success, why = succeeded(module, seen)
        if seen.failed and seen.cause is Cause.MONITOR and not success:
            # not knowing is no outage: Prometheus sees a scrape that failed
            raise web.HTTPServiceUnavailable(
                text=f"503: {seen.reason}: {clean(seen.detail)}\n", headers={"X-Cause": "monitor"}
            )
        kind = _kind_of(module)
        body = probe_text(kind, seen, success=success, duration=self._timer() - began)
        if query.get("debug") == "true":
            told = _debug(name, module, target, seen, success=success, why=why)
            return web.Response(body=told.encode() + body, content_type="text/plain")
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: CONTENT_TYPE})

    async def _probe(
        self, module: Module, target: str, hostname: str, timeout: float
    ) -> Observation:
        tools = self._tools()
        at, began = tools.clock(), self._timer()
        try:
            asked = ask(module, await self._by_address(module, target, timeout), hostname)
        except ValueError as error:
            return _failed(at, Reason.PROTOCOL, str(error))
        except (OSError, TimeoutError) as error:
            return _failed(at, Reason.DNS, f"{target}: {str(error) or 'no answer in time'}")
        left = max(0.001, timeout - (self._timer() - began))
        return await self._prepared(asked, left, tools)

    async def _prepared(self, asked: Asked, timeout: float, tools: Tools) -> Observation:
        return await self._kinds[asked.kind].prepare(asked.settings, timeout, tools)()

    async def _by_address(self, module: Module, target: str, timeout: float) -> str:
        """A name server's address: who asks for its own name cannot ask it."""
        named = name_server(target) if module.prober == "dns" else None
        if named is None:
            return target
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout):
            found = await loop.getaddrinfo(*named, type=socket.SOCK_DGRAM)
        return resolved(str(found[0][4][0]), named[1])


def _kind_of(module: Module) -> str:
    return "certificate" if module.prober == "tcp" and module.tcp.tls else module.prober


def _failed(at: float, reason: Reason, detail: str) -> Observation:
    return Observation(
        at=at,
        duration=0.0,
        grade=Grade.FAILED,
        reason=reason,
        cause=Cause.TARGET,
        detail=clean(detail),
    )


def _timeout(scrape: str, module: Module) -> float:
    """Seconds that a probe may take. Raises 400 for a header that is no number."""
    seconds = LONGEST
    if scrape:
        try:
            given = float(scrape)
        except ValueError:
            given = math.nan
        if not given > 0 or math.isinf(given):
            raise web.HTTPBadRequest(text=f"400: {_SCRAPE} is not a number of seconds\n")
        seconds = given - OFFSET if given > OFFSET else given
    return min(seconds, LONGEST, module.timeout if module.timeout is not None else LONGEST)


def _debug(
    name: str, module: Module, target: str, seen: Observation, *, success: bool, why: str
) -> str:
    """What was seen, for people; secrets are left out."""
    said = [
        f"module: {name} ({module.prober})",
        f"target: {clean(target)}",
        f"success: {'yes' if success else 'no'}",
        f"grade: {seen.grade}",
    ]
    if seen.reason is not None:
        said.append(f"reason: {seen.reason} ({seen.cause}): {clean(seen.detail)}")
    if why:
        said.append(f"module: {why}")
    if seen.address is not None:
        said.append(f"address: {seen.address} of {', '.join(seen.resolved) or 'one'}")
    said += [f"phase {phase}: {seconds * 1000:.2f} ms" for phase, seconds in seen.phases.measured()]
    if seen.http is not None:
        said.append(f"answer: HTTP/{seen.http.version} {seen.http.status}")
    if seen.tls is not None:
        said += [f"certificate: {clean(one.subject)}" for one in seen.tls.chain]
    wanted = module.model_dump(mode="json", exclude_defaults=True)
    config = json.dumps(_without_secrets(wanted), ensure_ascii=False, indent=1)
    text = "\n".join(said)
    return f"{text}\n\nmodule's settings:\n{config}\n\nmetrics that would have been returned:\n"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: "***" if key in _SECRET and one else _without_secrets(one)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(one) for one in value]
    return value
