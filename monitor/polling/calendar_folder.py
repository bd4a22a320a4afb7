"""The folder that keeps the last good calendar of each source, over a restart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson
import structlog

from monitor.plan.calendars import CalendarSource
from monitor.polling.http_fetch import Fetched
from monitor.support.atomic_file import write_whole
from probes.observation import clean

log = structlog.get_logger("driftvakt")

FOLDER = "calendars"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCalendar:
    """A calendar in UTF-8, and when it was last read without a fault, in seconds since the epoch."""

    document: Fetched
    at: float


class CalendarFolder:
    """In ``data_dir``. Both methods block: for a thread."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER

    def read(self, source: CalendarSource) -> KeptCalendar | None:
        """What an earlier process kept; ``None`` when that cannot be read."""
        try:
            value = orjson.loads(self._path(source).read_bytes())
            document = Fetched(
                body=str(value["body"]).encode("utf-8"),
                etag=str(value["etag"]),
                last_modified=str(value["last_modified"]),
            )
            return KeptCalendar(document=document, at=float(value["at"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, source: CalendarSource, kept: KeptCalendar) -> None:
        """Keeps it; where it cannot, the log says why."""
        value = {
            "at": kept.at,
            "etag": kept.document.etag,
            "last_modified": kept.document.last_modified,
            "body": kept.document.body.decode("utf-8", "surrogateescape"),
        }
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path(source), orjson.dumps(value))
        except (OSError, TypeError) as error:  # orjson refuses what is not UTF-8
            log.warning("calendar_not_kept", calendar=source.name, error=clean(str(error)))

    def _path(self, source: CalendarSource) -> Path:
        return self._folder / f"{source.key}.json"
