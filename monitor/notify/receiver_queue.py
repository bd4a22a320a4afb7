"""Sends one receiver's messages: in order for each subject, until delivered or a day old.

What could not go in time gives way to what is newer (:mod:`monitor.notify.coalescing`). Each batch that :mod:`monitor.notify.grouping` lets go is a task of its own, with tenacity's retries
around its attempts. Its subjects are busy until it is done: a later message of theirs waits, other
subjects go on. A batch that has begun stays as it is, so that its idempotency key does too.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NoReturn
from zoneinfo import ZoneInfo

import structlog
from tenacity import AsyncRetrying, RetryCallState, RetryError, retry_if_exception_type

from monitor.model.receiver import Receiver
from monitor.model.records import MessageKind, Outgoing
from monitor.notify.backlog import Backlog
from monitor.notify.backoff import GIVE_UP, TOO_OLD, Backoff, Pace
from monitor.notify.coalescing import LATE, NOTHING, Missed, folded, newest
from monitor.notify.grouping import RecentSends, collect
from monitor.notify.message import Message, read_message
from monitor.notify.outbox import DeliveryMetrics, Outbox
from monitor.notify.sender import Sender, SendFailed

log = structlog.get_logger("driftvakt")

AT_A_TIME = 4
"""Attempts under way to one receiver."""
MANY = 200
"""Services with messages that wait from which on it is looked seldom what is to go."""
REFRESH_TIMEOUT = 15.0
READ_AT_A_TIME = 10
"""Messages of a batch that are made ready in one turn of the loop."""


class ReceiverQueue:
    """Sends messages to one receiver. ``run`` is its task."""

    def __init__(
        self,
        receiver: Receiver,
        sender: Sender,
        outbox: Outbox,
        metrics: DeliveryMetrics,
        pace: Pace,
        zone: ZoneInfo,
        rests: Callable[[Outgoing], bool] = lambda _: False,
    ) -> None:
        """``rests`` says of a reminder that waits whether nobody is to be reminded any more."""
        self.receiver = receiver
        self.sender = sender
        self._outbox = outbox
        self._metrics = metrics
        self._pace = pace
        self._zone = zone
        self._rests = rests
        self._backlog = Backlog()
        self._backoff = Backoff(pace)
        self._recent = RecentSends()
        self._news = asyncio.Event()
        self._attempts = asyncio.Semaphore(AT_A_TIME)

    def take(self, outgoing: Outgoing) -> None:
        """Takes in one message; one that is here or was delivered already is left out."""
        if self._backlog.knows(outgoing.id):
            return
        gone = self._backlog.take(outgoing, self._pace.monotonic())
        if gone is not None:
            self._give_up([gone], "too many messages are waiting")
        self._news.set()

    def take_all(self, outgoing: Iterable[Outgoing]) -> None:
        """Takes in what an earlier process left, oldest first: of each subject what is still news."""
        left: dict[str, list[Outgoing]] = {}
        for one in outgoing:
            if not self._backlog.knows(one.id):
                left.setdefault(one.subject, []).append(one)
        now = self._pace.clock()
        for subject, some in left.items():
            kept = some
            if len(some) > 1 and now - some[0].created_at >= self._patience:
                kept = [some[newest(some)]]
                gone = [one for one in some if one is not kept[0]]
                self._backlog.remember([one.id for one in gone])
                self._drop(subject, gone)
            for one in kept:
                self.take(one)

    def waiting(self) -> Iterator[Outgoing]:
        """All that is not done."""
        return self._backlog.waiting()

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
                subjects = self._backlog.subjects
                if subjects > MANY:
                    # a plan looks at all that wait: where thousands do, it is made once a second
                    await self._pace.sleep(min(1.0, subjects / 10_000))
                self._news.clear()
                now = self._pace.monotonic()
                late = self._fold(now)
                await asyncio.sleep(0)  # where thousands wait, either half takes milliseconds
                plan = collect(self._backlog.heads(), self.receiver, self._recent, now)
                for batch in plan.batches:
                    self._backlog.begin(batch)
                    for key, number in Counter(one.key for one in batch).items():
                        self._recent.sent(key, number, now)
                    group.create_task(self._deliver([one.outgoing for one in batch]))
                again = min((at for at in (plan.look_again, late) if at is not None), default=None)
                try:
                    async with asyncio.timeout(None if again is None else max(0.0, again - now)):
                        await self._news.wait()
                except TimeoutError:
                    pass

    def _fold(self, now: float) -> float | None:
        """Lets late messages give way to newer ones; gives when more may be late."""
        folded = self._backlog.fold(now, self._pace.clock(), self._patience)
        for subject, gone in folded.gone:
            self._drop(subject, gone)
        return folded.look_again

    @property
    def _patience(self) -> float:
        """Seconds after which a message that could not go is late."""
        return (self.receiver.group_wait if self.receiver.groups else 0.0) + LATE

    def _drop(self, subject: str, gone: Sequence[Outgoing], said: Missed = NOTHING) -> None:
        """These are not sent: the next one of the subject says it, and what they ``said`` too."""
        self._backlog.miss(subject, gone, said)
        ids = [one.id for one in gone if one.kind is not MessageKind.REMINDER]
        if ids:
            self._outbox.superseded(ids, self._pace.clock())
        self._metrics.notified(self.receiver.name, "folded", len(gone))

    # one batch

    async def _deliver(self, batch: list[Outgoing]) -> None:
        messages = []
        readable = []
        missed: dict[str, Missed] = {}
        for place, one in enumerate(batch):
            if place % READ_AT_A_TIME == READ_AT_A_TIME - 1:
                await asyncio.sleep(0)
            if self._at_rest(one):
                self._metrics.notified(self.receiver.name, "silenced")
                continue
            try:
                message = read_message(one)
            except ValueError as error:
                self._give_up([one], str(error))
                continue
            missed[one.subject] = self._backlog.take_missed(one.subject)
            messages.append(folded(message, missed[one.subject], self._zone))
            readable.append(one)
        if messages:
            try:
                await self._until_done(readable, messages, missed)
            except Exception:
                # still pending in the outbox: the next start tries again, others go on now
                log.exception("notification_fault", notification=self.receiver.name)
        self._backlog.end(batch)
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
                sleep=self._backoff.rest,
                wait=self._backoff.pause,
                stop=too_old,
                retry=retry_if_exception_type(SendFailed),
                before_sleep=postpone,
            ):
                number = attempt.retry_state.attempt_number
                late = self._pace.clock() - oldest >= self._patience
                if number > 1 and all(self._at_rest(one) for one in batch):
                    self._metrics.notified(self.receiver.name, "silenced", len(batch))
                    return
                if (
                    late
                    and number > 1
                    and all(self._backlog.followed(one.subject) for one in batch)
                ):
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
            self._metrics.notified(self.receiver.name, "delivered")

    def _at_rest(self, one: Outgoing) -> bool:
        return one.kind is MessageKind.REMINDER and self._rests(one)

    async def _attempt(self, messages: Sequence[Message], number: int) -> None:
        name = self.receiver.name
        async with self._attempts:
            try:
                await self.sender.send(messages)
            except SendFailed as error:
                failed = error
            except Exception as error:
                log.exception("notification_fault", notification=name)
                failed = SendFailed(f"a fault of our own: {type(error).__name__}")
            else:
                self._backoff.end_rests()
                log.log(
                    20 if number > 1 else 10,
                    "notification_delivered",
                    notification=name,
                    messages=len(messages),
                    attempts=number,
                    subject=messages[0].subject,
                )
                return
        self._metrics.notified(name, "failed")
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
            self._metrics.notified(self.receiver.name, "given_up")
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
                self._backoff.end_rests()
            await self._pace.sleep(self.sender.refresh_every or 0.0)
