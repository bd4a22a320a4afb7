"""Why Apprise could not send. It says so in its log alone, beside addresses that hold passwords: what it
writes there is heard, and only which of the known troubles it was is passed on.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from contextvars import ContextVar

LOGGER = "apprise"
_MEANINGS = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (r"certificate has expired", "its certificate has expired"),
        (r"certificate is not yet valid", "its certificate is not valid yet"),
        (r"(?:hostname|address) mismatch|doesn't match", "its certificate is for another name"),
        (r"self[- ]signed|local issuer", "its certificate is by nobody that is known here"),
        (r"certificate[ _]verify[ _]failed", "its certificate is not trusted"),
        (r"wrong[ _]version[ _]number", "it does not speak TLS"),
        (r"unsupported[ _]protocol|protocol[ _]version", "it speaks only old versions of TLS"),
        (r"handshake[ _]failure|\[SSL|SSLError", "no TLS could be agreed on"),
        (r"time[d ]*[ -]?out", "no answer in time"),
        (r"connection refused", "no connection: it was refused"),
        (r"name or service not known|failed to resolve|nodename nor", "its name is not known"),
        (r"unreachable|no route", "no connection: no way there"),
        (r"reset by peer|aborted|closed|EOF", "the connection broke off"),
        (r"authentication|\b535\b", "it does not take our password"),
    )
)
_STATUS = re.compile(r"error=([1-5][0-9]{2})\b")


def meaning(text: str) -> str:
    """The trouble that a line of the log tells of, in words of ours; empty when it is none of these."""
    found = next((said for pattern, said in _MEANINGS if pattern.search(text)), "")
    if not found and (status := _STATUS.search(text)):
        return f"HTTP {status[1]}"
    return found


_listening: ContextVar[_Ear | None] = ContextVar("listening", default=None)


class _Ear(logging.Handler):
    """Hears one call, in whatever threads Apprise makes it: it takes the call's context there."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said = ""

    def emit(self, record: logging.LogRecord) -> None:
        if _listening.get() is self and not self.said:
            with contextlib.suppress(Exception):  # a line that cannot be formatted says nothing
                self.said = meaning(record.getMessage())


def hush() -> None:
    """From now on what Apprise logs goes nowhere else."""
    logger = logging.getLogger(LOGGER)
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    if not logger.handlers:  # with none at all, Python writes to standard error
        logger.addHandler(logging.NullHandler())


@contextlib.contextmanager
def overhearing() -> Iterator[_Ear]:
    """Hears what Apprise logs of the calls that are made meanwhile, here and not elsewhere."""
    ear = _Ear()
    before = _listening.set(ear)
    logger = logging.getLogger(LOGGER)
    logger.addHandler(ear)
    try:
        yield ear
    finally:
        logger.removeHandler(ear)
        _listening.reset(before)
