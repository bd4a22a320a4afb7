"""Pure: what is known and what was published, as bytes that outlive the process, and back.

The history keeps a check's state now and then, and its observations always: a restart takes the
state and folds the observations that came after it. What was published of a service or an
environment is kept with each transition. A state of another target, or one that another release
wrote and that is not understood, is nothing: the check begins anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

from pydantic import TypeAdapter, ValidationError

from monitor.judging.fold import Fold
from monitor.judging.grade import Verdict
from monitor.judging.standing import Standing
from monitor.judging.transition_context import RememberedResult
from monitor.model.certificate_changes import CertificateChange, Known, Leaf, Place
from monitor.model.estate import Check
from monitor.model.status import Status
from probes.observation import Observation

JUST_BEFORE = 0.001
"""Seconds: the first observation may be of the very instant at which its check begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressState:
    """One address of a check with ``address: all``."""

    address: str
    fold: Fold
    last: Observation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What is known of the certificates at one place."""

    place: Place
    leaf: Leaf
    change: CertificateChange | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckState:
    """Everything that a check's row knows and cannot work out from its configuration."""

    of: str
    """:func:`identity` of the check."""
    fold: Fold
    standing: Standing
    started_at: float
    parts: tuple[AddressState, ...] = ()
    last: Observation | None = None
    verdict: Verdict | None = None
    evidence: Observation | None = None
    latencies: tuple[float, ...] = ()
    recent: tuple[RememberedResult, ...] = ()
    placed: tuple[Placed, ...] = ()
    remembered: tuple[Leaf, ...] = ()
    newest: CertificateChange | None = None
    alternating: bool = False

    @property
    def at(self) -> float:
        """The newest instant of which it knows: of the newest observation in it, or just before the
        check began. What was seen later is not in it.
        """
        if self.fold.trouble is not None:
            return self.fold.trouble.at
        return self.fold.at if self.fold.at is not None else self.started_at - JUST_BEFORE

    @property
    def known(self) -> Known:
        """What is known of its certificates."""
        return Known(
            current={one.place: one.leaf for one in self.placed},
            remembered=self.remembered,
            changes={one.place: one.change for one in self.placed if one.change is not None},
            newest=self.newest,
            alternating=self.alternating,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedState:
    """The same of a check that is measured from declared locations."""

    standing: Standing
    rows: tuple[CheckState, ...]
    """Of its locations, our own first."""

    @property
    def at(self) -> float:
        """The newest instant of which our own knows: what others see does not come from here."""
        return self.rows[0].at


AnyCheckState = CheckState | LocatedState


def placed(known: Known) -> tuple[Placed, ...]:
    """The certificates by place, as they are kept."""
    return tuple(
        Placed(place=place, leaf=leaf, change=known.changes.get(place))
        for place, leaf in known.current.items()
    )


def identity(check: Check) -> str:
    """What must be the same for a state to say anything about a check: its kind and its target."""
    target = f"{check.kind} {check.target} {check.host} {check.port} {check.location}"
    return hashlib.blake2b(target.encode(), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedState:
    """What was published of a service or an environment."""

    status: Status
    since: float
    began: float | None = None
    """When the disturbance that goes on began."""
    planned: bool = False


# made when they are first needed, after the first probes, for each takes a while


@cache
def _of_checks() -> TypeAdapter[CheckState]:
    return TypeAdapter(CheckState)


@cache
def _of_located() -> TypeAdapter[LocatedState]:
    return TypeAdapter(LocatedState)


@cache
def _of_published() -> TypeAdapter[PublishedState]:
    return TypeAdapter(PublishedState)


def packed_state(state: AnyCheckState | PublishedState) -> bytes:
    """JSON."""
    if isinstance(state, LocatedState):
        return _of_located().dump_json(state)
    if isinstance(state, CheckState):
        return _of_checks().dump_json(state)
    return _of_published().dump_json(state)


def unpacked_state(data: bytes, check: Check) -> AnyCheckState | None:
    """The state, if it is one of this very check. Raises ``ValueError`` for what is none.

    Where locations were declared since, or are no longer, it is that of the place it is of.
    """
    state: AnyCheckState
    try:
        state = _of_checks().validate_json(data)
    except ValidationError:
        state = _of_located().validate_json(data)
    own = identity(check)
    rows = (state,) if isinstance(state, CheckState) else state.rows
    known = next((one for one in rows if one.of == own), None)
    if known is None or not check.locations:
        return known
    others = tuple(one for one in rows if one is not known)
    return LocatedState(standing=state.standing, rows=(known, *others))


def unpacked_published(data: bytes) -> PublishedState | None:
    """The state, if it is understood."""
    try:
        return _of_published().validate_json(data)
    except ValidationError:
        return None
