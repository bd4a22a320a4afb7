"""Web addresses of a configuration: what is taken for one, and how it is shown to people."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from probes.settings import join_host_port

DEFAULT_PORTS = {"http": 80, "https": 443}
_BLANK = re.compile(r"[\x00-\x20\x7f]")


def _url(value: str) -> str:
    split, fault = split_url(value)
    if split is None:
        raise PydanticCustomError(
            "url", "{shown} {fault}", {"shown": _shown(value), "fault": fault}
        )
    return value


def _shown(value: str) -> str:
    """A wrong address for a message: without user, password, query and fragment."""
    return repr(re.sub(r"//[^/?#]*@", "//…@", re.split(r"[?#]", value)[0]))


def split_url(value: str) -> tuple[SplitResult | None, str]:
    """The parts of an http or https address, or ``None`` and what is wrong with it."""
    if _BLANK.search(value):
        return None, "is not an address: it holds a space or a control character"
    try:
        split = urlsplit(value)
        port = split.port
    except ValueError as error:
        return None, f"is not an address: {error}"
    if split.scheme not in DEFAULT_PORTS:
        return None, "is not an http:// or https:// address"
    if not split.hostname or port == 0:
        return None, "is not an address: it names no host or port 0"
    if split.username is not None or split.password is not None:
        return None, "holds a user name or password: put them into basic_auth"
    return split, ""


def endpoint_of(url: str) -> tuple[str, int]:
    """Host and port of an address that is one."""
    split = urlsplit(url)
    return split.hostname or "", split.port or DEFAULT_PORTS[split.scheme]


def redact_url(value: str) -> str:
    """The address without user, password, query values and fragment, for people to read."""
    split = urlsplit(value)
    host = join_host_port(split.hostname or "", split.port) if split.port else split.hostname or ""
    if not split.port and ":" in host:
        host = f"[{host}]"
    names = [part.partition("=")[0] for part in split.query.split("&") if part]
    query = "?" + "&".join(f"{name}=…" for name in names) if names else ""
    return f"{split.scheme}://{host}{split.path or '/'}{query}"


Url = Annotated[
    str,
    AfterValidator(_url),
    WithJsonSchema({"type": "string", "pattern": r"^https?://[^\s/?#@]+([/?#]\S*)?$"}),
]
