"""What people write without an editor: strict models of what the daemon is sent, and their plans.

Every text is made fit for one line of a page; a time without an offset is local to the estate's zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from monitor.model.estate import Estate
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.plan import Acknowledgement, Impact, Notice, Planned, Silence, Window
from monitor.settings.errors import hint, show_path
from monitor.settings.text import CheckRef, Name, ServiceRef, Time
from probes.observation import clean
from probes.settings import PositiveDuration, Strict

LONGEST = 366 * 86_400.0
"""Seconds ahead at which something written by hand may end."""
EARLIER = 60.0
"""Seconds before now at which a window may begin: clocks differ."""


def _fit(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("empty", "must not be empty")
    return clean(value.strip(), 2_000)


Words = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_fit)]
Short = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_fit)]


class _Ending(Strict):
    id: Name | None = Field(default=None, max_length=64)
    author: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_fit)] | None = None
    until: Time | None = None
    for_: PositiveDuration | None = Field(default=None, alias="for")

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.until is not None and self.for_ is not None:
            raise PydanticCustomError("end", "give until or for, one of them")
        return self


class _Scoped(_Ending):
    environments: Annotated[list[Name], Field(min_length=1, max_length=100)] | None = None
    services: Annotated[list[ServiceRef], Field(min_length=1, max_length=100)] | None = None


class WindowByHand(_Scoped):
    """A service window, once."""

    title: Short
    message: Words | None = None
    impact: Literal["none", "disturbance", "outage"]
    start: Time | None = None
    changes_certificates: bool = False


class NoticeByHand(_Scoped):
    """A message to readers."""

    title: Short | None = None
    message: Words
    status: Literal["green", "yellow", "red"] | None = None
    from_: Time | None = Field(default=None, alias="from")


class AcknowledgementByHand(_Ending):
    """Somebody is at it."""

    service: ServiceRef
    because: Words


class SilenceByHand(_Scoped):
    """Nobody need be told."""

    because: Words


class RunByHand(Strict):
    """A measurement now, of a service or of one check."""

    service: ServiceRef | None = None
    check: CheckRef | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.service is None) == (self.check is None):
            raise PydanticCustomError("run", "give service or check, one of them")
        return self


MODELS: Mapping[str, type[_Ending]] = {
    "windows": WindowByHand,
    "notices": NoticeByHand,
    "acknowledgements": AcknowledgementByHand,
    "silences": SilenceByHand,
}


class ByHandError(ValueError):
    """What was sent cannot be used. The text says where and what to do."""


def read_by_hand(model: type[BaseModel], document: Any) -> Any:
    """The values of ``document``. Raises :class:`ByHandError` with every fault."""
    try:
        return model.model_validate(document)
    except ValidationError as invalid:
        faults = []
        for error in invalid.errors(include_url=False, include_input=False):
            said = error["msg"]
            if error["type"] == "extra_forbidden":
                names = {one.alias or name for name, one in model.model_fields.items()}
                said = "unknown key" + hint(str(error["loc"][-1]), names)
            path = show_path(tuple(error["loc"]))
            faults.append(f"{path}: {said}" if path else said)
        raise ByHandError(clean("; ".join(faults), 1_000)) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """By whom something was written, under which name and when, in seconds since the epoch."""

    kind: str
    id: str
    author: str
    at: float
    ended_at: float | None = None
    """When a person, or a green service, ended it."""


def plan_of(sent: Any, written: Written, estate: Estate) -> Planned:
    """What ``sent`` (one of :data:`MODELS`) plans. Raises :class:`ByHandError`: an end that is missing,
    not after the start, or too far away.
    """
    zone = estate.timezone

    def instant(moment: datetime, key: str) -> float:
        try:
            at = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
        except (OverflowError, ValueError):
            at = inf
        if not written.at - LONGEST <= at <= written.at + LONGEST + 1:  # ends are whole seconds
            raise ByHandError(f"{key}: must be within a year")
        return at

    key = "from" if isinstance(sent, NoticeByHand) else "start"
    begins = getattr(sent, "start", None) or getattr(sent, "from_", None)
    start = instant(begins, key) if begins is not None else written.at
    if isinstance(sent, WindowByHand) and start < written.at - EARLIER:
        raise ByHandError("start: is over: what has been measured stays as it was measured")
    ends = instant(sent.until, "until") if sent.until is not None else None
    if sent.for_ is not None:
        ends = start + sent.for_
    if ends is None and not isinstance(sent, AcknowledgementByHand):
        raise ByHandError(
            "until: is missing: everything written by hand ends (or give for, such as 2h)"
        )
    if ends is not None and not max(start, written.at) < ends <= written.at + LONGEST + 1:
        raise ByHandError("until: must be after the start and after now, within a year")
    if written.ended_at is not None:
        ends = written.ended_at if ends is None else min(ends, written.ended_at)
    if isinstance(sent, AcknowledgementByHand):
        return Acknowledgement(
            id=written.id, author=written.author, written_at=written.at, ends=ends,
            because=sent.because, services=frozenset((sent.service,)),
        )  # fmt: skip
    scope: dict[str, Any] = {
        "environments": frozenset(sent.environments or ()),
        "services": frozenset(sent.services or ()),
    }
    if isinstance(sent, SilenceByHand):
        if not sent.environments and not sent.services:
            raise ByHandError("services: name an environment or a service that is to be silent")
        return Silence(
            id=written.id, author=written.author, written_at=written.at, ends=ends,
            because=sent.because, **scope,
        )  # fmt: skip
    if isinstance(sent, NoticeByHand):
        return Notice(
            id=written.id, author=written.author, title=_both(sent.title),
            message=Text(sv=sent.message, en=sent.message), updated=written.at,
            status=Status(sent.status) if sent.status is not None else None,
            begins=start, ends=ends, **scope,
        )  # fmt: skip
    assert ends is not None  # noqa: S101 - checked above
    cancelled = ends <= start
    if cancelled:  # it never began
        ends = start + (sent.for_ or 1.0) if sent.until is None else instant(sent.until, "until")
    return Window(
        id=written.id, author=written.author, title=Text(sv=sent.title, en=sent.title),
        message=_both(sent.message), impact=Impact(sent.impact), cancelled=cancelled,
        starts=datetime.fromtimestamp(start, zone).replace(tzinfo=None),
        ends=datetime.fromtimestamp(ends, zone).replace(tzinfo=None),
        zone=zone, changes_certificates=sent.changes_certificates, **scope,
    )  # fmt: skip


def check_names(sent: Any, estate: Estate) -> None:
    """Raises :class:`ByHandError` for an environment, service or check that is not watched."""
    known: dict[str, set[str]] = {
        "environments": {one.name for one in estate.environments},
        "services": {str(one.id) for one in estate.services()},
        "checks": {str(one.id) for one in estate.checks()},
    }
    named = [("environments", one) for one in getattr(sent, "environments", None) or ()]
    named += [("services", one) for one in getattr(sent, "services", None) or ()]
    named += [(f"{key}s", one) for key in ("service", "check") if (one := getattr(sent, key, None))]
    for key, name in named:
        if name not in known[key]:
            raise ByHandError(
                f"{key.removesuffix('s')}: {name} is not watched{hint(name, known[key])}"
            )


def _both(text: str | None) -> Text | None:
    return None if text is None else Text(sv=text, en=text)
