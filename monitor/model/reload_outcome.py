"""Pure: how a reload of the configuration went, for whoever asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from monitor.model.diff import Difference

NAMED = 100
"""Checks that are named at most of each sort; all are counted."""


class Ended(Enum):
    """How it ended; the value is the HTTP status that says so."""

    RELOADED = 200
    REFUSED = 400
    """The configuration on the disk is at fault: the earlier one applies."""
    NO_FILE = 409
    """The configuration was not read from a file."""
    BROKEN = 500
    """A fault of the monitor itself: the earlier configuration applies."""
    STOPPING = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadOutcome:
    """Of one reload."""

    ended: Ended
    changes: Difference | None = None
    """When it was reloaded."""
    faults: tuple[str, ...] = ()
    """Else: everything that is wrong, without secrets."""
    seconds: float = 0.0

    @property
    def error(self) -> str:
        """The faults in one line; empty when there is none."""
        if not self.faults:
            return ""
        more = len(self.faults) - 1
        return self.faults[0] + (f" (and {more} more)" if more else "")

    def document(self) -> dict[str, Any]:
        """What has changed, short."""
        changes = self.changes or Difference()
        sorts = {
            "added": changes.added,
            "removed": changes.removed,
            "restarted": changes.restarted,
            "judged_anew": changes.judged_anew,
        }
        return {
            "reloaded": self.ended is Ended.RELOADED,
            "seconds": round(self.seconds, 3),
            "checks": {
                "kept": len(changes.kept),
                **{sort: len(checks) for sort, checks in sorts.items()},
            },
            **{sort: list(checks[:NAMED]) for sort, checks in sorts.items()},
            "needs_restart": list(changes.needs_restart),
        }
