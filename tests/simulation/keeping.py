"""What a world keeps: a real history on a database that fails, and a receiver that is not always
there. And what must hold of both: nothing is lost, nothing invented, all of it in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, text

from monitor.history import queries
from monitor.history.database import Database
from monitor.history.db_thread import InlineWorker
from monitor.history.deadline import READ, WRITE
from monitor.history.errors import HistoryTroubleError
from monitor.history.history import History
from monitor.judging.persisted_state import unpacked_published, unpacked_state
from monitor.model.estate import Estate
from monitor.model.records import Outgoing
from monitor.model.transition import Transition
from monitor.notify.backoff import Pace
from monitor.notify.message import Message
from monitor.notify.open_alarms_file import OpenAlarmsFile
from monitor.notify.outbox import DeliveryMetrics
from monitor.notify.sender import SendFailed
from monitor.notify.service import NotificationService
from tests.simulation.network import Network
from tests.simulation.reference import Reference
from tests.simulation.script import Script
from tests.simulation.story import Story
from tests.simulation.virtual import Loop

AFTERWARDS = 420.0
"""Seconds that the last life goes on, all well, for what waits to arrive: the longest back-off
is 300 s, and what is left of a flood goes a minute later.
"""
TROUBLED = ("yellow", "red")
LATE = 3.0
"""Seconds within which an observation is in the database."""
Change = tuple[str, str, bool]
"""Before, after, planned."""


class _Database(Database):
    """Refuses at the beginning of a transaction, or only when all of it is written."""

    def __init__(self, folder: Path, network: Network) -> None:
        super().__init__("sqlite", folder)
        self._network = network

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = False, within: float = WRITE) -> Iterator[Connection]:
        trouble = self._network.holding("database")
        if trouble is not None and not trouble.value:
            raise HistoryTroubleError("the database is away")
        with super().transaction(durable=durable, within=within) as connection:
            yield connection
            if trouble is not None:
                raise HistoryTroubleError("the disk is full")

    @contextlib.contextmanager
    def reading(self, *, within: float = READ) -> Iterator[Connection]:
        trouble = self._network.holding("database")
        if trouble is not None and trouble.reason != "read-only":
            raise HistoryTroubleError("the database is away")
        with super().reading(within=within) as connection:
            yield connection


class _Memory(OpenAlarmsFile):
    """On the loop; on the same disk as the database, unless the trouble with that is its own."""

    def __init__(self, folder: Path, network: Network) -> None:
        super().__init__(folder)
        self._network = network

    def _disk(self) -> None:
        trouble = self._network.holding("database")
        if trouble is not None and trouble.reason != "stopped":
            raise OSError("the disk is away")

    async def read(self, now: float) -> list[Outgoing] | None:
        self._disk()
        return self.read_now(now)

    async def write(self, rows: Sequence[Outgoing], now: float) -> None:
        self._disk()
        self.write_now(rows, now)


@dataclass
class _Era:
    """From one loss of all memory to the next."""

    announced: list[tuple[float, Transition]] = field(default_factory=list)
    """With the timer's reading."""
    batches: list[list[Transition]] = field(default_factory=list)
    """The same, by what was told as one."""
    arrived: list[Message] = field(default_factory=list)


