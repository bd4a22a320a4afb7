"""What was asked, without secrets: enough for somebody else to ask the same."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from monitor.model.estate import Check
from monitor.support.redaction import MASK, NOT_SECRET, Masker
from probes.dns.settings import DnsSettings
from probes.http.request_defaults import service_request
from probes.http.settings import HttpSettings
from probes.observation import Certificate, clean
from probes.settings import TlsSettings

VALUE_SHOWN = 300


def request_value(
    check: Check, client: Certificate | None, user_agent: str, masker: Masker
) -> dict[str, Any]:
    """``client`` is our own certificate, where one was used. Of files the names alone are told."""
    settings = check.settings
    value: dict[str, Any] = {"kind": check.kind, "target": clean(check.target)}
    if isinstance(settings, HttpSettings):
        value |= _http(settings, user_agent, masker)
    elif isinstance(settings, DnsSettings):
        value |= {"record": settings.record, "resolver": settings.resolver}
    else:
        starttls = getattr(settings, "starttls", None)
        value["starttls"] = None if starttls in (None, "none") else str(starttls)
    value["pinned_address"] = getattr(settings, "address", None)
    tls = settings.client_tls()
    plain = isinstance(settings, HttpSettings) and not settings.url.startswith("https:")
    value["tls"] = None if tls is None or plain else _tls(tls, client)
    return value


def _http(settings: HttpSettings, user_agent: str, masker: Masker) -> dict[str, Any]:
    asked = service_request(settings)
    headers = dict(asked.headers)
    if "user-agent" not in {name.lower() for name in headers}:
        headers["User-Agent"] = user_agent
    if scheme := _scheme(settings):
        headers["Authorization"] = f"{scheme} {MASK}"
    body: dict[str, Any] | None = None
    if settings.body_file is not None:
        body = {"bytes": None, "file": clean(settings.body_file.name)}
    elif asked.body is not None:
        body = {"bytes": len(asked.body), "file": None}
    url = settings.target()
    masker = masker.within((*headers.values(), url))
    return {
        "method": asked.method,
        "url": clean(masker.text(url), VALUE_SHOWN),
        "headers": [
            {"name": clean(name), "value": masker.text(_shown(name, value))}
            for name, value in headers.items()
        ],
        "body": body,
        "follow_redirects": settings.follow_redirects,
        "proxy": None if settings.proxy_url is None else _proxy(settings.proxy_url),
    }


def _scheme(settings: HttpSettings) -> str:
    if settings.basic_auth is not None:
        return "Basic"
    return "Bearer" if settings.bearer_token_file or settings.oauth2 else ""


def _shown(name: str, value: str) -> str:
    """A header's value, where its name says that it is no secret; of the others the scheme."""
    if name.lower() in NOT_SECRET:
        return clean(value, VALUE_SHOWN)
    scheme, blank, _ = value.partition(" ")
    known = blank and scheme.lower() in ("basic", "bearer", "digest", "negotiate")
    return f"{scheme} {MASK}" if known else MASK


def _proxy(url: str) -> str:
    """Its host and port, without our name there."""
    return clean(urlsplit(url).netloc.rpartition("@")[2])


def _tls(settings: TlsSettings, client: Certificate | None) -> dict[str, Any]:
    def name(of: Any) -> str | None:
        return None if of is None else clean(of.name)

    return {
        "ca_file": name(settings.ca_file),
        "server_name": settings.server_name,
        "min_version": settings.min_version,
        "max_version": settings.max_version,
        "insecure_skip_verify": settings.insecure_skip_verify,
        "client_certificate": None
        if settings.cert_file is None
        else {
            "file": name(settings.cert_file),
            "subject": None if client is None else clean(client.subject),
        },
    }
