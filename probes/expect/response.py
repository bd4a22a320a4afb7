"""What the rules of ``expect`` judge, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from multidict import CIMultiDict, CIMultiDictProxy, MultiMapping

from probes.observation import Reason, clean

QUOTED = 60
"""Characters of a server's text that a detail quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What there is of a response to judge."""

    status: int
    headers: CIMultiDict[str] | CIMultiDictProxy[str] | MultiMapping[str]
    """By name in any case, several lines of a name kept apart."""
    body: bytes
    truncated: bool
    """The body went on past ``max_body_bytes``."""
    declared_bytes: int | None
    """Content-Length, when the body is not content-encoded."""
    at: float
    """When it was received, seconds since the epoch: "now" for freshness."""
    charset: str | None = None

    @property
    def content_type(self) -> str:
        """The media type in small letters, without parameters; empty when it is not told."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """One expectation that did not hold."""

    reason: Reason
    detail: str
    regex: bool = False
    """Whether a regular expression was what did not hold."""


Rule = Callable[[Response], Shortfall | None]


def quoted(text: str) -> str:
    return f'"{clean(text, QUOTED)}"'


def span(seconds: float) -> str:
    """A length of time in the largest unit that leaves a number above one."""
    for unit, size in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.1f}".removesuffix(".0") + " s"
