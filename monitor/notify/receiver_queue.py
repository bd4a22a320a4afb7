"""One receiver's messages on their way: in order for each subject, until delivered or a day old.

What could not go in time gives way to what is newer (:mod:`monitor.notify.coalescing`). Each batch that :mod:`monitor.notify.grouping` lets go is a task of its own, with tenacity's retries
around its attempts. Its subjects are busy until it is done: a later message of theirs waits, other
subjects go on. A batch that has begun stays as it is, so that its idempotency key does too.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NoReturn, Protocol
from zoneinfo import ZoneInfo

import structlog
from tenacity import AsyncRetrying, RetryCallState, RetryError, retry_if_exception_type

from monitor.model.receiver import Receiver
from monitor.model.records import MessageKind, Outgoing
from monitor.notify.coalescing import LATE, NOTHING, Missed, folded, newest
from monitor.notify.grouping import Lately, Waiting, collect
from monitor.notify.message import Message, read_message
from monitor.notify.sender import Sender, SendFailed

log = structlog.get_logger("driftvakt")

GIVE_UP = 86_400.0
"""Age in seconds at which a message is given up."""
TOO_OLD = "it is older than a day"
BASE, CAP = 1.0, 300.0
"""Seconds: the back-off's first and last ceiling."""
ASKED = 300.0
"""Seconds at most for which a receiver's ``Retry-After`` is honoured."""
REFUSED = 300.0
"""Seconds at least between attempts where the receiver refuses: somebody must mend something."""
AT_A_TIME = 4
"""Attempts under way to one receiver."""
MANY = 200
"""Services with messages that wait from which on it is looked seldom what is to go."""
MOST_WAITING = 20_000
"""Messages in memory for one receiver."""
REMEMBERED = 20_000
"""Ids of messages that are done: what is handed in twice is sent once."""
REFRESH_TIMEOUT = 15.0
READ_AT_A_TIME = 10
"""Messages of a batch that are made ready in one turn of the loop."""


class Outbox(Protocol):
    """Where messages are kept until they are delivered. Those that are no coroutines must not
    block.
    """

    async def pending(self, since: float) -> list[Outgoing]:
        """What is not delivered and was made after ``since``, oldest first."""

    async def expire(self, before: float, at: float, error: str) -> Mapping[str, int]:
        """Gives up what is not delivered and was not made after ``before``; gives how many by
        receiver.
        """

    async def last_told(self) -> Sequence[Outgoing]:
        """The newest message of each receiver and subject, delivered or not."""

    def superseded(self, outgoing_ids: Sequence[str], at: float) -> None:
        """These are not sent: a newer one says what they say."""

    def delivered(self, outgoing_id: str, at: float) -> None: ...

    def postponed(self, outgoing_id: str, attempts: int, next_attempt_at: float) -> None: ...

    def given_up(self, outgoing_id: str, at: float, error: str) -> None: ...


class DeliveryMetrics(Protocol):
    """Counts outcomes: ``delivered``, ``failed`` (an attempt), ``given_up``, ``folded``."""

    def notified(self, notification: str, outcome: str, number: int = 1) -> None: ...


def full_jitter(ceiling: float) -> float:
    return random.uniform(0.0, ceiling)  # noqa: S311 - no secret is made of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Clocks, sleep and chance, so that a test can own them."""

    clock: Callable[[], float] = time.time
    """Seconds since the epoch."""
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[float], float] = full_jitter
    """A length between 0 and the ceiling that it is given."""


