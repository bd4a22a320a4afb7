"""Pure: a changed certificate is an event.

For each check, and with ``address: all`` for each of its addresses, the server's own certificate is
compared with the one seen there before. The first sight is no event. A name behind which several
servers answer by turns shows several certificates by turns (A, B, A, B): the last few are
remembered, and the return of a known one within a day is told once and is no event. With
``address: all`` a certificate that reaches one address after the other is one event too.

No clock and no I/O. :class:`Known` is all there is to remember; it can be kept and restored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from probes.observation import Certificate, Observation

REMEMBERED = 8
"""Certificates of a check."""
RETURNS_WITHIN = 86_400.0
"""Seconds in which a certificate that was seen before is no news."""

Place = tuple[str, int]
"""An address (with ``address: all``; otherwise the empty word) and a number of redirects: what comes
after one is another server's.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """What is remembered of a server's own certificate. ``seen_at``: when it was last replaced by
    another one, or first seen.
    """

    sha256: str
    issuer: str
    not_after: float
    seen_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateChange:
    """The event: another certificate than before. ``at`` is the observation that showed it."""

    at: float
    before: Leaf
    after: Leaf
    address: str | None = None
    """With ``address: all``: where."""
    announced: str | None = None
    """The id of the service window that announced it; ``None`` outside of one."""

    @property
    def same_issuer(self) -> bool:
        return self.before.issuer == self.after.issuer

    @property
    def expected(self) -> bool:
        """Whether it is news only: announced, or by the issuer that one knows."""
        return self.same_issuer or self.announced is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one check's certificates."""

    current: Mapping[Place, Leaf] = field(default_factory=dict)
    """The newest, by place: place by place."""
    remembered: tuple[Leaf, ...] = ()
    """The last few of any place, newest last."""
    changes: Mapping[Place, CertificateChange] = field(default_factory=dict)
    """The newest change at each place."""
    newest: CertificateChange | None = None
    """The newest event."""
    alternating: bool = False
    """Whether it has been told that certificates return."""


NOTHING_KNOWN = Known()
"""The same for all checks of which none was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What one observation tells. ``alternates``: known certificates return, told for the first
    time since the last event.
    """

    changes: tuple[CertificateChange, ...] = ()
    alternates: bool = False


NOTHING = News()


def observe_certificate(
    before: Known, seen: Observation, announced: Callable[[], str | None]
) -> tuple[Known, News]:
    """One step: the state after an observation, and what is new. ``announced`` is asked only when
    something is: for the window that announces certificates at that instant.
    """
    known, news = before, NOTHING
    for place, address, leaf in _leaves(seen):
        current = known.current.get(place)
        if current is None or current.sha256 != leaf.sha256:
            known, told = _replaced(known, place, address, leaf, seen.at, announced())
            news = News(
                changes=news.changes + told.changes, alternates=news.alternates or told.alternates
            )
    if seen.parts:
        known = _without_gone(known, seen)
    return known, news


def change_of(
    known: Known, seen: Observation, address: str | None = None
) -> CertificateChange | None:
    """The change by which the certificate that ``seen`` shows came to be there; with ``address``
    ``seen`` is the part of it.
    """
    leaf = _leaf(seen)
    change = known.changes.get(_place(address, seen))
    return change if leaf and change and change.after.sha256 == leaf.sha256 else None


def _replaced(
    known: Known,
    place: Place,
    address: str | None,
    leaf: Certificate,
    at: float,
    announced: str | None,
) -> tuple[Known, News]:
    """``leaf`` is at ``place``, where another one was, or none."""
    old = known.current.get(place)
    new = Leaf(sha256=leaf.sha256, issuer=leaf.issuer, not_after=leaf.not_after, seen_at=at)
    elsewhere = any(one.sha256 == leaf.sha256 for one in known.current.values())
    remembered = known.remembered
    if old is not None:
        remembered = _with(remembered, replace(old, seen_at=at))
    returns = any(
        one.sha256 == leaf.sha256 and at - one.seen_at <= RETURNS_WITHIN for one in remembered
    )
    known = replace(known, current={**known.current, place: new}, remembered=_with(remembered, new))
    if old is None:
        return known, NOTHING
    if returns and not elsewhere:
        tell = not known.alternating
        return replace(known, alternating=True), News(alternates=tell)
    change = CertificateChange(
        at=at, before=replace(old, seen_at=at), after=new, address=address, announced=announced
    )
    known = replace(known, changes={**known.changes, place: change})
    if elsewhere:  # the same news, come to one more address
        return known, NOTHING
    return replace(known, newest=change, alternating=False), News(changes=(change,))


def _with(remembered: tuple[Leaf, ...], leaf: Leaf) -> tuple[Leaf, ...]:
    others = [one for one in remembered if one.sha256 != leaf.sha256]
    return (*others, leaf)[-REMEMBERED:]


def _without_gone(known: Known, seen: Observation) -> Known:
    """An address that the name no longer has is forgotten, as it is in the statuses."""
    addresses = {part.address or "" for part in seen.parts}
    gone = {place for place in known.current if place[0] not in addresses}
    if not gone:
        return known
    return replace(
        known,
        current={place: leaf for place, leaf in known.current.items() if place not in gone},
        changes={place: one for place, one in known.changes.items() if place not in gone},
    )


def _leaves(seen: Observation) -> Iterator[tuple[Place, str | None, Certificate]]:
    """The places that were looked at, and the certificate at each."""
    if not seen.parts:
        if (leaf := _leaf(seen)) is not None:
            yield _place(None, seen), None, leaf
        return
    for part in seen.parts:
        if (leaf := _leaf(part)) is not None:
            yield _place(part.address, part), part.address, leaf


def _leaf(seen: Observation) -> Certificate | None:
    """The certificate of one server. Of a probe that failed after a redirect nobody knows whose it
    is, so there is none.
    """
    if seen.tls is None:
        return None
    under_way = seen.failed and seen.http is not None and 300 <= seen.http.status < 400
    return None if under_way else seen.tls.leaf


def _place(address: str | None, seen: Observation) -> Place:
    return address or "", seen.http.redirects if seen.http is not None else 0
