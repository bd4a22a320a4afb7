"""One observation as lines of the families that the blackbox exporter made known.

Each function gives the lines of its families, in their order; ``at`` is the inside of the braces:
the labels of the check and, where each address is probed, of the address. A value that was not
measured gives no line.
"""

from __future__ import annotations

from monitor.publish.metrics import families as f
from monitor.publish.metrics.exposition import escape, number
from probes.observation import HttpFacts, Observation, TlsFacts

TIMING = (f.SUCCESS, f.DURATION, f.HTTP_DURATION, f.DNS_LOOKUP, f.IP_PROTOCOL)
HTTP = (
    f.HTTP_STATUS,
    f.HTTP_VERSION,
    f.HTTP_REDIRECTS,
    f.HTTP_SSL,
    f.HTTP_CONTENT_LENGTH,
    f.HTTP_BODY_LENGTH,
    f.HTTP_LAST_MODIFIED,
    f.REGEX,
)
TLS = (f.EARLIEST_EXPIRY, f.CHAIN_EXPIRY, f.CHAIN_INFO, f.TLS_VERSION, f.TLS_CIPHER)

_TLS_VERSIONS = {
    "TLSv1": "TLS 1.0",
    "TLSv1.0": "TLS 1.0",
    "TLSv1.1": "TLS 1.1",
    "TLSv1.2": "TLS 1.2",
    "TLSv1.3": "TLS 1.3",
}


def timing(at: str, seen: Observation, *, http: bool) -> tuple[str, ...]:
    """Of :data:`TIMING`. ``http``: whether the phases are those of an HTTP request."""
    phases = seen.phases
    by_phase = lookup = protocol = ""
    if http:
        by_phase = "".join(
            f'probe_http_duration_seconds{{{at},phase="{phase}"}} {number(seconds)}\n'
            for phase, seconds in phases.measured()
        )
    if phases.resolve is not None:
        lookup = f"probe_dns_lookup_time_seconds{{{at}}} {number(phases.resolve)}\n"
    if seen.address:
        protocol = f"probe_ip_protocol{{{at}}} {6 if ':' in seen.address else 4}\n"
    return (
        f"probe_success{{{at}}} {0 if seen.failed else 1}\n",
        f"probe_duration_seconds{{{at}}} {number(seen.duration)}\n",
        by_phase,
        lookup,
        protocol,
    )


def _line(name: str, at: str, value: float | None) -> str:
    return "" if value is None else f"{name}{{{at}}} {number(value)}\n"


def _version(written: str) -> float | None:
    try:
        return float(written)
    except ValueError:
        return None


def http(at: str, facts: HttpFacts | None) -> tuple[str, ...]:
    """Of :data:`HTTP`."""
    if facts is None:
        return ("",) * len(HTTP)
    return (
        f"probe_http_status_code{{{at}}} {facts.status}\n",
        _line("probe_http_version", at, _version(facts.version)),
        f"probe_http_redirects{{{at}}} {facts.redirects}\n",
        f"probe_http_ssl{{{at}}} {1 if facts.tls else 0}\n",
        _line("probe_http_content_length", at, facts.content_length),
        _line("probe_http_uncompressed_body_length", at, facts.body_bytes),
        _line("probe_http_last_modified_timestamp_seconds", at, facts.last_modified),
        f"probe_failed_due_to_regex{{{at}}} {1 if facts.regex_failed else 0}\n",
    )


def tls(at: str, facts: TlsFacts | None) -> tuple[str, ...]:
    """Of :data:`TLS`."""
    if facts is None:
        return ("",) * len(TLS)
    info = version = cipher = ""
    leaf = facts.leaf
    if leaf is not None:
        serial = leaf.serial if len(leaf.serial) % 2 == 0 else f"0{leaf.serial}"
        info = (
            f'probe_ssl_last_chain_info{{{at},fingerprint_sha256="{escape(leaf.sha256)}",'
            f'subject="{escape(leaf.subject)}",issuer="{escape(leaf.issuer)}",'
            f'subjectalternative="{escape(",".join(leaf.names))}",'
            f'serialnumber="{escape(serial)}"}} 1\n'
        )
    if facts.version:
        spelled = _TLS_VERSIONS.get(facts.version, facts.version)
        version = f'probe_tls_version_info{{{at},version="{escape(spelled)}"}} 1\n'
    if facts.cipher:
        cipher = f'probe_tls_cipher_info{{{at},cipher="{escape(facts.cipher)}"}} 1\n'
    verified = facts.verified_not_after if facts.verified else None
    return (
        _line("probe_ssl_earliest_cert_expiry", at, facts.earliest_not_after),
        _line("probe_ssl_last_chain_expiry_timestamp_seconds", at, verified),
        info,
        version,
        cipher,
    )


def certificate_expiry(at: str, facts: TlsFacts | None) -> str:
    """Of ``driftvakt_certificate_expiry_timestamp_seconds``, by position in the chain."""
    if facts is None:
        return ""
    ends = {
        "leaf": facts.leaf.not_after if facts.leaf else None,
        "intermediate": min(
            # a root that is sent along is none; clients have their own
            (cert.not_after for cert in facts.chain[1:] if not cert.self_signed),
            default=None,
        ),
        "client": facts.client.not_after if facts.client else None,
    }
    return "".join(
        f'driftvakt_certificate_expiry_timestamp_seconds{{{at},position="{position}"}} '
        f"{number(end)}\n"
        for position, end in ends.items()
        if end is not None
    )
