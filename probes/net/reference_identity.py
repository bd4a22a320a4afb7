"""Pure: what the names in a server's certificate mean (RFC 9525), as Go and browsers take them.

OpenSSL's own check is another in three ways: it takes the common name where there is no other, lets no
wildcard stand for a name with an underscore, and a dot at a name's end counts.
"""

from __future__ import annotations

from collections.abc import Collection

from probes.settings import is_ip


def presented(name: str) -> str:
    """A DNS name of a certificate in the form in which it is compared: letters are all the same, and the
    dot at the end of a name says nothing (RFC 9525, 6.3).
    """
    return name.lower().removesuffix(".")


def is_for(host: str, names: Collection[str]) -> bool:
    """Whether a certificate with these ``presented`` names and IP addresses is ``host``'s, which is in its
    one form. The common name is no such name (RFC 9525, 2), an address is no DNS name and no DNS name an
    address. ``*`` stands for one whole label, the first (6.3).
    """
    wanted = host.removesuffix(".")
    if wanted in names:
        return True
    first, dot, rest = wanted.partition(".")
    return not is_ip(wanted) and bool(first and dot and rest) and f"*.{rest}" in names
