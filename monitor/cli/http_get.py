"""Gets one document over HTTP for a command, whole, within a time and a size.

Standard library only, as commands start quickly; an error is one line without a password.
"""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from probes.observation import clean

if TYPE_CHECKING:
    import urllib.request

TIMEOUT = 10.0
"""Seconds for the whole exchange."""


class NoAnswerError(Exception):
    """There is no usable answer. The text says why, in one line; ``status`` is that of HTTP."""

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(clean(detail, 500))
        self.status = status


def without_password(url: str) -> str:
    """The address as it may be shown."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def http_get(url: str, limit: int, timeout: float = TIMEOUT) -> bytes:
    """Give the body of the answer to a GET, of ``limit`` bytes at most, within ``timeout`` seconds in all.
    A user and a password in the address are sent as HTTP's (RFC 7617).

    Raises :class:`NoAnswerError`.
    """
    got = _in_time(lambda: _get(url, limit, timeout), timeout)
    if isinstance(got, NoAnswerError):
        raise got
    return got


def _in_time(ask: Callable[[], bytes], timeout: float) -> bytes | NoAnswerError:
    found: list[bytes | NoAnswerError] = []
    # a server that drips may hold the thread, and not whoever waits for it
    thread = threading.Thread(target=lambda: found.append(_attempt(ask)), daemon=True)
    thread.start()
    thread.join(timeout)
    return found[0] if found else NoAnswerError(f"no answer within {timeout:g} s")


def http_send(
    url: str, method: str, document: object | None, limit: int, timeout: float = TIMEOUT
) -> tuple[int, bytes]:
    """Send JSON, or nothing; give HTTP's status and the body, of refusals too. As :func:`http_get` else."""
    import json
    import urllib.error
    import urllib.request

    class _NoRedirect(urllib.request.HTTPRedirectHandler):
        """A redirected POST would become a GET, and nothing be written."""

        def redirect_request(self, *_: object) -> None:
            return None

    build_opener = urllib.request.build_opener
    body = None if document is None else json.dumps(document).encode()
    answered: list[tuple[int, bytes]] = []

    def work() -> bytes:
        request = _request(url)
        request.method, request.data = method, body
        if body is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with build_opener(_NoRedirect).open(request, timeout=timeout) as answer:
                answered.append((answer.status, answer.read(limit)))
        except urllib.error.HTTPError as error:
            with error:
                answered.append((error.code, error.read(limit)))
        return b""

    found = _in_time(work, timeout)
    if isinstance(found, NoAnswerError):
        raise found
    return answered[0]


def _attempt(work: Callable[[], bytes]) -> bytes | NoAnswerError:
    # who reads a file needs none of it
    import urllib.error
    from http.client import HTTPException

    try:
        return work()
    except NoAnswerError as error:
        return error
    except urllib.error.HTTPError as error:
        error.close()  # it is the answer, too
        return NoAnswerError(f"HTTP {error.code} {error.reason}".rstrip(), error.code)
    except HTTPException as error:
        return NoAnswerError(f"the answer is no HTTP: {type(error).__name__}")
    except (OSError, ValueError) as error:
        return NoAnswerError(str(getattr(error, "reason", None) or error))


def _get(url: str, limit: int, timeout: float) -> bytes:
    import urllib.request

    request = _request(url)
    with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 - checked above
        body: bytes = answer.read(limit + 1)
    if len(body) > limit:
        raise NoAnswerError(f"the answer is larger than {limit} bytes")
    return body


def _request(url: str) -> urllib.request.Request:
    import urllib.request

    if not url.startswith(("http://", "https://")):
        raise NoAnswerError("write an http:// or https:// address")
    parts = urlsplit(url)
    request = urllib.request.Request(without_password(url))  # noqa: S310 - checked above
    if any(c.isspace() or not c.isprintable() for c in request.full_url):
        raise NoAnswerError("there is a space or a control character in the address")
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        sent = b64encode(pair.encode("utf-8", "surrogateescape")).decode()
        request.add_unredirected_header("Authorization", f"Basic {sent}")
    return request
