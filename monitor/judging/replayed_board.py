"""Pure: the board of a replay, which judges check by check elsewhere and only rolls up here."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.judging.board import Board
from monitor.judging.propagation import Trigger, by_check
from monitor.judging.standing import Standing
from monitor.model.estate import CheckId
from monitor.model.transition import Transition


class ReplayedBoard(Board):
    """A board that takes standings where others take observations."""

    def stand(self, check_id: CheckId, standing: Standing, now: float) -> list[Transition]:
        """Takes a check's standing by an observation."""
        return self._publish(self._take(check_id, standing, now), now)

    def stand_aged(
        self, standings: Iterable[tuple[CheckId, Standing]], now: float
    ) -> list[Transition]:
        """Takes the standings of all that has become stale at one instant, with the service windows
        of that instant, as :meth:`age` does.
        """
        triggers = self._tracked.plan.follow(now)
        for check_id, standing in standings:
            triggers += self._take(check_id, standing, now)
        return self._publish(triggers, now)

    def _take(self, check_id: CheckId, standing: Standing, now: float) -> list[Trigger]:
        tracker = self._tracked.trackers[check_id]
        if not self._move(tracker, tracker.stood(standing)):
            return []
        return [by_check(self._tracked.service_of[check_id], tracker, now)]
