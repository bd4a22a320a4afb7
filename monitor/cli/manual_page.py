"""Pure: the manual page driftvakt(1), made of the command line's own parser.

What the parser knows is never written twice; the rest, such as signals and files, stands here. The
page uses the macros of man(7), which every system reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from monitor.cli.examples import EXAMPLES

EDITED = "2026-11-23"
"""When what stands here was last changed: the page's date."""

SECTIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Exit status": (
        ("0", "Good, green, or ended as asked."),
        ("1", "probe: not good. status: yellow. notify: not sent. evidence: there is none."),
        ("2", "A bad configuration or a wrong command line. status: red."),
        ("3", "status: unknown, or the status cannot be read."),
    ),
    "Signals": (
        ("SIGTERM, SIGINT", "End within five seconds; the last status is written."),
        ("SIGHUP", "Read the configuration again; one that is at fault changes nothing."),
    ),
    "Environment": (
        ("DRIFTVAKT_CONFIG", "The configuration when --config is not given."),
        ("NAME", "Whatever the configuration names as ${NAME}."),
        ("NOTIFY_SOCKET, WATCHDOG_USEC", "The service manager's: see sd_notify(3)."),
        ("CREDENTIALS_DIRECTORY", "Where systemd puts what LoadCredential= names."),
    ),
    "Files": (
        ("config/driftvakt.yaml", "The configuration, when nothing else is said."),
        (
            "/etc/driftvakt",
            "The configuration, when that is not there: driftvakt.yaml, or the folder.",
        ),
        ("/var/lib/driftvakt", "The data of the daemon with the configuration in /etc/driftvakt."),
        ("status.json", "In data_dir: the status, written whole or not at all."),
        ("driftvakt.db", "In data_dir: the history."),
    ),
}
DESCRIPTION = (
    "Probes the environments of a configuration, judges what it has seen, and publishes a colour for"
    " each service: green is in full operation, yellow means indications of disturbance, red means"
    " not available, and grey that we do not know. It never shows its own trouble as a target's."
)


def manual_page(command: Any, version: str) -> str:
    """The page's source. ``command`` is the group that typer makes of the program."""
    return "\n".join(_lines(command, version)) + "\n"


def _lines(command: Any, version: str) -> Iterator[str]:
    yield f'.TH DRIFTVAKT 1 {EDITED} "driftvakt {_text(version)}" "User Commands"'
    yield from (".SH NAME", f"driftvakt \\- {_text(_sentence(command.help))}")
    yield ".SH SYNOPSIS"
    yield "\\fBdriftvakt\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]..."
    yield from (".SH DESCRIPTION", _text(DESCRIPTION))
    yield ".SH COMMANDS"
    for name, one in command.commands.items():
        yield from _command(name, one)
    for title, entries in SECTIONS.items():
        yield f".SH {title.upper()}"
        for term, text in entries:
            yield from _entry(f"\\fB{_text(term)}\\fR", text)
    yield ".SH SEE ALSO"
    yield "The project's folder docs: configuration, operations, status, reasons."


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = [f"\\fBdriftvakt {_text(name)}\\fR"]
    for one in arguments:
        shown = f"\\fI{_text(_metavar(one))}\\fR"
        usage.append(shown if one.required else f"[{shown}]")
    usage += ["[\\fIOPTION\\fR]..."] if options else []
    yield from (f".SS {_text(name)}", " ".join(usage), ".PP")
    paragraphs = (command.help or "").split("\n\n")
    yield "\n.PP\n".join(_text(" ".join(one.split())) for one in paragraphs)
    for one in arguments:
        yield from _entry(f"\\fI{_text(_metavar(one))}\\fR", one.help or "")
    for one in options:
        names = ", ".join(f"\\fB{_text(opt)}\\fR" for opt in one.opts)
        value = "" if one.is_flag else f" \\fI{_text(_metavar(one))}\\fR"
        yield from _entry(names + value, _option_text(one))
    for example in EXAMPLES.get(name, ()):
        yield from _entry(f"Example: \\fBdriftvakt {_text(example.words)}\\fR", example.does)


def _option_text(option: Any) -> str:
    text = [option.help or ""]
    default = option.show_default if isinstance(option.show_default, str) else option.default
    if isinstance(default, str) and not option.is_flag:
        text.append(f"Default: {_word(default)}.")
    if option.required:
        text.append("Must be given.")
    return " ".join(text)


def _metavar(param: Any) -> str:
    if param.metavar:
        return str(param.metavar)
    takes = param.type_descriptor.annotation
    if isinstance(takes, type) and issubclass(takes, Enum):
        return "|".join(_word(one) for one in takes)
    return "PATH" if takes is Path else str(param.name).upper()


def _word(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def _entry(term: str, text: str) -> tuple[str, str, str]:
    return ".TP", term, _text(text)


def _sentence(text: str | None) -> str:
    return (text or "").strip().rstrip(".")


def _text(text: str) -> str:
    """Escaped: a hyphen is one that can be copied, and no line is taken for a request."""
    shown = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return f"\\&{shown}" if shown.startswith((".", "'")) else shown
