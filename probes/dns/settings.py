"""Settings of kind ``dns``."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from probes.settings import Host, ProbeSettings, is_ip, no_zone

DNS_PORT = 53
Record = Literal["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"]
_FAMILIES: dict[str, type[IPv4Address | IPv6Address]] = {
    "A": IPv4Address,
    "AAAA": IPv6Address,
}


def split_resolver(value: str) -> tuple[str, int]:
    """Address and port of ``192.0.2.53``, ``192.0.2.53:5353``, ``2001:db8::53`` or
    ``[2001:db8::53]:5353``. Raises ``ValueError``.
    """
    if is_ip(value):
        return value, DNS_PORT
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})", value)
    if found is None:
        raise ValueError(value)
    host, port = found[1] or found[2], int(found[3])
    if not is_ip(host) or (":" in host) != bool(found[1]) or not 1 <= port <= 65535:
        raise ValueError(value)
    return host, port


def _resolver(value: str) -> str:
    no_zone(value)
    try:
        split_resolver(value)
    except ValueError:
        raise PydanticCustomError(
            "resolver",
            "{shown} is not a name server: write an IP address, with :port when it is not 53",
            {"shown": repr(value)},
        ) from None
    return value


_V4 = r"[0-9]{1,3}(\.[0-9]{1,3}){3}"
_V6 = r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+"
ResolverText = Annotated[
    str,
    AfterValidator(_resolver),
    WithJsonSchema(
        {"type": "string", "pattern": rf"^({_V4}(:[0-9]{{1,5}})?|{_V6}|\[{_V6}\]:[0-9]{{1,5}})$"}
    ),
]


def normal_answer(text: str, record: str) -> str:
    """An expected answer, as people write it, in the form in which it is compared. A TXT record may be
    written as in a zone file, in quotation marks (RFC 1035, 5.1), or as the text that it is. Raises
    ``ValueError`` for a text that is no address where the record holds one.
    """
    if record == "TXT" and re.fullmatch(_QUOTED, text):
        return "".join(_unquoted(one) for one in re.findall(_STRING, text))
    return compared(text, record)


def compared(text: str, record: str) -> str:
    """An answer in the form in which two of them are compared: a TXT record as it is, to the letter; all
    else in lower case, names without the dot at their end, addresses as they are usually written. Raises
    ``ValueError``.
    """
    family = _FAMILIES.get(record)
    if family is not None:
        return str(family(text))
    if record == "TXT":
        return text
    return " ".join(word.rstrip(".") or "." for word in text.lower().split())


_STRING = r'"((?:[^"\\]|\\.)*)"'
_QUOTED = rf"\s*{_STRING}(?:\s*{_STRING})*\s*"


def _unquoted(text: str) -> str:
    r"""Without the escapes of a zone file: ``\"``, and ``\195`` for a byte."""
    raw = b"".join(
        bytes((int(number),)) if number and int(number) < 256 else (number or plain).encode()
        for number, plain in re.findall(r"\\([0-9]{3})|\\?(.)", text, re.DOTALL)
    )
    return raw.decode("utf-8", "surrogateescape")


class DnsSettings(ProbeSettings):
    """One question to a name server, and what the answer must be."""

    host: Host
    """A name; with ``record: PTR`` an address as well."""
    record: Record = "A"
    addresses: Annotated[list[str], Field(min_length=1)] | None = None
    """All that the answer must hold, in any order, and nothing else."""
    resolver: ResolverText | None = None
    """The name server to ask, instead of the system's first."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if is_ip(self.host) and self.record != "PTR":
            raise PydanticCustomError(
                "dns",
                "{host} is an address, which has no {record} record: write a name",
                {"host": self.host, "record": self.record},
            )
        for expected in self.addresses or ():
            try:
                normal_answer(expected, self.record)
            except ValueError:
                raise PydanticCustomError(
                    "dns",
                    "{shown} is not what a {record} record holds: write an {version} address",
                    {
                        "shown": repr(expected),
                        "record": self.record,
                        "version": "IPv4" if self.record == "A" else "IPv6",
                    },
                ) from None
        return self

    def target(self) -> str:
        return f"{self.host} {self.record}"

    def endpoint(self) -> tuple[str, int]:
        if self.resolver is not None:
            return split_resolver(self.resolver)
        return "system resolver", DNS_PORT