class Keeping:
    """The history and the receiver of one world, over all its lives."""

    def __init__(self, seed: int, folder: Path, story: Story, network: Network, loop: Loop) -> None:
        self._folder = folder
        self._story = story
        self._network = network
        self._loop = loop
        self._draw = random.Random(f"keeping {seed}")
        self._era = _Era()
        self._lost: dict[str, int] = {}
        """Observations of each check that a kill has cost, and that its state knows all the same."""
        self.new: set[str] = set()
        """Services and environments of which the history has nothing, after a kill."""
        self._worker: InlineWorker | None = None
        self._database: _Database | None = None
        self._notifications: NotificationService | None = None

    # what the daemon is given

    @contextlib.asynccontextmanager
    async def open_history(
        self, estate: Estate, clock: Callable[[], float]
    ) -> AsyncIterator[History]:
        self._worker = InlineWorker()
        self._database = _Database(self._folder, self._network)
        async with History.open(
            estate.store,
            self._folder,
            retention=estate.retention,
            clock=clock,
            timer=self._loop.time,
            worker=self._worker,
            database=self._database,
        ) as history:
            yield history

    def notifications(
        self, estate: Estate, history: History, told: DeliveryMetrics, clock: Callable[[], float]
    ) -> NotificationService:
        pace = Pace(
            clock=clock,
            monotonic=self._loop.time,
            jitter=lambda ceiling: self._draw.uniform(0.0, ceiling),
        )
        self._notifications = NotificationService(
            estate,
            history,
            told,
            clock,
            pace=pace,
            sender=lambda *_: self,
            memory=_Memory(self._folder, self._network),
        )
        return self._notifications

    def stop_at_once(self) -> None:
        """The history gets no other turn."""
        if self._worker is not None:
            self._worker._step = None
            if self._worker._next is not None:
                self._worker._next.cancel()

    async def let_go(self) -> None:
        """What the kernel would close."""
        if self._database is not None:
            self._database.close()
        if self._notifications is not None:
            await self._notifications._deliverer._session.close()

    # the receiver: a monitor.notify.sender.Sender

    refresh_every: float | None = None

    async def send(self, messages: Sequence[Message]) -> None:
        trouble = self._network.holding("receiver")
        if trouble is None:
            self._take(messages)
            return
        match trouble.reason:
            case "refuses":
                raise SendFailed("refused")
            case "hangs":
                await asyncio.sleep(trouble.value)
                raise SendFailed("no answer")
            case _:  # it arrives, and the answer is lost
                self._take(messages)
                raise SendFailed("the connection was reset")

    def _take(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._story.say(f"told {message.subject}: {message.after.value}")
            same = [one for one in self._era.arrived if one.id == message.id]
            alike = all(one.after is message.after and one.at == message.at for one in same)
            self._story.insist(alike, f"{message.id} has changed")
            if not same:
                self._era.arrived.append(message)

    async def refresh(self) -> None:
        """There is nothing to tell again."""

    def restore(self, message: Message) -> None:
        """It remembers nothing."""

    async def trial(self) -> None:
        """Nobody tries it."""

    async def close(self) -> None:
        """It holds nothing."""

    # what must hold

    def announced(self, changes: Sequence[Transition]) -> None:
        """The board has told of these."""
        self._era.announced += ((self._loop.time(), one) for one in changes)
        if changes:
            self._era.batches.append(list(changes))

    def forgets(self, now: float) -> None:
        """All memory is lost; what was to be told until a while ago has been."""
        self._check_messages(now, whole=False)
        self._era, self._lost = _Era(), {}
        shutil.rmtree(self._folder)
        self._folder.mkdir()

    def check_history(self, seen: dict[str, int]) -> None:
        """After a stop: the history has each transition, and of each check as many observations as
        were ``seen``.
        """
        with self._reading() as connection:
            kept = _transitions(connection)
            counted = {name: len(_seen(connection, name)) for name in seen}
        told = self._told()
        for subject in kept.keys() | told.keys():
            known, wanted = kept[subject], [one for _, one in told[subject]]
            if known != wanted:
                self._story.wrong(f"the history of {subject} is {known}, told was {wanted}")
        expected = {name: number - self._lost.get(name, 0) for name, number in seen.items()}
        self._story.insist(counted == expected, f"kept {counted}, observed {expected}")

    def after_kill(self, reference: Reference, script: Script, since: float) -> Reference:
        """What the next life may know: at most what was given to the history ``since`` the loop had
        its last turn is gone, and observations of the last second or so.
        """
        fresh = Reference(script.parts(), script.rules(), script.plans, 0.0)
        with self._reading() as connection:
            kept = _transitions(connection)
            states = queries.states(connection)
            for check in script.estate.checks():
                rows = _seen(connection, check.id)
                state = unpacked_state(states[check.id], check) if check.id in states else None
                known = max([0.0, *rows, *([state.at] if state is not None else [])])
                every = reference.checks[check.id].seen
                for seen in (known_of := [one for one in every if one.at <= known + 1e-5]):
                    fresh.observed(check.id, seen, seen.at)
                self._lost[check.id] = len(known_of) - len(rows)
                gone = [
                    one for one in every if one.at + one.duration < reference.planned_at - LATE
                ][len(known_of) :]
                self._story.insist(not gone, f"{check.id} has lost {gone}")
        told = self._told()
        for subject in kept.keys() | told.keys():
            known_here, wanted = kept[subject], told[subject]
            due = [one for at, one in wanted if at < since]
            every_one = [one for _, one in wanted]
            if known_here != every_one[: len(known_here)] or len(known_here) < len(due):
                self._story.wrong(f"a kill has left {known_here} of {every_one} of {subject}")
        self._check_batches({subject: len(found) for subject, found in kept.items()})
        published = {name: unpacked_published(states.get(name, b"")) for name in fresh.published}
        self.new = {name for name, found in published.items() if found is None}
        for name, found in published.items():
            if found is not None:
                fresh.published[name] = found.status.value, found.planned
        self._keep_only({subject: len(found) for subject, found in kept.items()})
        return fresh

    def _check_batches(self, numbers: Mapping[str, int]) -> None:
        """What was told as one is kept as one, or not at all."""
        left = dict(numbers)
        batches = []
        for batch in self._era.batches:
            kept = [one for one in batch if left.get(_subject(one), 0)]
            for one in kept:
                left[_subject(one)] -= 1
            if len(kept) not in (0, len(batch)):
                self._story.wrong(f"of {len(batch)} told as one, a kill has left {len(kept)}")
            if kept:
                batches.append(kept)
        self._era.batches = batches

    def _keep_only(self, numbers: Mapping[str, int]) -> None:
        left = dict(numbers)
        announced = []
        for at, one in self._era.announced:
            if left.get(_subject(one), 0):
                left[_subject(one)] -= 1
                announced.append((at, one))
        self._era.announced = announced

    def _told(self) -> dict[str, list[tuple[float, Change]]]:
        told: dict[str, list[tuple[float, Change]]] = defaultdict(list)
        for at, one in self._era.announced:
            told[_subject(one)].append((at, (one.before.value, one.after.value, one.planned)))
        return told

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        database = Database("sqlite", self._folder, read_only=True)
        with database.reading() as connection:
            yield connection
        database.close()

    def check_end(self, until: float) -> None:
        """At the end of the world: all that was to be told ``until`` then has arrived, and the
        outbox knows it.
        """
        self._check_messages(until, whole=True)
        with self._reading() as connection:
            pending = [one for one in queries.pending(connection) if one.created_at <= until]
            failed = connection.execute(text("SELECT id, error FROM outbox WHERE error > ''")).all()
        self._story.insist(not pending, f"the outbox still has {pending}")
        self._story.insist(not failed, f"given up: {failed}")

    def _check_messages(self, until: float, *, whole: bool) -> None:
        """What arrived of each service is, in order, what was to be told of it."""
        for service, wanted in self._wanted().items():
            arrived = [one for one in self._era.arrived if one.subject == service]
            due = [after for at, after in wanted if at <= until] if whole else []
            every = [after for _, after in wanted]
            if not _tells(arrived, every, len(due)):
                came = [(one.after.value, one.folded) for one in arrived]
                self._story.wrong(f"of {service} arrived {came}, to be told was {every}")

    def _wanted(self) -> dict[str, list[tuple[float, str]]]:
        """Whoever wants to know of everything is told of what is not green, and of green after it;
        and of what a service window no longer explains.
        """
        wanted: dict[str, list[tuple[float, str]]] = defaultdict(list)
        troubled: set[str] = set()
        for _, one in self._era.announced:
            if one.service is None:
                continue
            subject, after = _subject(one), one.after.value
            changes = one.before is not one.after
            overrun = not changes and after in TROUBLED and not one.planned
            if after == "green":
                if subject in troubled:
                    wanted[subject].append((one.at, after))
                troubled.discard(subject)
            elif changes or overrun:
                wanted[subject].append((one.at, after))
                troubled.add(subject)
        return wanted


def _tells(arrived: Sequence[Message], every: Sequence[str], due: int) -> bool:
    """Whether each of these is in its place, those that it was folded with before it left out, and
    all that was ``due`` is told by them. What was folded may have arrived, and its answer not.
    """
    places = {0}
    for one in arrived:
        after = one.after.value
        places = {
            place + 1
            for before in places
            for place in range(before, min(len(every), before + one.folded + 1))
            if every[place] == after
        }
    return any(place >= due for place in places)


def _transitions(connection: Connection) -> dict[str, list[Change]]:
    statement = (
        "SELECT environment, service, before, after, planned FROM transition ORDER BY at, id"
    )
    kept: dict[str, list[Change]] = defaultdict(list)
    for environment, service, before, after, planned in connection.execute(text(statement)):
        subject = environment if service is None else f"{environment}/{service}"
        kept[subject].append((before, after, bool(planned)))
    return kept


def _seen(connection: Connection, check: str) -> list[float]:
    return [one.at for part in queries.stream_seen(connection, check, 0.0) for one in part]


def _subject(one: Transition) -> str:
    return one.environment if one.service is None else f"{one.environment}/{one.service}"