class ReceiverQueue:
    """The way to one receiver. ``run`` is its task."""

    def __init__(
        self,
        receiver: Receiver,
        sender: Sender,
        outbox: Outbox,
        told: DeliveryMetrics,
        pace: Pace,
        zone: ZoneInfo,
    ) -> None:
        self.receiver = receiver
        self.sender = sender
        self._outbox = outbox
        self._told = told
        self._pace = pace
        self._queues: dict[str, deque[Waiting]] = {}
        self._busy: set[str] = set()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._waiting = 0
        self._lately = Lately()
        self._news = asyncio.Event()
        self._zone = zone
        self._missed: dict[str, Missed] = {}
        """By subject what its next message is to say too."""
        self._resting: set[asyncio.Future[None]] = set()
        self._places = asyncio.Semaphore(AT_A_TIME)

    def take(self, outgoing: Outgoing) -> None:
        """Takes in one message; one that is here or was delivered already is left out."""
        if outgoing.id in self._known:
            return
        self._known[outgoing.id] = None
        if len(self._known) > MOST_WAITING + REMEMBERED:
            self._known.popitem(last=False)
        queue = self._queues.setdefault(outgoing.subject, deque())
        if self._waiting >= MOST_WAITING:
            self._make_room(outgoing.subject)
        self._waiting += 1
        queue.append(Waiting.since(self._pace.monotonic(), outgoing))
        begun = outgoing.subject in self._busy
        if len(queue) > 1 + begun and queue[-2].outgoing.created_at > outgoing.created_at:
            # handed in late, by a store that was away: back to its place
            first = [queue.popleft()] if begun else []
            ordered = sorted(queue, key=lambda one: one.outgoing.created_at)
            self._queues[outgoing.subject] = deque([*first, *ordered])
        self._news.set()

    def take_all(self, outgoing: Iterable[Outgoing]) -> None:
        """Takes in what an earlier process left, oldest first: of each subject what is still news."""
        left: dict[str, list[Outgoing]] = {}
        for one in outgoing:
            if one.id not in self._known:
                left.setdefault(one.subject, []).append(one)
        now = self._pace.clock()
        for subject, some in left.items():
            if len(some) > 1 and now - some[0].created_at >= self._patience:
                kept = some[newest(some)]
                gone = [one for one in some if one is not kept]
                self._known |= dict.fromkeys(one.id for one in gone[-REMEMBERED:])
                self._drop(subject, gone)
                self.take(kept)
                continue
            for one in some:
                self.take(one)

    def waiting(self) -> Iterator[Outgoing]:
        """All that is not done."""
        for queue in self._queues.values():
            for one in queue:
                yield one.outgoing

    def use(self, receiver: Receiver, sender: Sender) -> Sender:
        """Goes over to changed settings; gives the sender that is not used any more."""
        before, self.receiver, self.sender = self.sender, receiver, sender
        self._news.set()
        return before

    async def run(self) -> NoReturn:
        """Sends what is taken in, for good. Cancelling it ends its attempts too."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._refresh())
            while True:
                if len(self._queues) > MANY:
                    # a plan looks at all that wait: where thousands do, it is made once a second
                    await self._pace.sleep(min(1.0, len(self._queues) / 10_000))
                self._news.clear()
                now = self._pace.monotonic()
                late = self._fold(now)
                await asyncio.sleep(0)  # where thousands wait, either half takes milliseconds
                plan = collect(self._heads(), self.receiver, self._lately, now)
                for batch in plan.batches:
                    self._busy.update(one.outgoing.subject for one in batch)
                    for key, number in Counter(one.key for one in batch).items():
                        self._lately.sent(key, number, now)
                    group.create_task(self._deliver([one.outgoing for one in batch]))
                again = min((at for at in (plan.look_again, late) if at is not None), default=None)
                try:
                    async with asyncio.timeout(None if again is None else max(0.0, again - now)):
                        await self._news.wait()
                except TimeoutError:
                    pass

    def _heads(self) -> list[Waiting]:
        busy = self._busy
        return [queue[0] for subject, queue in self._queues.items() if subject not in busy]

    def _fold(self, now: float) -> float | None:
        """Lets late messages give way to newer ones of their subjects; gives when more may be
        late.
        """
        patience = self._patience
        wall = self._pace.clock()
        again: list[float] = []
        for subject, queue in self._queues.items():
            begun = subject in self._busy
            if len(queue) < 2 + begun:
                continue
            first = queue[1 if begun else 0]
            if now - first.at < patience and wall - first.outgoing.created_at < patience:
                again.append(first.at + patience)
                continue
            waiting = list(queue)[begun:]
            kept = waiting[newest([one.outgoing for one in waiting])]
            gone = [one.outgoing for one in waiting if one is not kept]
            for _ in waiting:
                queue.pop()
            # it has waited for as long as what it takes the place of
            queue.append(kept._replace(at=first.at))
            self._waiting -= len(gone)
            self._drop(subject, gone)
        return min(again, default=None)

    @property
    def _patience(self) -> float:
        """Seconds after which a message that could not go is late."""
        return (self.receiver.group_wait if self.receiver.groups else 0.0) + LATE

    def _drop(self, subject: str, gone: Sequence[Outgoing], said: Missed = NOTHING) -> None:
        """These are not sent: the next one of the subject says it, and what they ``said`` too."""
        missed = self._missed.get(subject, NOTHING).and_these(gone)
        self._missed[subject] = Missed(missed.number + said.number, min(missed.since, said.since))
        ids = [one.id for one in gone if one.kind is not MessageKind.REMINDER]
        if ids:
            self._outbox.superseded(ids, self._pace.clock())
        self._told.notified(self.receiver.name, "folded", len(gone))

    def _make_room(self, subject: str) -> None:
        """Gives up the oldest message that nobody is sending, of the subject with the most."""
        most = max(self._queues, key=lambda name: len(self._queues[name]))
        queue = self._queues[most]
        place = 1 if most in self._busy and len(queue) > 1 else 0
        if not queue or (place == 0 and most in self._busy):
            return  # all are under way: there are no more of them than services
        gone = queue[place]
        del queue[place]
        self._waiting -= 1
        if not queue and most != subject:
            del self._queues[most]
        self._give_up([gone.outgoing], "too many messages are waiting")

    # one batch

    async def _deliver(self, batch: list[Outgoing]) -> None:
        messages = []
        readable = []
        missed: dict[str, Missed] = {}
        for place, one in enumerate(batch):
            if place % READ_AT_A_TIME == READ_AT_A_TIME - 1:
                await asyncio.sleep(0)
            try:
                message = read_message(one)
            except ValueError as error:
                self._give_up([one], str(error))
                continue
            missed[one.subject] = self._missed.pop(one.subject, NOTHING)
            messages.append(folded(message, missed[one.subject], self._zone))
            readable.append(one)
        if messages:
            try:
                await self._until_done(readable, messages, missed)
            except Exception:
                # still pending in the outbox: the next start tries again, others go on now
                log.exception("notification_fault", notification=self.receiver.name)
        for one in batch:
            self._busy.discard(one.subject)
            queue = self._queues[one.subject]
            queue.popleft()
            self._waiting -= 1
            if not queue:
                del self._queues[one.subject]
        self._news.set()

    async def _until_done(
        self, batch: list[Outgoing], messages: list[Message], missed: Mapping[str, Missed]
    ) -> None:
        oldest = min(one.created_at for one in batch)

        def too_old(_: RetryCallState) -> bool:
            return self._pace.clock() - oldest >= GIVE_UP

        def postpone(state: RetryCallState) -> None:
            pause = state.next_action.sleep if state.next_action is not None else 0.0
            at = self._pace.clock() + pause
            for one in batch:
                if one.kind is not MessageKind.REMINDER:
                    self._outbox.postponed(one.id, one.attempts + state.attempt_number, at)

        if self._pace.clock() - oldest >= GIVE_UP:
            self._give_up(batch, TOO_OLD)
            return
        try:
            async for attempt in AsyncRetrying(
                sleep=self._rest,
                wait=self._pause,
                stop=too_old,
                retry=retry_if_exception_type(SendFailed),
                before_sleep=postpone,
            ):
                number = attempt.retry_state.attempt_number
                late = self._pace.clock() - oldest >= self._patience
                if late and number > 1 and all(self._followed(one.subject) for one in batch):
                    # what it says is not so any more; should it have arrived, that does no harm
                    for one in batch:
                        self._drop(one.subject, [one], missed[one.subject])
                    return
                with attempt:
                    await self._attempt(messages, number)
        except RetryError as error:
            failed = error.last_attempt.exception()
            self._give_up(batch, failed.detail if isinstance(failed, SendFailed) else "")
            return
        now = self._pace.clock()
        for one in batch:
            if one.kind is not MessageKind.REMINDER:
                self._outbox.delivered(one.id, now)
            self._told.notified(self.receiver.name, "delivered")

    def _pause(self, state: RetryCallState) -> float:
        """Exponential back-off with full jitter; never sooner than the receiver asks for."""
        failed = state.outcome.exception() if state.outcome is not None else None
        pause = self._pace.jitter(min(CAP, BASE * 2.0 ** min(state.attempt_number - 1, 30)))
        if isinstance(failed, SendFailed):
            if failed.refused:
                pause = REFUSED + self._pace.jitter(REFUSED)
            pause = max(pause, min(failed.retry_after or 0.0, ASKED))
        return pause

    def _followed(self, subject: str) -> bool:
        """Whether something newer waits behind the message that is under way."""
        return any(
            one.outgoing.kind is not MessageKind.REMINDER
            for one in islice(self._queues[subject], 1, None)
        )

    async def _rest(self, seconds: float) -> None:
        """Between two attempts: ``seconds``, or until the receiver has taken another message."""
        await self._pace.sleep(min(seconds, BASE))
        if seconds <= BASE:
            return
        answered = asyncio.get_running_loop().create_future()
        self._resting.add(answered)
        rest = asyncio.ensure_future(self._pace.sleep(seconds - BASE))
        try:
            await asyncio.wait({answered, rest}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            rest.cancel()
            self._resting.discard(answered)

    def _answers(self) -> None:
        """The receiver has just taken something: nobody needs to rest any more."""
        for one in self._resting:
            if not one.done():
                one.set_result(None)

    async def _attempt(self, messages: Sequence[Message], number: int) -> None:
        name = self.receiver.name
        async with self._places:
            try:
                await self.sender.send(messages)
            except SendFailed as error:
                failed = error
            except Exception as error:
                log.exception("notification_fault", notification=name)
                failed = SendFailed(f"a fault of our own: {type(error).__name__}")
            else:
                self._answers()
                log.log(
                    20 if number > 1 else 10,
                    "notification_delivered",
                    notification=name,
                    messages=len(messages),
                    attempts=number,
                    subject=messages[0].subject,
                )
                return
        self._told.notified(name, "failed")
        log.log(
            30 if number == 1 else 10,
            "notification_failed",
            notification=name,
            messages=len(messages),
            attempt=number,
            subject=messages[0].subject,
            error=failed.detail,
        )
        raise failed

    def _give_up(self, batch: Sequence[Outgoing], error: str) -> None:
        now = self._pace.clock()
        for one in batch:
            if one.kind is not MessageKind.REMINDER:
                self._outbox.given_up(one.id, now, error)
            self._told.notified(self.receiver.name, "given_up")
        log.error(
            "notification_given_up",
            notification=self.receiver.name,
            messages=[one.id for one in batch][:20],
            number=len(batch),
            error=error,
        )

    async def _refresh(self) -> None:
        """Tells again what still holds, at once and then every now and again."""
        failing = False
        while self.sender.refresh_every is not None:
            try:
                async with asyncio.timeout(REFRESH_TIMEOUT):
                    await self.sender.refresh()
            except (SendFailed, TimeoutError) as error:
                if not failing:
                    log.warning(
                        "notification_refresh_failed",
                        notification=self.receiver.name,
                        error=error.detail if isinstance(error, SendFailed) else "it took too long",
                    )
                failing = True
            except Exception:
                log.exception("notification_fault", notification=self.receiver.name)
            else:
                failing = False
                self._answers()
            await self._pace.sleep(self.sender.refresh_every or 0.0)
