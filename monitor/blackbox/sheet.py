"""What one probe of ``/probe`` comes to: samples under the exporter's names, and a log.

What the exporter says of a probe that never got there (a status of 0, phases of 0 s) is said here
too, as its users' rules and dashboards count on it; of certificates only what was seen is said.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from monitor.publish.metrics import families as f
from monitor.publish.metrics.exposition import Family, labels, number
from probes.observation import TlsFacts, clean

IP_HASH = Family("probe_ip_addr_hash", "gauge", "Hash of the address, to see that it changes.")
DNS_DURATION = Family("probe_dns_duration_seconds", "gauge", "Duration of the DNS request by phase.")  # fmt: skip
DNS_ANSWERS = Family("probe_dns_answer_rrs", "gauge", "Records in the answer section.")
DNS_AUTHORITY = Family("probe_dns_authority_rrs", "gauge", "Records in the authority section.")
DNS_ADDITIONAL = Family("probe_dns_additional_rrs", "gauge", "Records in the additional section.")
DNS_QUERY = Family("probe_dns_query_succeeded", "gauge", "Whether an answer came, whatever it says.")  # fmt: skip
DNS_SERIAL = Family("probe_dns_serial", "gauge", "Serial number of the zone.")

_VERSIONS = {"TLSv1": "TLS 1.0", "TLSv1.0": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2",
    "TLSv1.3": "TLS 1.3"}  # fmt: skip
_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193


@dataclass(slots=True)
class ProbeResult:
    """Samples in the order in which they were first put, and what happened."""

    success: bool = False
    log: list[str] = field(default_factory=list)
    _lines: dict[str, tuple[Family, dict[str, float]]] = field(default_factory=dict)

    def put(self, family: Family, value: float, **named: str) -> None:
        """One sample; the newest of the same labels counts."""
        _, samples = self._lines.setdefault(family.name, (family, {}))
        samples[f"{{{labels(**named)}}}" if named else ""] = value

    def say(self, text: str) -> None:
        """A line of the log."""
        self.log.append(clean(text, 400))

    def address(self, address: str | None, lookup: float | None) -> None:
        """What was connected to, and what it took to find that."""
        self.put(f.DNS_LOOKUP, lookup or 0)
        self.put(f.IP_PROTOCOL, 0 if address is None else 6 if ":" in address else 4)
        self.put(IP_HASH, 0 if address is None else fnv32a(address))

    def tls(self, facts: TlsFacts | None) -> None:
        """Of the certificates, verified or not."""
        if facts is None:
            return
        if facts.earliest_not_after is not None:
            self.put(f.EARLIEST_EXPIRY, facts.earliest_not_after)
        if facts.verified and facts.verified_not_after is not None:
            self.put(f.CHAIN_EXPIRY, facts.verified_not_after)
        leaf = facts.leaf
        if leaf is not None:
            serial = leaf.serial if len(leaf.serial) % 2 == 0 else f"0{leaf.serial}"
            self.put(
                f.CHAIN_INFO,
                1,
                fingerprint_sha256=leaf.sha256,
                subject=leaf.subject,
                issuer=leaf.issuer,
                subjectalternative=",".join(leaf.names),
                serialnumber=serial,
            )
        if facts.version:
            self.put(f.TLS_VERSION, 1, version=_VERSIONS.get(facts.version, facts.version))
        if facts.cipher:
            self.put(f.TLS_CIPHER, 1, cipher=facts.cipher)

    def text(self) -> str:
        """As Prometheus reads it, version 0.0.4."""
        parts = []
        for name, (family, samples) in sorted(self._lines.items()):
            parts.append(family.header().decode())
            parts.extend(f"{name}{at} {number(value)}\n" for at, value in samples.items())
        return "".join(parts)


def fnv32a(address: str) -> int:
    """The exporter's hash of an address: FNV-1a of its bytes, 32 bits."""
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    found = _FNV_OFFSET
    for byte in (mapped or parsed).packed:
        found = ((found ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return found
