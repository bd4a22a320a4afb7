"""What of a snapshot a reader has asked for, counted in one pass, and the one line that answers.

The pass stops after every few services, so that one of thousands of services holds nobody up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass

from monitor.judging.snapshot import EnvironmentView, ServiceView, Snapshot
from monitor.model.estate import ServiceId
from monitor.model.status import Status
from monitor.plan.windows import PlanScope
from monitor.publish.page.query import PageQuery, counted_as
from monitor.publish.page.words import WORDS

SLICE = 100
"""Services between two stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEnvironment:
    """An environment, and those of its services that are shown."""

    view: EnvironmentView
    services: tuple[ServiceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    whole: bool
    """Whether everything was asked for."""
    rows: tuple[ShownEnvironment, ...]
    """The sides of a group follow each other."""
    counted: Counter[str]
    """Services by what they are counted as."""
    closed: int
    """Those of the planned ones that are red."""
    worst: Status
    ids: frozenset[ServiceId]
    apart: frozenset[tuple[str, str]]
    """Group and name of the services that differ between the sides."""

    def touches(self, scope: PlanScope) -> bool:
        """Whether planned work or a notice concerns something that is shown."""
        if self.whole:
            return True
        if not scope.environments and not scope.services:
            return bool(self.rows)
        named = any(row.view.environment.name in scope.environments for row in self.rows)
        return named or not self.ids.isdisjoint(scope.services)


def select(snapshot: Snapshot, asked: PageQuery) -> Generator[str, None, Selection]:
    """Goes through all services; yields nothing but the loop, as an empty string."""
    order: dict[str, int] = {}
    for view in snapshot.environments:
        order.setdefault(_group(view), len(order))
    rows: list[ShownEnvironment] = []
    counted: Counter[str] = Counter()
    closed, worst, seen = 0, Status.GREEN, 0
    ids: set[ServiceId] = set()
    sides: dict[tuple[str, str], str] = {}
    apart: set[tuple[str, str]] = set()
    for view in sorted(snapshot.environments, key=lambda each: order[_group(each)]):
        if not asked.wants_environment(view):
            continue
        group, some = view.environment.group, list[ServiceView]()
        for each in view.services:
            seen += 1
            if seen % SLICE == 0:
                yield ""
            if not asked.wants_service(each):
                continue
            some.append(each)
            ids.add(each.service.id)
            tone = counted_as(each)
            counted[tone] += 1
            closed += tone == "planned" and each.status is Status.RED
            worst = max(worst, each.status, key=lambda status: status.severity)
            # what is planned on one side is no difference to wonder at
            if group and tone != "planned":
                key = (group, each.service.name)
                if sides.setdefault(key, tone) != tone:
                    apart.add(key)
        if some:
            rows.append(ShownEnvironment(view=view, services=tuple(some)))
    return Selection(
        whole=not asked.filtered,
        rows=tuple(rows),
        counted=counted,
        closed=closed,
        worst=worst if asked.filtered and rows else snapshot.status,
        ids=frozenset(ids),
        apart=frozenset(apart),
    )


def selected(snapshot: Snapshot, asked: PageQuery) -> Selection:
    """The same in one go, for whoever holds nobody up."""
    steps = select(snapshot, asked)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            found: Selection = done.value
            return found


def answer(selection: Selection, asked: PageQuery) -> tuple[str, list[str]]:
    """``6 av 200 tjänster har problem``, and what there is to say besides: ``20 planerat stängda``."""
    words, counted = WORDS[asked.language], selection.counted
    of, bad = counted.total(), counted["red"] + counted["yellow"]
    closed, disturbed = selection.closed, counted["planned"] - selection.closed
    if not of:
        return words["no_match" if asked.filtered else "nothing"], []
    if of == 1:
        alone = "closed" if closed else "disturbed" if disturbed else "trouble" if bad else ""
        return words[f"one_{alone or next(iter(counted))}"], []
    if counted["green"] == of:
        said = words["all_well"].format(of)
    elif counted["unknown"] == of:
        said = words["all_unknown"].format(of)
    else:
        said = words["of_trouble"].format(bad, of) if bad else words["no_trouble"].format(of)
    if asked.filtered:
        said += f" {words['chosen']}"
    further = [
        words[name if number > 1 else f"{name}_one"].format(number)
        for number, name in ((closed, "and_closed"), (disturbed, "and_disturbed"))
        if number
    ]
    if 0 < counted["unknown"] < of:
        further.append(words["of_unknown"].format(counted["unknown"]))
    return said, further


def _group(view: EnvironmentView) -> str:
    return view.environment.group or f"/{view.environment.name}"
