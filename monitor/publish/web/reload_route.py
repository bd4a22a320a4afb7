"""``POST /-/reload``: from this very machine, or from whoever has the password; never from a page of
somebody else that a browser here has open.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from monitor.model.reload_outcome import Ended, ReloadOutcome
from monitor.publish.status.renderer import dump
from monitor.publish.web.middleware import Lock

PATH = "/-/reload"
_OWN_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_ANOTHER = "not from a page of another site"
_FORWARDED = (
    hdrs.FORWARDED, hdrs.X_FORWARDED_FOR, hdrs.X_FORWARDED_HOST, hdrs.X_FORWARDED_PROTO,
    "X-Real-IP", hdrs.VIA,
)  # fmt: skip


def reload_route(reload: Callable[[], Awaitable[ReloadOutcome]], lock: Lock) -> Handler:
    """The handler. ``reload`` reads the configuration anew."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if why := why_refused(request, lock):
            return _said(403, why)
        outcome = await reload()
        if outcome.ended is Ended.RELOADED:
            headers = {hdrs.CACHE_CONTROL: "no-store"}
            body = dump(outcome.document()) + b"\n"
            return web.Response(body=body, content_type="application/json", headers=headers)
        return _said(outcome.ended.value, "\n".join(outcome.faults))

    return handle


def why_refused(request: web.Request, lock: Lock) -> str:
    """Why it may not be done; empty when it may. Who comes here has given the password, if there is
    one.
    """
    if _is_of_another_site(request, lock):
        return _ANOTHER
    if lock.locked:
        return ""
    if not from_this_machine(request):
        return "only from this machine, or with web.basic_auth"
    return ""


def own_pages(handler: Handler, lock: Lock) -> Handler:
    """The same handler, for nobody whom a page of somebody else has sent."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if _is_of_another_site(request, lock):
            return _said(403, _ANOTHER)
        return await handler(request)

    return handle


def _is_of_another_site(request: web.Request, lock: Lock) -> bool:
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is not None:
        own_name = (request.url.host or "").lower() in _OWN_NAMES
        # with a name of its own for us, a foreign page would be of one origin with us
        ours = f"{request.scheme}://{request.host}"
        if origin.lower() != ours.lower() or not (lock.locked or own_name):
            return True
    return request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")


def from_this_machine(request: web.Request) -> bool:
    """Whether whoever asks is here: a proxy here hands on what strangers ask, and shows it by a header
    of its own or by the name that they asked for.
    """
    if any(name in request.headers for name in _FORWARDED):
        return False
    host = (request.url.host or "").lower()
    return (host in _OWN_NAMES or _is_loopback(host)) and _from_here(request)


def _from_here(request: web.Request) -> bool:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    if not isinstance(peer, tuple):
        return False
    return _is_loopback(str(peer[0]).partition("%")[0])


def _is_loopback(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _said(status: int, text: str) -> web.Response:
    return web.Response(
        status=status, text=f"{status}: {text}\n", headers={hdrs.CACHE_CONTROL: "no-store"}
    )
