"""Pure: what ``/probe`` tells a target that any caller may name: nothing that is a secret, unless the
target is on the list beside the modules (``blackbox_targets``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from monitor.settings.blackbox.modules import HttpModule, Module, TcpModule

_PARTS = re.compile(
    r"(?:(?P<scheme>https?)://)?"
    r"(?P<host>\[[^\]]+\](?:/[0-9]{1,3})?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:/[0-9]{1,3})?|"
    r"[0-9.]+/[0-9]{1,2}(?=$|:)|[^:/]+)(?::(?P<port>[0-9]+|\*))?(?P<path>/.*)?$",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[!-\[\]-~]+")
"""What all readers of addresses read alike."""
_PORTS = {"http": 80, "https": 443}
_HARMLESS = frozenset({
    "accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "connection",
    "content-type", "host", "if-modified-since", "if-none-match", "origin", "pragma", "prefer", "range",
    "referer", "soapaction", "te", "upgrade-insecure-requests", "user-agent", "via",
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-request-id",
    "x-requested-with", "x-scheme",
})  # fmt: skip
"""Headers that are no credentials; any other may be one, whatever it is called."""
_CREDENTIAL = re.compile(
    r"passw|passphrase|pwd|secret|token|api-?key|credential|assertion|\bpass\b|\bauth|\blogin\b|bearer|basic ",
    re.IGNORECASE,
)


def trusted(target: str, patterns: Iterable[str]) -> bool:
    """Whether a target, an address or ``host:port``, matches one of the list."""
    if not _PLAIN.fullmatch(target):
        return False
    try:
        asked = urlsplit(target if "://" in target else f"//{target}")
        host, port = (asked.hostname or "").rstrip("."), asked.port
    except ValueError:
        return False
    scheme = asked.scheme.lower()
    port = port or _PORTS.get(scheme)
    return any(_matches(pattern, scheme, host, port, asked.path or "/") for pattern in patterns)


def _matches(pattern: str, scheme: str, host: str, port: int | None, path: str) -> bool:
    """``pattern`` is ``[http[s]://]HOST[:PORT][/PATH]``, where HOST may be ``*.DOMAIN``, an address or
    a network, PORT ``*``, and PATH is the beginning of one.
    """
    if pattern == "*":
        return True
    wanted = _PARTS.match(pattern)
    if wanted is None or not host:
        return False
    if wanted["scheme"] and wanted["scheme"].lower() != (scheme or "http"):
        return False
    usual = _PORTS.get((wanted["scheme"] or "").lower())
    wanted_port = None if wanted["port"] == "*" else int(wanted["port"] or usual or 0)
    if wanted_port and wanted_port != (port or _PORTS["http"]):
        return False
    prefix = (wanted["path"] or "").removesuffix("*").rstrip("/")
    if prefix and path != prefix and not path.startswith(f"{prefix}/"):
        return False
    return _is_host(wanted["host"].lower().rstrip("."), host.lower())


def _is_host(wanted: str, host: str) -> bool:
    if wanted.startswith("*."):
        return host.endswith(wanted[1:])
    try:
        network = ip_network(wanted.replace("[", "").replace("]", ""), strict=False)
        return ip_address(host) in network
    except ValueError:
        return wanted == host


def without_credentials(module: Module) -> tuple[Module, tuple[str, ...]]:
    """The module without what may be a secret, and the names of what was left out."""
    if module.prober == "http":
        plain, left_out = _http(module.http)
        return (module.model_copy(update={"http": plain}) if left_out else module), left_out
    if module.prober == "tcp":
        talk, left_out = _tcp(module.tcp)
        return (module.model_copy(update={"tcp": talk}) if left_out else module), left_out
    return module, ()


def _http(module: HttpModule) -> tuple[HttpModule, tuple[str, ...]]:
    secrets = [
        name
        for name in (
            "basic_auth",
            "authorization",
            "bearer_token",
            "bearer_token_file",
            "body_file",
        )
        if getattr(module, name) is not None
    ]
    if module.body is not None and _CREDENTIAL.search(module.body):
        secrets.append("body")
    headers = [name for name in module.headers if name.lower() not in _HARMLESS]
    kept = {name: value for name, value in module.headers.items() if name not in headers}
    changed = {**dict.fromkeys(secrets), "headers": kept}
    left_out = (*secrets, *(f"headers.{name}" for name in headers))
    return module.model_copy(update=changed), left_out


def _tcp(module: TcpModule) -> tuple[TcpModule, tuple[str, ...]]:
    """A dialogue ends before it would say a secret."""
    for number, step in enumerate(module.query_response):
        if step.send and _CREDENTIAL.search(step.send):
            steps = module.query_response[:number]
            plain = module.model_copy(update={"query_response": steps})
            return plain, tuple(
                f"query_response[{later}]" for later in range(number, len(module.query_response))
            )
    return module, ()
