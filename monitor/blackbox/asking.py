"""Pure: a module and a target → a probe of ours, and what the module asks of its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import ValidationError

from monitor.blackbox.modules import DnsModule, HttpModule, Module, TcpModule
from probes.certificate_settings import CertificateSettings, KeyBits, Margin
from probes.dns_settings import DnsSettings, split_resolver
from probes.expect_settings import ExpectSettings
from probes.http_settings import HttpSettings
from probes.observation import Observation
from probes.settings import ProbeSettings, join_host_port
from probes.tcp import TcpSettings

MAX_BODY_BYTES = 10 * 1_048_576
"""The exporter reads whatever comes."""
LONGEST_TARGET = 2_000
_SMALLEST = KeyBits(rsa=512, ec=160)
_NEVER = Margin.model_validate({"yellow": "0s", "red": "0s"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to probe, by the kinds of ours."""

    kind: str
    settings: ProbeSettings


def ask(module: Module, target: str, hostname: str = "") -> Asked:
    """What the module asks of ``target``. ``hostname`` goes into the Host header and the TLS
    handshake where the module names no other.

    Raises ``ValueError`` for a target that the module cannot be asked of.
    """
    if not target or len(target) > LONGEST_TARGET:
        raise ValueError("the target is empty, or too long")
    try:
        if module.prober == "http":
            return Asked(kind="http", settings=_http(module.http, target, hostname))
        if module.prober == "tcp":
            return _tcp(module.tcp, target, hostname)
        if module.dns is None:
            raise ValueError("the module has no question")
        return Asked(kind="dns", settings=_dns(module.dns, target))
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"]) from None


def _http(module: HttpModule, target: str, hostname: str) -> HttpSettings:
    url = target if target.startswith(("http://", "https://")) else f"http://{target}"
    headers = dict(module.headers)
    names = {name.lower() for name in headers}
    if hostname and "host" not in names:
        headers["Host"] = hostname
    token = module.bearer_token
    token_file = module.bearer_token_file
    if module.authorization is not None:
        token_file = module.authorization.credentials_file
        if module.authorization.credentials is not None:
            headers["Authorization"] = (
                f"{module.authorization.type} {module.authorization.credentials}"
            )
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    codes = [str(code) for code in module.valid_status_codes] or ["2xx"]
    return HttpSettings(
        url=url,
        method=module.method,
        headers=headers,
        body=module.body,
        body_file=module.body_file,
        follow_redirects=module.follow_redirects,
        max_body_bytes=MAX_BODY_BYTES,
        # a proxy connects as it likes
        ip_version=module.ip_version if module.proxy_url is None else "any",
        basic_auth=module.basic_auth,
        bearer_token_file=token_file,
        proxy_url=module.proxy_url,
        tls=module.tls_config.settings(hostname or None),
        expect=ExpectSettings(
            status=codes,
            headers={one.header: one.regexp for one in module.fail_if_header_not_matches},
            body_matches=module.fail_if_body_not_matches_regexp,
            body_not_matches=module.fail_if_body_matches_regexp,
        ),
    )


def _tcp(module: TcpModule, target: str, hostname: str) -> Asked:
    host, port = _host_port(target)
    if not module.tls:
        settings: ProbeSettings = TcpSettings(host=host, port=port, ip_version=module.ip_version)
        return Asked(kind="tcp", settings=settings)
    settings = CertificateSettings(
        host=host,
        port=port,
        ip_version=module.ip_version,
        tls=module.tls_config.settings(hostname or None),
        # how long they are valid is for rules to judge, as with the exporter
        expires_within=_NEVER,
        client_expires_within=_NEVER,
        min_key_bits=_SMALLEST,
    )
    return Asked(kind="certificate", settings=settings)


def _dns(module: DnsModule, target: str) -> DnsSettings:
    return DnsSettings(host=module.query_name, record=module.query_type, resolver=target)


def name_server(target: str) -> tuple[str, int] | None:
    """Name and port of a name server that is not given by its address; ``None`` where it is."""
    try:
        split_resolver(target)
    except ValueError:
        host, colon, port = target.rpartition(":")
        return (host, int(port)) if colon and port.isdigit() else (target, 53)
    return None


def _host_port(target: str) -> tuple[str, int]:
    parts = urlsplit(f"//{target}")
    if parts.hostname is None or parts.port is None or parts.path or parts.username is not None:
        raise ValueError(f"write host:port, not {target!r}")
    return parts.hostname, parts.port


def resolved(address: str, port: int) -> str:
    """The target that names a name server by its address."""
    return join_host_port(address, port)


def succeeded(module: Module, seen: Observation) -> tuple[bool, str]:
    """What the exporter would say of it, and why when that is not what we say."""
    facts = seen.http
    if module.prober == "dns" and seen.failed and seen.dns is not None:
        # an answer without answers is one; what they must be is not asked
        return seen.dns.rcode == "NOERROR", "an empty answer is an answer"
    if module.prober == "tcp" and module.tcp.tls and module.tcp.tls_config.insecure_skip_verify:
        # whatever the certificate is: there was a handshake
        spoken = seen.tls is not None and seen.tls.version is not None
        return spoken, "the certificate is not looked at (insecure_skip_verify)"
    if seen.failed or module.prober != "http" or facts is None:
        return not seen.failed, ""
    if module.http.fail_if_ssl and facts.tls:
        return False, "the last request went over TLS (fail_if_ssl)"
    if module.http.fail_if_not_ssl and not facts.tls:
        return False, "the last request did not go over TLS (fail_if_not_ssl)"
    versions = module.http.valid_http_versions
    if versions and f"HTTP/{facts.version}" not in versions:
        return False, f"HTTP/{facts.version} is not among valid_http_versions"
    return True, ""
