"""Logs on stderr: JSON lines, or coloured text on a terminal. Secrets are masked in all of it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, Literal, TextIO

import structlog

from monitor.support.redaction import Masker
from monitor.support.terminal import printable

LogFormat = Literal["auto", "json", "text"]
_OURS = frozenset({"timestamp", "level", "logger"})
"""Keys whose values are never anybody's secret, however much a secret looks like a year."""


_PLAIN = frozenset({bool, float, int, type(None)})
"""Types that hold no text; the rest of a line is masked value by value."""


class SecretMask:
    """A structlog processor that blanks known secrets, wherever in an event they stand."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        for key, value in event.items():
            if type(value) not in _PLAIN and key not in _OURS:
                event[key] = self._masked(value)
        return event

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._masker.text(value)
        if isinstance(value, (list, tuple)):
            return [self._masked(item) for item in value]
        if isinstance(value, dict):
            return {key: self._masked(item) for key, item in value.items()}
        return value


def _only_shown(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """For a terminal: what others have said is not obeyed. JSON escapes it by itself."""
    for key, value in event.items():
        if type(value) is str and not value.isprintable():
            event[key] = printable(value)
    return event


_SIGNS = {
    "green": ("●", "\033[32m"),
    "yellow": ("▲", "\033[33m"),
    "red": ("■", "\033[1;31m"),
    "unknown": ("○", "\033[2m"),
}
_TOLD = ("environment", "service", "from", "to", "check", "reason", "cause", "planned", "window",
         "message", "id")  # fmt: skip


def _one_line(colours: bool) -> structlog.typing.Processor:
    """For a terminal: a transition is what a glance takes in. The sentence is on the page, in
    ``driftvakt history`` and in the JSON of the same line.
    """

    def short(
        _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        if event.get("event") != "transition" or not {"to", "environment"} <= event.keys():
            return event
        told = {key: event.pop(key, None) for key in _TOLD}
        sign, colour = _SIGNS.get(str(told["to"]), ("", ""))
        to = f"{colour}{sign} {told['to']}\033[0m" if colours else f"{sign} {told['to']}"
        where = "/".join(str(told[key]) for key in ("environment", "service") if told[key])
        why = " ".join(str(told[key]) for key in ("check", "reason", "cause") if told[key])
        parts = [f"{where}: {told['from']} → {to}", "planned" if told["planned"] else "", why]
        event["event"] = "  ".join([*filter(None, parts), f"({told['id']})"])
        return event

    return short


class _NamedStream(structlog.WriteLogger):
    """Writes each line whole, and has the name that :func:`add_logger_name` asks for."""

    def __init__(self, stream: TextIO, name: str = "root") -> None:
        super().__init__(stream)
        self.name = name


def set_up(
    log_format: LogFormat = "auto",
    level: str = "info",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> Masker:
    """Sends structlog's and the standard library's logs to a stream (stderr) in one form. Gives what
    masks them, so that it can learn other secrets.
    """
    masker = Masker(secrets)
    colours = sys.stderr.isatty()
    text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    numeric = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any] = [
        structlog.processors.format_exc_info,
        SecretMask(masker),
        *(
            (_only_shown, _one_line(colours), structlog.dev.ConsoleRenderer(colors=colours))
            if text
            else (structlog.processors.JSONRenderer(ensure_ascii=False),)
        ),
    ]
    written = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(written)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(numeric)
    # one line a job and a request is what nobody wants to read
    logging.getLogger("apscheduler").setLevel(max(numeric, logging.ERROR))
    logging.getLogger("aiohttp.access").setLevel(max(numeric, logging.WARNING))
    logging.getLogger("asyncio").setLevel(max(numeric, logging.WARNING))
    logging.getLogger("alembic").setLevel(max(numeric, logging.WARNING))
    logging.getLogger("sqlalchemy").setLevel(max(numeric, logging.WARNING))
    # of each file of the folder that changes, this log among them
    logging.getLogger("watchfiles").setLevel(max(numeric, logging.WARNING))
    # ours go straight to the stream: by way of the standard library a line costs three times that
    structlog.configure(
        processors=[*shared, *last],
        logger_factory=lambda *names: _NamedStream(written, *names),
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        cache_logger_on_first_use=False,
    )
    return masker
