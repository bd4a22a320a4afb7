"""What a daemon depends on: clocks, kinds of checks, and ways to its surroundings. Simulations have
others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from monitor.model.estate import Estate
from monitor.publish.status.status_file import Writes
from monitor.scheduling.own_network import OwnNetwork
from probes.kind import Kind
from probes.kinds import load_kinds

if TYPE_CHECKING:  # see :mod:`monitor.runtime.deferred_imports`
    from monitor.history.history import History
    from monitor.notify.outbox import DeliveryMetrics
    from monitor.notify.service import NotificationService

OpenHistory: TypeAlias = (
    "Callable[[Estate, Callable[[], float]], AbstractAsyncContextManager[History]]"
)
MakeNetwork = Callable[[Callable[[], float], Callable[[], float]], OwnNetwork]
MakeNotifications: TypeAlias = (
    "Callable[[Estate, History, DeliveryMetrics, Callable[[], float]], NotificationService]"
)

DRAIN = 3.0
"""Seconds that probes in flight may take to end at a stop."""


def open_history(
    estate: Estate, clock: Callable[[], float]
) -> AbstractAsyncContextManager[History]:
    """Opens the history that the configuration names."""
    from monitor.history.history import History

    return History.open(estate.store, estate.data_dir, retention=estate.retention, clock=clock)


def make_notifications(
    estate: Estate, history: History, metrics: DeliveryMetrics, clock: Callable[[], float]
) -> NotificationService:
    """Makes the service that notifies the configured receivers."""
    from monitor.notify.service import NotificationService

    return NotificationService(estate, history, metrics, clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The defaults are a daemon's own."""

    kinds: Mapping[str, Kind] = field(default_factory=load_kinds)
    clock: Callable[[], float] = time.time
    """Gives seconds since the epoch."""
    timer: Callable[[], float] = time.perf_counter
    """Gives monotonic seconds."""
    cpu: Callable[[], float] = time.thread_time
    """Gives the seconds for which the loop's thread has had the processor."""
    drain: float = DRAIN
    status_file: Writes | None = None
    """``None``: the one in the data directory."""
    listens: bool = True
    """Whether there is a web server."""
    history: OpenHistory | None = open_history
    """``None``: nothing is recorded, and nobody is notified."""
    notifications: MakeNotifications = make_notifications
    network: MakeNetwork | None = OwnNetwork
    """``None``: the state of our own network is not known."""
