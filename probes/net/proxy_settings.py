"""``proxy_url``: the address of an HTTP proxy, with our name and password there."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from probes.settings import HOST_PATTERN

DEFAULT_PORT = 80
_HOST = rf"(?:{HOST_PATTERN}|\[[0-9A-Fa-f:.]+\])"
_PATTERN = rf"^http://(?:[^\s/?#@]+@)?{_HOST}(?::[0-9]{{1,5}})?/?$"
_FORM = "write http://proxy.example.se:3128, or http://user:password@proxy.example.se:3128"


def _proxy_url(value: str) -> str:
    fault = _fault(value)
    if fault:
        # never with the value: what is wrong with it may be its password
        raise PydanticCustomError("proxy_url", "{what}", {"what": fault})
    return value


def _fault(value: str) -> str:
    if value.lower().startswith(("https://", "socks")):
        return f"must be an http:// proxy (it tunnels TLS with CONNECT): {_FORM}"
    if not re.fullmatch(_PATTERN, value, re.ASCII):
        return (
            f"is not the address of a proxy: {_FORM},"
            " with other characters than letters and digits percent-encoded"
        )
    try:
        port = urlsplit(value).port
    except ValueError:
        port = 0
    if port == 0:
        return "is not the address of a proxy: its port must be one of 1 to 65535"
    try:
        decoded = "".join(credentials(value) or ())
    except ValueError:
        return "must hold user and password as percent-encoded UTF-8, no colon in the user"
    if not decoded.isprintable():
        return "holds a user name or password with a control character"
    return ""


def credentials(url: str) -> tuple[str, str] | None:
    """User name and password of a proxy's address, percent-decoded (RFC 3986, 2.1); ``None`` when
    it has none. Raises ``ValueError`` for what is not UTF-8, or a colon in the name (RFC 7617, 2).
    """
    split = urlsplit(url)
    if split.username is None:
        return None
    user = unquote(split.username, errors="strict")
    if ":" in user:
        raise ValueError("a user name may hold no colon")
    return user, unquote(split.password or "", errors="strict")


ProxyUrl = Annotated[
    str,
    AfterValidator(_proxy_url),
    WithJsonSchema({"type": "string", "pattern": _PATTERN}),
]
