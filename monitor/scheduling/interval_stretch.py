"""Pure: when each check's next run is due while every interval is stretched.

What is due comes up as ever, and is put off then: so a change of the factor counts at once for all
that is due later, and costs nothing for what is not. Instants are seconds since the epoch.
"""

from __future__ import annotations

_SAME = 0.01
"""Seconds that are no putting off."""


class Stretching:
    """``factor`` is 1 while everything runs as often as configured."""

    def __init__(self) -> None:
        self.factor = 1.0
        self._began: dict[str, float] = {}
        """When each check's last run was due."""
        self._put_off: dict[str, tuple[float, float]] = {}
        """Of those that were put off: when the last run was due, and how long after it the next."""

    def began(self, check: str, due: float) -> None:
        """A run that was ``due`` begins."""
        self._began[check] = due
        self._put_off.pop(check, None)

    @property
    def active(self) -> bool:
        """Whether anything is put off, or will be."""
        return self.factor > 1.0 or bool(self._put_off)

    def puts_off(self, check: str) -> bool:
        """Whether the check's next run is put off."""
        return check in self._put_off

    def until(self, check: str, due: float) -> float:
        """Until when the run which is ``due`` is put off; ``due`` when it is not."""
        if self.factor <= 1.0:
            return due
        began, gap = self._put_off.get(check) or self._since(check, due)
        later = began + self.factor * gap
        if later <= due + _SAME:
            return due
        self._put_off[check] = began, gap
        return later

    def sooner(self, check: str) -> None:
        """The next run is to come at another time than it was put off to."""
        self._put_off.pop(check, None)

    def forget(self) -> None:
        """The clock was set: what was due by the old time tells nothing."""
        self._began.clear()
        self._put_off.clear()

    def _since(self, check: str, due: float) -> tuple[float, float]:
        began = self._began.get(check, due)
        return began, max(0.0, due - began)
