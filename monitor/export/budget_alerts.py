"""Alerts on error budgets: several speeds, each over a long and a short span.

The short span ends the alert soon after the trouble has ended. Planned red and unknown time count
for nothing, as in the availability "unplanned".
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from monitor.export.recordings import unavailable
from monitor.export.rule import SERVICE, SERVICE_PATH, Alert

OBJECTIVES = (Decimal("99.9"), Decimal(98))
"""Per cent of the time."""
_SPEEDS = (
    # times the speed that uses up 30 days' budget in 30 days
    ("Fast", Decimal("14.4"), "1h", "5m", "2m"),
    ("Fast", Decimal(6), "6h", "30m", "5m"),
    ("Slow", Decimal(3), "1d", "2h", "15m"),
    ("Slow", Decimal(1), "3d", "6h", "30m"),
)


def _burning() -> Iterator[Alert]:
    share = "{{ $value | humanizePercentage }}"
    for objective in OBJECTIVES:
        budget = (100 - objective) / 100
        for speed, times, long, short, lasts in _SPEEDS:
            limit = f"{(times * budget).normalize():f}"
            yield Alert(
                name=f"DriftvaktErrorBudgetBurn{speed}",
                expr=f"{unavailable(long)} > {limit}\nand\n{unavailable(short)} > {limit}",
                lasts=lasts,
                # red itself pages, at once; this tells of what many short outages add up to
                severity="warning" if speed == "Fast" else "info",
                labels={"objective": str(objective), "span": long},
                path=SERVICE_PATH,
                sv=f"{SERVICE} förbrukar sin felbudget för {objective} % {times} gånger för fort",
                en=f"{SERVICE} uses up its error budget for {objective} % {times} times too fast",
                description_sv=f"{SERVICE} har varit otillgänglig utan plan {share} av den senaste tiden ({long}).",
                description_en=f"{SERVICE} has been unavailable without a plan for {share} of the time ({long}).",
            )


BUDGET_ALERTS = tuple(_burning())
