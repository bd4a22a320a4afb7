"""Pure: cipher suites that clients take and nobody should offer."""

from __future__ import annotations

from probes.observation import TlsFacts, clean


def cipher_weakness(facts: TlsFacts) -> str | None:
    """What is weak about the cipher suite that was agreed on, in words (RFC 9325, 4.2). Clients take it."""
    cipher = facts.cipher
    if cipher is None or facts.version == "TLSv1.3":
        return None
    if not cipher.startswith(("ECDHE-", "DHE-")):
        return f"the cipher suite {clean(cipher, 40)} is weak: it has no forward secrecy"
    if cipher.endswith("-SHA"):
        return f"the cipher suite {clean(cipher, 40)} is weak: it is CBC with SHA-1"
    return None
