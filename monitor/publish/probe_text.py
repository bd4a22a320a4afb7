"""One observation as the blackbox exporter tells it: its families, its zeros, no labels of ours."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from monitor.publish import families as f
from monitor.publish import probe_lines
from monitor.publish.exposition import Family, number
from probes.observation import Observation, Phase, Reason

_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193
_MARK = "\0"
"""Where labels of ours would stand; no text from outside holds it."""

IP_HASH = Family(
    "probe_ip_addr_hash", "gauge", "Hash of the IP address (FNV-1a): another one, another number."
)
DNS_DURATION = Family("probe_dns_duration_seconds", "gauge", "Duration of the question by phase.")
DNS_ANSWERS = Family("probe_dns_answer_rrs", "gauge", "Records in the answer, of the asked type.")
DNS_SUCCEEDED = Family("probe_dns_query_succeeded", "gauge", "Whether the question was answered.")


def probe_text(kind: str, seen: Observation, *, success: bool, duration: float) -> bytes:
    """The text format, version 0.0.4, of one probe of that kind. ``duration``: of all of it."""
    body = bytearray()
    for family, lines in _families(kind, seen, success=success, duration=duration):
        if lines:
            body += family.header() + lines.encode()
    return bytes(body)


def _families(
    kind: str, seen: Observation, *, success: bool, duration: float
) -> Iterator[tuple[Family, str]]:
    phases = seen.phases
    yield f.SUCCESS, _plain(f.SUCCESS, 1 if success else 0)
    yield f.DURATION, _plain(f.DURATION, duration)
    yield f.DNS_LOOKUP, _plain(f.DNS_LOOKUP, phases.resolve or 0)
    version = 0 if not seen.address else 6 if ":" in seen.address else 4
    yield f.IP_PROTOCOL, _plain(f.IP_PROTOCOL, version)
    yield IP_HASH, _plain(IP_HASH, ip_hash(seen.address))
    if kind == "http":
        yield from _http(seen)
    if kind in ("tcp", "certificate"):
        yield f.REGEX, _plain(f.REGEX, 0)
    if kind == "dns":
        yield from _dns(seen)
    else:
        lines = probe_lines.tls(_MARK, seen.tls)
        for family, line in zip(probe_lines.TLS, lines, strict=True):
            yield family, line.replace("{\0,", "{").replace("{\0}", "")


def _http(seen: Observation) -> Iterator[tuple[Family, str]]:
    measured = dict(seen.phases.measured())
    yield (
        f.HTTP_DURATION,
        "".join(
            f'{f.HTTP_DURATION.name}{{phase="{phase}"}} {number(measured.get(phase, 0))}\n'
            for phase in (Phase if seen.reason is not Reason.DNS else (Phase.RESOLVE,))
        ),
    )
    facts = seen.http
    version = facts.version if facts is not None else "0"
    # where none was sent: -1 as the exporter has it, but for answers that have no body (RFC 9110)
    length = 0 if facts is None or facts.status in (204, 304) else -1
    if facts is not None and facts.content_length is not None:
        length = facts.content_length
    values: tuple[tuple[Family, float | None], ...] = (
        (f.HTTP_STATUS, facts.status if facts else 0),
        (f.HTTP_VERSION, float(version)),
        (f.HTTP_REDIRECTS, facts.redirects if facts else 0),
        (f.HTTP_SSL, 1 if facts is not None and facts.tls else 0),
        (f.HTTP_CONTENT_LENGTH, length),
        (f.HTTP_BODY_LENGTH, facts.body_bytes or 0 if facts else 0),
        (f.HTTP_LAST_MODIFIED, facts.last_modified if facts else None),
        (f.REGEX, 1 if seen.reason in (Reason.HEADER, Reason.BODY) else 0),
    )
    for family, value in values:
        yield family, "" if value is None else _plain(family, value)


def _dns(seen: Observation) -> Iterator[tuple[Family, str]]:
    phases = seen.phases
    asked = (
        ("resolve", phases.resolve),
        ("connect", phases.connect),
        ("request", (phases.processing or 0) + (phases.transfer or 0)),
    )
    yield (
        DNS_DURATION,
        "".join(
            f'{DNS_DURATION.name}{{phase="{phase}"}} {number(seconds or 0)}\n'
            for phase, seconds in asked
        ),
    )
    yield DNS_ANSWERS, _plain(DNS_ANSWERS, len(seen.dns.answers) if seen.dns else 0)
    yield DNS_SUCCEEDED, _plain(DNS_SUCCEEDED, 1 if seen.dns is not None else 0)


def _plain(family: Family, value: float) -> str:
    return f"{family.name} {number(value)}\n"


def ip_hash(address: str | None) -> int:
    """FNV-1a, 32 bits, of the address's bytes; 0 without one."""
    if not address:
        return 0
    value = _FNV_OFFSET
    for byte in ip_address(address.partition("%")[0]).packed:
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return value
