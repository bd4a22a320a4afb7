"""Pure: when what people plan and write was last changed, and how often.

A configuration does not say when its windows and notices were changed. So the daemon remembers a
fingerprint of each, in the history, and compares: that is where ``updated`` of a feed (RFC 4287,
4.2.15) and SEQUENCE of a calendar (RFC 5545, 3.8.7.4) come from. Without that memory every one
counts as new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import orjson

from monitor.judging.snapshot import Snapshot
from monitor.model.estate import Estate
from monitor.plan import Agenda, Notice

MOST = 10_000
"""What is remembered at most; the longest unchanged are forgotten first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What is known of one window or notice."""

    fingerprint: str
    number: int
    """0 when new, one more with each change."""
    changed_at: float


Revisions = Mapping[str, Revision]
"""By ``window/ID`` and ``notice/ID``."""


def revised(known: Revisions, snapshot: Snapshot, notices: Iterable[Notice]) -> Revisions:
    """``known`` brought up to ``snapshot``; ``known`` itself when nothing has changed."""
    found: dict[str, list[str]] = {}
    for window in {one.window for one in snapshot.agenda.occurrences}:
        found.setdefault(f"window/{window.id}", []).append(_plain(window))
    for notice in notices:
        found.setdefault(f"notice/{notice.id}", []).append(_plain(notice))
    changed: dict[str, Revision] = {}
    for key, parts in found.items():
        digest = hashlib.sha256("\n".join(sorted(parts)).encode("utf-8", "replace")).hexdigest()
        before = known.get(key)
        if before is None or before.fingerprint != digest:
            number = 0 if before is None else before.number + 1
            changed[key] = Revision(fingerprint=digest, number=number, changed_at=snapshot.at)
    if not changed:
        return known
    every = sorted({**known, **changed}.items(), key=lambda one: one[1].changed_at)
    return dict(every[-MOST:])


def dated(snapshot: Snapshot, revisions: Revisions) -> Snapshot:
    """``snapshot`` with when each notice was last changed, where its author has not said so."""
    notices = tuple(
        replace(one, changed_at=known.changed_at)
        if one.changed_at is None and (known := revisions.get(f"notice/{one.notice.id}"))
        else one
        for one in snapshot.notices
    )
    return replace(snapshot, notices=notices)


class RevisionLog:
    """What is known of all windows and notices, brought up to date whenever it is asked.

    ``keep`` is given each new state, packed; ``kept`` is the last one of the process before.
    """

    def __init__(self, kept: bytes, keep: Callable[[bytes], None]) -> None:
        self._known = unpacked_revisions(kept)
        self._keep = keep
        self._made_of: tuple[Estate, Agenda] | None = None

    def at(self, snapshot: Snapshot) -> Revisions:
        """As of ``snapshot``."""
        made_of = (snapshot.estate, snapshot.agenda)
        if self._made_of is None or any(
            new is not old for new, old in zip(made_of, self._made_of, strict=True)
        ):
            self._made_of = made_of
            known = revised(self._known, snapshot, snapshot.agenda.notices)
            if known is not self._known:
                self._known = known
                self._keep(packed_revisions(known))
        return self._known


def packed_revisions(revisions: Revisions) -> bytes:
    """For the history."""
    return orjson.dumps(
        {key: [one.fingerprint, one.number, one.changed_at] for key, one in revisions.items()}
    )


def unpacked_revisions(data: bytes) -> Revisions:
    """What :func:`packed_revisions` made; what cannot be read counts as nothing."""
    try:
        return {
            key: Revision(fingerprint=str(digest), number=int(number), changed_at=float(at))
            for key, (digest, number, at) in orjson.loads(data).items()
        }
    except (ValueError, TypeError, AttributeError):
        return {}


def _plain(value: Any) -> str:
    """A value's content as text, the same in every process."""
    if is_dataclass(value):
        inner = (f"{field.name}={_plain(getattr(value, field.name))}" for field in fields(value))
        return f"({', '.join(inner)})"
    if isinstance(value, frozenset | set):
        return repr(sorted(_plain(one) for one in value))
    return str(value) if value is not None else "-"
