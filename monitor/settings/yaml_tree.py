"""YAML text → a tree of nodes that know their place. Nothing is given a meaning here.

Scalars follow the core schema of YAML 1.2 (``off`` and ``yes`` are text). libyaml reads what it is
known to read as the parser in Python does; the other reads the rest, and every text with a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.settings.errors import ConfigurationError, Fault, Mark
from monitor.settings.yaml_composer import MAX_ALIASED, MAX_DEPTH, Composer
from monitor.settings.yaml_events import events, quick_events
from monitor.settings.yaml_nodes import Mapping, Node, Plain, Scalar, Sequence, is_text, plain_value

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError

__all__ = [
    "MAX_ALIASED", "MAX_BYTES", "MAX_DEPTH", "Mapping", "Node", "Plain", "Scalar", "Sequence",
    "compose", "is_text", "plain_value",
]  # fmt: skip

MAX_BYTES = 10 * 1024 * 1024


def compose(data: bytes, file: str) -> Node | None:
    """The tree of one YAML document, ``None`` where there is none (only comments, or nothing).

    ``file`` is what faults call it. Raises :class:`ConfigurationError`, with every duplicate key of
    the file, or else with the first thing that makes the rest unreadable.
    """
    if len(data) > MAX_BYTES:
        raise _error(Mark(file, 1, 1), f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        raise _error(_place(file, before), "the file is not UTF-8 text") from None
    quick = quick_events(text)
    if quick is not None:
        composer = Composer(file, quick)
        try:
            tree = composer.document()
        except Exception:  # noqa: BLE001 - what is wrong is said by the parser that says it best
            return _composed(text, file)
        if not composer.faults:
            return tree
    return _composed(text, file)


def _composed(text: str, file: str) -> Node | None:
    """As :func:`compose`, by the parser in Python."""
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    composer = Composer(file, events(text))
    try:
        tree = composer.document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Mark(file, mark.line + 1, mark.column + 1) if mark else composer.last
        raise _error(place, _syntax_message(error, text, place)) from None
    except ReaderError as error:
        position = error.position if isinstance(error.position, int) else 0
        raise _error(
            _place(file, text[:position]), "a control character that YAML does not allow"
        ) from None
    except ConfigurationError:
        raise
    except Exception:  # noqa: BLE001 - a parser that trips over odd text must not take the monitor with it
        raise _error(composer.last, "this cannot be read as YAML") from None
    if composer.faults:
        raise ConfigurationError(composer.faults)
    return tree


def _error(mark: Mark, message: str) -> ConfigurationError:
    return ConfigurationError([Fault(*mark, "", message)])


def _place(file: str, before: str) -> Mark:
    return Mark(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


def _syntax_message(error: MarkedYAMLError, text: str, place: Mark) -> str:
    problem = str(error.problem or error.context or "it cannot be read")
    if "'\\t'" in problem or "tab character" in problem:
        return "not YAML: a tab; indent with spaces"
    line = text.splitlines()[place.line - 1 : place.line]
    quote = '; inside { } or [ ], write "${NAME}" in quotes' if line and "${" in line[0] else ""
    return f"not YAML: {problem.splitlines()[0]}{quote}"
