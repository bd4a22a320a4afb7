"""Following a redirect (RFC 9110, 15.4): over http and https alone, and without credentials when it
leaves the origin. A proxy stays on the way.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

from yarl import URL

from probes.failure import ProbeFailure
from probes.http.settings import HttpSettings
from probes.net.hop import Hop
from probes.net.http1 import Request
from probes.net.transport import Route
from probes.net.urls import DEFAULT_PORTS, canonical_url, mended, split_url
from probes.observation import Reason, clean
from probes.settings import TlsSettings

_CONTROL = re.compile("[\\x00-\\x1f\\x7f]")
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HARMLESS_HEADERS = frozenset({"accept", "accept-language", "accept-encoding", "user-agent"})


def redirected(request: Request, status: int, location: str, settings: HttpSettings) -> Request:
    """The request that a redirect asks for. Raises :class:`ProbeFailure` when it is not to be
    followed.
    """
    url = _target(request.url, location)
    host, port = url.raw_host or "", url.port or DEFAULT_PORTS[url.scheme]
    method, body = request.method, request.body
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, body = "GET", None
    old = request.hop
    if url.origin() == request.url.origin():
        hop = Hop(old.trace, old.route, old.tls, old.proxy)
        return Request(method, url, request.headers, body, hop)
    if body is not None:
        raise ProbeFailure(
            Reason.REDIRECTS, f"redirect to {clean(host)} would carry the request's body there"
        )
    harmless = {k: v for k, v in request.headers.items() if k.lower() in _HARMLESS_HEADERS}
    same_host = host == old.route.host
    route = Route(host, port, old.route.address if same_host else None, settings.ip_version)
    tls = None
    if url.scheme == "https":
        tls = settings.tls if same_host else _without_identity(settings.tls)
    return Request(method, url, harmless, body, Hop(old.trace, route, tls, old.proxy))


def _target(base: URL, location: str) -> URL:
    """The address that a redirect names, relative ones in place of ``base``'s end (RFC 9110, 10.2.2). What
    should have been encoded is encoded, as curl, Go and browsers do. Raises :class:`ProbeFailure`.
    """
    split, fault = None, "is not an address: it holds a control character"
    if not _CONTROL.search(location):
        try:
            split, fault = split_url(urljoin(str(base), mended(location)))
        except ValueError:
            fault = "is not an address"
    if split is None:
        raise ProbeFailure(
            Reason.REDIRECTS, f"redirect to {_without_secrets(location)}, which {fault}"
        )
    return canonical_url(split)


def _without_identity(settings: TlsSettings) -> TlsSettings:
    """For another host: our certificate is a credential, and the name was the old host's."""
    return settings.model_copy(update={"cert_file": None, "key_file": None, "server_name": None})


def _without_secrets(location: str) -> str:
    return clean(re.sub(r"//[^/@]*@", "//…@", location.partition("?")[0]), 80)
