"""A daemon whose configuration is changed while it runs."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.daemon.running import Running, until, write_config
from tests.support.patience import PATIENCE


def reload(
    daemon: Running, config: Mapping[str, Any] | str | None = None, **headers: str
) -> tuple[int, str]:
    """``POST /-/reload``, after writing ``config``; its status and its text."""
    if config is not None:
        write_config(daemon.folder, config)
    request = urllib.request.Request(f"{daemon.url}/-/reload", method="POST", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def reloaded(daemon: Running, config: Mapping[str, Any] | str | None = None) -> dict[str, Any]:
    """The same, which must succeed: what has changed."""
    status, text = reload(daemon, config)
    assert status == 200, text
    document: dict[str, Any] = json.loads(text)
    return document


def hang_up(daemon: Running, config: Mapping[str, Any] | str | None = None) -> dict[str, Any]:
    """The same by SIGHUP: the log line that says how it ended."""
    if config is not None:
        write_config(daemon.folder, config)
    seen = len(outcomes(daemon))
    daemon.send(signal.SIGHUP)
    until(lambda: len(outcomes(daemon)) > seen, "a reload's end in the log")
    return outcomes(daemon)[seen]


def outcomes(daemon: Running) -> list[dict[str, Any]]:
    """The log's lines of how reloads ended, in order."""
    parsed = [json.loads(line) for line in list(daemon.lines)]
    return [one for one in parsed if one["event"] in ("reloaded", "reload_failed")]


def rename_into(path: Path, text: str) -> None:
    """As editors do it: another file takes the name."""
    other = path.with_name("." + path.name + ".new")
    other.write_text(text, "utf-8")
    other.rename(path)
