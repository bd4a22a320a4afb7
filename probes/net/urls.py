"""Web addresses of a configuration: what is taken for one, and how it is shown to people."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from yarl import URL

from probes.settings import is_ip, join_host_port

_AUTHORITY = re.compile("(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*")
DEFAULT_PORTS = {"http": 80, "https": 443}
_BLANK = re.compile(r"[\x00-\x20\x7f]")


def _url(value: str) -> str:
    split, fault = split_url(value)
    if split is None:
        raise PydanticCustomError("url", "{shown} {fault}", {"shown": shown(value), "fault": fault})
    return value


def shown(value: str) -> str:
    """A wrong address for a message: without user, password, query and fragment."""
    return repr(re.sub(r"//[^/?#]*@", "//…@", re.split(r"[?#]", value)[0]))


def split_url(value: str) -> tuple[SplitResult | None, str]:
    """The parts of an http or https address, or ``None`` and what is wrong with it."""
    if _BLANK.search(value):
        return None, "is not an address: it holds a space or a control character"
    try:
        split, host, port = _parts(value)
    except ValueError as error:
        return None, f"is not an address: {error}"
    if split.scheme not in DEFAULT_PORTS:
        return None, "is not an http:// or https:// address"
    if not host or port == 0:
        return None, "is not an address: it names no host or port 0"
    if "%" in host:
        return None, "is not an address: its host holds a %, as of a zone, which has no place there"
    if "@" in split.netloc:
        return None, "holds a user name or password: put them into basic_auth"
    try:
        ascii_host(host)
    except ValueError:
        return None, "is not an address: its host cannot be a name"
    return split, ""


@lru_cache(maxsize=8)
def _parts(url: str) -> tuple[SplitResult, str, int | None]:
    """With host and port, which the standard library looks for each time that they are asked for; a
    configuration is read address by address, and of each they are asked for several times.
    """
    split = urlsplit(url)
    return split, split.hostname or "", split.port


@lru_cache(maxsize=4096)
def ascii_host(host: str) -> str:
    """The one form of a host: in look-up, SNI, verification and ``Host`` alike. A name in small letters,
    in ASCII as browsers write it (UTS 46); an IP address at its shortest. A dot at its end stays: there
    it keeps search domains away, as for curl and Go. Raises ``ValueError`` for what is no name.
    """
    if is_ip(host):
        return str(ip_address(host)) if ":" in host else host
    if host.isascii():
        return host.lower()
    found = URL.build(scheme="http", host=host).raw_host or ""
    if not found.isascii():
        raise ValueError(host)
    return found.lower()


def canonical_url(split: SplitResult) -> URL:
    """The address to ask for: its host in its one form, without the port that goes without saying, with
    what may not stand on the wire percent-encoded (RFC 3986, 2.1), and nothing else changed.
    """
    host, port = ascii_host(split.hostname or ""), split.port
    where = f"[{host}]" if ":" in host else host
    if port is not None and port != DEFAULT_PORTS[split.scheme]:
        where = f"{where}:{port}"
    query = f"?{percent_encoded(split.query)}" if split.query else ""
    fragment = f"#{percent_encoded(split.fragment)}" if split.fragment else ""
    path = percent_encoded(split.path) or "/"
    return URL(f"{split.scheme}://{where}{path}{query}{fragment}", encoded=True)


def mended(text: str) -> str:
    """An address whose writer left out the percent-encoding, with it. The host, where a space or another
    script is no mistake of that sort, is left as it is.
    """
    head = _AUTHORITY.match(text)
    begin = head.end() if head is not None else 0
    return text[:begin] + percent_encoded(text[begin:])


def percent_encoded(text: str) -> str:
    """Spaces and what is no ASCII as their bytes; surrogates stand for bytes that were no UTF-8."""
    if text.isascii() and " " not in text:
        return text
    raw = text.encode("utf-8", "surrogateescape")
    return "".join(f"%{byte:02X}" if byte > 126 or byte == 32 else chr(byte) for byte in raw)


def endpoint_of(url: str) -> tuple[str, int]:
    """Host, in its one form, and port of an address that is one."""
    split, host, port = _parts(url)
    return ascii_host(host), port or DEFAULT_PORTS[split.scheme]


def parsed_url(url: str) -> URL:
    """The address to ask for, of one that is an address."""
    return canonical_url(urlsplit(url))


def redact_url(value: str) -> str:
    """The address without user, password, query values and fragment, for people to read."""
    split, name, port = _parts(value)
    host = join_host_port(name, port) if port else name
    if not port and ":" in host:
        host = f"[{host}]"
    names = [part.partition("=")[0] for part in split.query.split("&") if part]
    query = "?" + "&".join(f"{name}=…" for name in names) if names else ""
    return f"{split.scheme}://{host}{split.path or '/'}{query}"


Url = Annotated[
    str,
    AfterValidator(_url),
    WithJsonSchema({"type": "string", "pattern": r"^https?://[^\s/?#@]+([/?#]\S*)?$"}),
]
