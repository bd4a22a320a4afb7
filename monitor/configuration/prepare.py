"""A configuration made ready beside the one that applies: all that takes time, or can fail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.configuration.files import contents, named_files, paths_in
from monitor.judging.persisted_state import packed_state
from monitor.judging.tracked_estate import TrackedEstate
from monitor.model.diff import Difference, difference, sharing, usable
from monitor.model.estate import Check, CheckId, Estate
from monitor.publish.web.credentials import WebAccess, load_access
from monitor.scheduling.load import wanted
from monitor.scheduling.phase import Phase, phases_beside
from monitor.support.redaction import Masker, secrets_of
from probes.kind import Kind, Probe
from probes.net.context import ProbeContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Only to be put in the place of what is."""

    estate: Estate
    changes: Difference
    tracked: TrackedEstate
    """Of which nothing was observed."""
    begun: Mapping[str, bytes]
    """Packed states of the checks that begin: what an earlier one of the name saw is not theirs."""
    phases: Mapping[CheckId, Phase]
    masker: Masker
    """Knows the old secrets and the new."""
    access: WebAccess
    wanted: float
    """Probes a second."""
    contents: Mapping[Path, bytes]
    """Digests of the files that it names."""
    renewed: frozenset[CheckId]
    """Checks that go on, but are to be measured by a new probe: a file of theirs is another."""


def prepare_reload(
    old: Estate,
    new: Estate,
    *,
    masker: Masker,
    known: Mapping[Path, bytes],
    staying: Callable[[Iterable[Check], Collection[CheckId]], Mapping[CheckId, Phase]],
    now: float,
) -> Prepared:
    """Takes as long as it takes: for a thread. ``known`` are the contents of the files that the
    ``old`` one names, as far as they are known.

    Raises :class:`~monitor.publish.web.credentials.WebAccessError`.
    """
    shared = sharing(old, new)
    estate = usable(old, shared)
    changes = difference(old, shared)
    access = load_access(estate.web)
    seen = contents(named_files(estate))
    other = {path for path, digest in seen.items() if known.get(path) != digest}
    checks = tuple(estate.probed())
    anew = old.user_agent != estate.user_agent
    tracked = TrackedEstate(estate, now)
    return Prepared(
        estate=estate,
        changes=changes,
        tracked=tracked,
        begun={one: packed_state(tracked.trackers[one].state()) for one in changes.begun},
        phases=phases_beside(checks, staying(checks, changes.begun)),
        masker=masker.extended(secrets_of(estate)),
        access=access,
        wanted=wanted(checks),
        contents=seen,
        renewed=frozenset(
            check.id
            for check in checks
            if check.id not in changes.begun
            and (anew or (other and not other.isdisjoint(paths_in(check.settings))))
        ),
    )


def canaries_of(estate: Estate, kinds: Mapping[str, Kind], context: ProbeContext) -> list[Probe]:
    """The probes of the canaries; they say who we will be, which may not be who we are."""
    before, context.user_agent = context.user_agent, estate.user_agent
    try:
        return [kinds[c.kind].prepare(c.settings, c.timeout, context) for c in estate.canaries]
    finally:
        context.user_agent = before
