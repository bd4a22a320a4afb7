"""What people do without an editor: kept in the history, planned beside the configuration's own."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import structlog

from monitor.history.errors import HistoryTroubleError
from monitor.history.history import History
from monitor.judging.board import Board
from monitor.model.estate import Check, Estate
from monitor.model.records import ByHandRow
from monitor.model.status import Status
from monitor.model.transition import Transition
from monitor.plan import Acknowledgement, Planned, Silence
from monitor.publish.web.by_hand_routes import Answer
from monitor.runtime.by_hand_rows import ended, fixed, lives, plan_of_row, row_value
from monitor.scheduling.runner import Runner
from monitor.scheduling.scheduler import Schedule
from monitor.settings.by_hand import (
    MODELS,
    ByHandError,
    RunByHand,
    check_names,
    read_by_hand,
)

log = structlog.get_logger("driftvakt")

MOST = 200
"""Things of one kind that may be live."""
RATE, SPAN = 60, 60.0
"""Writings, and the seconds in which there may be so many."""
BEHIND, REMEMBERED = 30 * 86_400.0, 2_000
"""Seconds for which what has ended is remembered, and how many things at most."""
LATE = 86_400.0
"""Seconds after which the end of a silence that nobody has noticed is no news."""
SECTIONS = {"windows": "service_windows", "notices": "notices"}


class ByHand:
    """Belongs to one event loop. ``changed`` is called when something else is planned, ``silence_over``
    with an ``ENV/SERVICE`` that may be told of again.
    """

    def __init__(
        self,
        history: History | None,
        board: Board,
        runner: Runner,
        schedule: Schedule,
        *,
        estate: Callable[[], Estate],
        clock: Callable[[], float],
        timer: Callable[[], float],
    ) -> None:
        self._history = history
        self._board = board
        self._runner = runner
        self._schedule = schedule
        self._estate = estate
        self._clock = clock
        self._timer = timer
        self._rows: dict[tuple[str, str], ByHandRow] = {}
        self._plans: dict[tuple[str, str], Planned] = {}
        self._silent: set[tuple[str, str]] = set()
        """Silences whose end has not been told of."""
        self._acknowledged: set[tuple[str, str]] = set()
        """Acknowledgements that last."""
        self._written: list[float] = []
        self._stale = False
        """Whether what is planned has changed and nobody was told."""
        self.known = False
        """Whether the history has said what there is."""
        self.changed: Callable[[], object] = lambda: None
        self.silence_over: Callable[[str], object] = lambda service: None

    @property
    def planned(self) -> tuple[Planned, ...]:
        """What is remembered; of what is only said of a disturbance, what lasts."""
        now = self._clock()
        return tuple(
            one
            for one in self._plans.values()
            if not isinstance(one, Acknowledgement | Silence) or one.active(now)
        )

    async def load(self) -> None:
        """Takes up what earlier processes were given; without an answer it may be tried again."""
        if self._history is None or self.known:
            return
        try:
            rows = await self._history.by_hand(self._clock() - BEHIND)
        except HistoryTroubleError:
            return
        self.known = True
        for row in rows:
            try:
                self._take(row, self._plan(row))
            except (ByHandError, ValueError, KeyError) as error:
                log.error("by_hand_unreadable", kind=row.kind, id=row.id, error=str(error))

    def _plan(self, row: ByHandRow) -> Planned:
        return plan_of_row(row, self._estate())

    def _take(self, row: ByHandRow, plan: Planned) -> None:
        key = row.kind, row.id
        self._rows[key], self._plans[key] = row, plan
        if isinstance(plan, Silence) and plan.active(self._clock() - LATE):
            self._silent.add(key)
        if isinstance(plan, Acknowledgement) and plan.active(self._clock()):
            self._acknowledged.add(key)

    # asked by the web

    def listed(self, kind: str) -> list[dict[str, Any]]:
        """What is live, as it was written."""
        now = self._clock()
        return [
            row_value(row) for row in self._rows.values() if row.kind == kind and lives(row, now)
        ]

    async def add(self, kind: str, document: Any, author: str) -> Answer:
        """Writes a new one."""
        sent = self._read(kind, document)
        if isinstance(sent, Answer):
            return sent
        id_ = sent.id or f"{kind[0]}-{secrets.token_hex(4)}"
        if (kind, id_) in self._rows or id_ in self._configured(kind):
            return _refused(409, f"id: there is {id_} already: leave it out, or take another")
        now = self._clock()
        if sum(row.kind == kind and lives(row, now) for row in self._rows.values()) >= MOST:
            return _refused(429, f"there are {MOST} {kind} already: end some first")
        if kind == "acknowledgements":
            state = self._board.published_of(sent.service)
            if state is None or state.status is Status.GREEN:
                return _refused(409, f"{sent.service} is green: there is nothing to acknowledge")
        return await self._write(kind, id_, document, author or sent.author or "?", 201)

    async def change(self, kind: str, id_: str, document: Any, author: str) -> Answer:
        """Writes parts of one anew (RFC 7396)."""
        row = self._live(kind, id_)
        if isinstance(row, Answer):
            return row
        if not isinstance(document, dict):
            return _refused(400, "must be a JSON object")
        old = orjson.loads(row.document)
        if {"until", "for"} & document.keys():
            old = {key: value for key, value in old.items() if key not in ("until", "for")}
        merged = {key: value for key, value in {**old, **document}.items() if value is not None}
        sent = self._read(kind, {**merged, "id": id_})
        if isinstance(sent, Answer):
            return sent
        return await self._write(kind, id_, merged, author or sent.author or "?", 200)

    async def end(self, kind: str, id_: str, author: str) -> Answer:
        """Ends one now; a window that has not begun is cancelled."""
        row = self._live(kind, id_)
        if isinstance(row, Answer):
            return row
        if refusal := self._too_many():
            return refusal
        over = ended(row, self._clock())
        if answer := await self._keep(over):
            return answer
        log.info("by_hand_ended", kind=kind, id=id_, author=author)
        self.changed()
        return Answer(200, row_value(over))

    async def run(self, document: Any) -> Answer:
        """Measures a service or a check as soon as its promises allow it."""
        try:
            sent = read_by_hand(RunByHand, document)
            check_names(sent, self._estate())
        except ByHandError as error:
            return _refused(400, str(error))
        if refusal := self._too_many():
            return refusal
        wanted = sent.service or sent.check
        estate = self._estate()
        found = [one for one in estate.probed() if wanted in (one.id, str(one.service_id))]
        if not found:
            said = f"{wanted} is measured from other locations than this one, {estate.location}"
            return _refused(409, said)
        now, before, runs = self._clock(), dict[tuple[str, int], int](), []
        for check in found:
            wait = self._runner.wait(check) + self._behind(check, before)
            self._schedule.sooner(check.id, now)
            runs.append({"check": check.id, "due_in_s": round(wait, 3)})
        return Answer(202, {"runs": runs})

    @staticmethod
    def _behind(check: Check, before: dict[tuple[str, int], int]) -> float:
        """Seconds for those of the same request that go before it to the same host and port."""
        where = check.host, check.port
        before[where] = before.get(where, -1) + 1
        return before[where] * max((one.seconds for one in check.promises), default=0.0)

    # as time goes on

    def saw(self, transition: Transition) -> None:
        """A service that is green again ends its acknowledgements."""
        if transition.after is not Status.GREEN or transition.service is None:
            return
        self._green(f"{transition.environment}/{transition.service}")

    def _green(self, service: str) -> None:
        for key in list(self._acknowledged):
            plan = self._plans[key]
            if not isinstance(plan, Acknowledgement) or not plan.active(self._clock()):
                self._acknowledged.discard(key)
            elif service in plan.services:
                self._acknowledged.discard(key)
                row = ended(self._rows[key], self._clock())
                self._take(row, self._plan(row))
                self._stale = True
                if self._history is not None:
                    self._history.keep_by_hand(row)

    def tick(self, now: float) -> None:
        """To be called about once a second: tells of silences that are over, and forgets."""
        for key in list(self._silent):
            plan = self._plans[key]
            if not isinstance(plan, Silence) or plan.active(now):
                continue
            self._silent.discard(key)
            for one in self._estate().services():
                if plan.covers(one.environment, one.name):
                    self.silence_over(str(one.id))
        for service in {self._service_of(key) for key in self._acknowledged}:
            state = self._board.published_of(service)
            if state is None or state.status is Status.GREEN:  # None: it is watched no more
                self._green(service)
        if self._stale:
            self._stale = False
            self.changed()
        for key, row in list(self._rows.items()):
            old = len(self._rows) > REMEMBERED or (row.ends_at or now) < now - BEHIND
            if old and not lives(row, now):
                del self._rows[key], self._plans[key]
                self._acknowledged.discard(key)

    # parts of the above

    def _service_of(self, key: tuple[str, str]) -> str:
        document: dict[str, str] = orjson.loads(self._rows[key].document)
        return document["service"]

    def _configured(self, kind: str) -> set[str]:
        agenda = self._board.agenda
        if kind == "windows":
            return {one.window.id for one in agenda.occurrences if not one.window.author}
        return {one.id for one in agenda.notices if not one.author} if kind == "notices" else set()

    def _live(self, kind: str, id_: str) -> ByHandRow | Answer:
        row = self._rows.get((kind, id_))
        if row is not None and lives(row, self._clock()):
            return row
        if id_ in self._configured(kind):
            where = f"{SECTIONS[kind]} of the configuration, or in a calendar"
            return _refused(409, f"{id_} stands in {where}: change it there")
        return _refused(404, f"there is no {id_} among the live {kind} that were written by hand")

    def _read(self, kind: str, document: Any) -> Any:
        try:
            sent = read_by_hand(MODELS[kind], document)
            check_names(sent, self._estate())
        except ByHandError as error:
            return _refused(400, str(error))
        return self._too_many() or sent

    def _too_many(self) -> Answer | None:
        at = self._timer()
        self._written = [one for one in self._written if one > at - SPAN]
        if len(self._written) >= RATE:
            return _refused(429, f"more than {RATE} a minute: wait a little")
        self._written.append(at)
        return None

    async def _write(self, kind: str, id_: str, document: Any, author: str, status: int) -> Answer:
        kept = {key: value for key, value in document.items() if key not in ("id", "author")}
        row = ByHandRow(
            kind=kind, id=id_, author=author, written_at=self._clock(), ends_at=None,
            document=orjson.dumps(kept).decode(),
        )  # fmt: skip
        try:
            plan = self._plan(row)
        except ByHandError as error:
            return _refused(400, str(error))
        row = fixed(row, plan)
        if answer := await self._keep(row):
            return answer
        log.info("by_hand_written", kind=kind, id=id_, author=author)
        self.changed()
        return Answer(status, row_value(row))

    async def _keep(self, row: ByHandRow) -> Answer | None:
        """Why it could not be kept; nothing is then another, now and after a restart."""
        if self._history is None or not self.known:
            return _refused(503, "the history cannot be read now, in which this is kept: try again")
        try:
            plan = self._plan(row)
            before = self._rows.get((row.kind, row.id))
            await self._history.write_by_hand(row, before or replace(row, ends_at=0.0))
        except HistoryTroubleError as error:
            return _refused(503, f"the history cannot be written now: {error}: try again")
        except ByHandError as error:
            return _refused(400, str(error))
        self._take(row, plan)
        return None


def _refused(status: int, error: str) -> Answer:
    return Answer(status, {"error": error})
