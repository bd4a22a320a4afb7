"""Pure: a published status that changes, and how such a change is named."""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from dataclasses import dataclass, field

from monitor.model.estate import CheckId
from monitor.model.status import Status
from probes.observation import Cause, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A service's or an environment's published status changing."""

    at: float
    """When it was noticed."""
    since: float
    """The first observation of the run that led to it."""
    environment: str
    service: str | None
    """``None``: the environment's own."""
    before: Status
    after: Status
    began: float | None = None
    """When the disturbance that ends with this began; ``None`` when none does."""
    planned: bool = False
    check: str | None = None
    """The check that decided it, where one did."""
    reason: Reason | None = None
    cause: Cause | None = None
    was_planned: bool = False
    """Whether a service window explained the status before."""
    window: str | None = None
    """The id of the service window that explains it, or explained it until now."""
    reconfigured: bool = False
    """Whether nothing has happened but that the configuration was changed."""
    decided_by: CheckId | None = field(default=None, compare=False, repr=False)
    """The check whose facts are its evidence, while the process that saw it lives: not kept."""
    _id: str = field(default="", init=False, compare=False, repr=False)

    @property
    def id(self) -> str:
        """A name for good: the same wherever and whenever the same transition is told."""
        if not self._id:  # asked for by everybody who tells of it, and as dear as all the rest
            made = transition_id(
                self.environment, self.service, self.before.value, self.after.value, self.at
            )
            object.__setattr__(self, "_id", made)
        return self._id

    @property
    def changes_status(self) -> bool:
        """Otherwise only what explains the status has changed: a service window began or ended."""
        return self.before is not self.after

    @property
    def overrun(self) -> bool:
        """Whether a service window is over and what it explained is not."""
        troubled = self.after in (Status.YELLOW, Status.RED)
        return troubled and self.was_planned and not self.planned

    @property
    def worsening(self) -> bool:
        """Whether it became yellow or red from something better, or stays so without a plan."""
        worse = self.after.severity > max(self.before.severity, Status.UNKNOWN.severity)
        return worse or self.overrun


_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter is taken for a digit when an id is read aloud."""


_FROM_RFC_4648 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _ALPHABET.encode())


_LOOKALIKES = str.maketrans("oil", "011")


_TIME_DIGITS = 9


_HASH_DIGITS = 7


SHORTEST_PREFIX = 6


PREFIX_PATTERN = f"^[{_ALPHABET}]{{{SHORTEST_PREFIX},{_TIME_DIGITS + _HASH_DIGITS}}}$"
"""The beginning of an id, for people who type it."""


FULL_LENGTH = _TIME_DIGITS + _HASH_DIGITS


ID_PATTERN = f"^[{_ALPHABET}]{{{FULL_LENGTH}}}$"


def transition_id(environment: str, service: str | None, before: str, after: str, at: float) -> str:
    """16 characters, the first 9 of which sort by time (to the millisecond).

    ``at`` is in seconds since the epoch. The same transition has the same id wherever it is made,
    so that what is told twice can be known as one.
    """
    told = f"{environment}/{service or ''} {before} {after} {at!r}"
    digest = int.from_bytes(hashlib.blake2b(told.encode(), digest_size=8).digest())
    bits = 5 * _HASH_DIGITS
    number = (int(at * 1000) % 32**_TIME_DIGITS) << bits | digest % (1 << bits)
    return b32encode(number.to_bytes(FULL_LENGTH * 5 // 8)).translate(_FROM_RFC_4648).decode()


def read_id(text: str) -> str | None:
    """An id, or the beginning of one, as somebody has typed it; ``None`` for what is neither.

    Crockford's reading: capitals are small letters, O is 0, I and L are 1.
    """
    plain = text.strip().lower().translate(_LOOKALIKES)
    return plain if re.fullmatch(PREFIX_PATTERN, plain) else None


def span_of(prefix: str) -> tuple[float, float]:
    """The instants, seconds since the epoch, that the ids which begin so lie within: from the first
    on, before the second.
    """
    digits = prefix[:_TIME_DIGITS]
    first = 0
    for digit in digits:
        first = first * len(_ALPHABET) + _ALPHABET.index(digit)
    unit = len(_ALPHABET) ** (_TIME_DIGITS - len(digits))
    # a millisecond more on both sides: a float is not exact
    return (first * unit - 1) / 1000, ((first + 1) * unit + 1) / 1000
