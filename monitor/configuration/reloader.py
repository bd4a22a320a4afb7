"""Reads the configuration anew, one reload at a time.

Whoever asks while one is under way shares the next: the files may have changed since it began.
Reading happens in a thread, taking over is the daemon's: all of it, or nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from monitor.configuration.files import ConfigFiles
from monitor.configuration.loader import ConfigurationError, Fault, Loaded
from monitor.model.diff import Difference
from monitor.model.reload_outcome import NAMED, Ended, ReloadOutcome
from monitor.publish.web.credentials import WebAccessError
from monitor.support.redaction import Masker
from monitor.support.threads import run_in_daemon_thread
from probes.observation import clean

log = structlog.get_logger("driftvakt")

FAULT_SHOWN = 500
"""Characters of a fault of the configuration."""
_Adopt = Callable[[Loaded], Awaitable[Difference]]


class Reloader:
    """Without an ``origin`` there is nothing to read. ``masker`` blanks the secrets in faults."""

    def __init__(self, origin: ConfigFiles | None, masker: Masker) -> None:
        self.origin = origin
        self._masker = masker
        self._next: asyncio.Future[ReloadOutcome] | None = None
        self._why: list[str] = []
        self._asked = asyncio.Event()
        self._advised: frozenset[str] = frozenset()

    def ask(self, why: str) -> asyncio.Future[ReloadOutcome]:
        """The outcome of a reload that begins now, or after the one that is under way. It is never
        an exception. To be shielded by those who wait for it.
        """
        if self._next is None or self._next.done():
            self._next = asyncio.get_running_loop().create_future()
        if why not in self._why:
            self._why.append(why)
        self._asked.set()
        return self._next

    async def run(
        self,
        adopt: _Adopt,
        ended: Callable[[ReloadOutcome], None],
    ) -> None:
        """Runs until it is cancelled; who still waits then gets to know it. ``adopt`` takes a
        configuration that was read without a fault, and gives what has changed; ``ended`` is called
        with the outcome of every reload.
        """
        under_way: asyncio.Future[ReloadOutcome] | None = None
        try:
            while True:
                await self._asked.wait()
                self._asked.clear()
                under_way, self._next = self._next, None
                why, self._why = self._why, []
                outcome = await self._reload(" and ".join(why), adopt)
                ended(outcome)
                _answer(under_way, outcome)
        finally:
            stopping = ReloadOutcome(ended=Ended.STOPPING, faults=("the monitor is stopping",))
            _answer(under_way, stopping)
            _answer(self._next, stopping)

    async def _reload(self, why: str, adopt: _Adopt) -> ReloadOutcome:
        begun = time.perf_counter()
        ended, changes = Ended.RELOADED, None
        faults: tuple[str, ...] = ()
        log.info("reloading", why=why)
        try:
            changes = await self._read_and_adopt(adopt)
        except ConfigurationError as error:
            ended, faults = Ended.REFUSED, tuple(self._clean(str(one)) for one in error.faults)
        except WebAccessError as error:
            ended, faults = Ended.REFUSED, (self._clean(str(error)),)
        except Exception as error:  # a bug of ours, or a plug-in's: what was watched is watched
            log.exception("reload_broke")
            ended, faults = (
                Ended.BROKEN,
                (f"a fault of the monitor itself: {type(error).__name__}",),
            )
        if changes is None and ended is Ended.RELOADED:
            ended, faults = Ended.NO_FILE, ("the configuration was not read from a file",)
        seconds = time.perf_counter() - begun
        outcome = ReloadOutcome(ended=ended, faults=faults, changes=changes, seconds=seconds)
        _log(outcome)
        return outcome

    async def _read_and_adopt(self, adopt: _Adopt) -> Difference | None:
        if self.origin is None:
            return None
        loaded = await run_in_daemon_thread(self.origin.read, "reload")
        changes = await adopt(loaded)
        news = [one for one in loaded.advice if one.message not in self._advised]
        warn_of((*loaded.warnings, *news))
        self._advised = frozenset(one.message for one in loaded.advice)
        return changes

    def _clean(self, text: str) -> str:
        return clean(self._masker.text(text), FAULT_SHOWN)


def warn_of(found: Sequence[Fault]) -> None:
    """Writes what a person should know of the configuration into the log, a hundred at most: ten
    thousand lines would be read by nobody, and hold up a start.
    """
    for one in found[:NAMED]:
        log.warning("configuration_warning", message=str(one))
    if (more := len(found) - NAMED) > 0:
        log.warning("configuration_warnings_more", number=more, see="driftvakt check")


def _answer(future: asyncio.Future[ReloadOutcome] | None, outcome: ReloadOutcome) -> None:
    if future is not None and not future.done():
        future.set_result(outcome)


def _log(outcome: ReloadOutcome) -> None:
    changes = outcome.changes
    if changes is None:
        log.error("reload_failed", faults=len(outcome.faults), outcome=outcome.ended.name.lower())
        for fault in outcome.faults:
            log.error("configuration_fault", message=fault)
        return
    document = outcome.document()
    log.info(
        "reloaded",
        seconds=document["seconds"],
        **document["checks"],
        needs_restart=document["needs_restart"],
    )
    names = {sort: document[sort] for sort in ("added", "removed", "restarted", "judged_anew")}
    if any(names.values()):
        log.info("reload_changed", at_most=NAMED, **names)
    if changes.needs_restart:
        log.warning("needs_restart", keys=list(changes.needs_restart))
