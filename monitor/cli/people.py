"""``driftvakt window | notice | ack | silence | run-now``: what people do, over the daemon's API."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from monitor.cli.examples import epilog
from monitor.cli.options import JsonOption, fail, print_json
from monitor.cli.quick_command import QuickCommand
from monitor.support.terminal import printable

NAMES = ("window", "notice", "ack", "silence", "run-now")
LIMIT = 10_000_000
"""Bytes of an answer at most."""

UrlOption = Annotated[
    str | None,
    typer.Option(
        help="Base address of the daemon, USER:PASSWORD@ too; by default where the configuration listens."
    ),
]
AuthorOption = Annotated[
    str | None, typer.Option(help="Who does it, where no password says so; by default your user.")
]
UntilOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="The end: 2026-11-24T22:00, local there.")
]
ForOption = Annotated[
    str | None,
    typer.Option("--for", metavar="DURATION", help="The end: so long after the start, 2h."),
]
EnvsOption = Annotated[
    list[str] | None, typer.Option("--env", metavar="ENV", help="An environment; again for more.")
]
ServicesOption = Annotated[
    list[str] | None,
    typer.Option("--service", metavar="ENV/SERVICE", help="A service; again for more."),
]
IdOption = Annotated[str | None, typer.Option("--id", help="Its name; one is made otherwise.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]


def add_people(app: typer.Typer, name: str) -> None:
    """Add one of :data:`NAMES` to the program."""
    if name in ("window", "notice"):
        group = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
        groups: dict[str, dict[str, Callable[..., None]]] = {
            "window": {"add": window_add, "end": window_end, "list": window_list},
            "notice": {
                "add": notice_add, "change": notice_change, "end": notice_end, "list": notice_list,
            },
        }  # fmt: skip
        for word, function in groups[name].items():
            group.command(word, cls=QuickCommand)(function)
        said = "Service windows" if name == "window" else "Notices"
        app.add_typer(
            group, name=name, help=f"{said} without an editor: add, end, list.", epilog=epilog(name)
        )
        return
    functions: dict[str, Callable[..., None]] = {"ack": ack, "silence": silence, "run-now": run_now}
    app.command(name, cls=QuickCommand, epilog=epilog(name))(functions[name])


def window_add(
    *,
    title: Annotated[str, typer.Option(help="What is done.")],
    impact: Annotated[str, typer.Option(help="none, disturbance or outage.")],
    start: Annotated[str | None, typer.Option(metavar="TIME", help="Now when left out.")] = None,
    until: UntilOption = None,
    duration: ForOption = None,
    message: Annotated[str | None, typer.Option(help="More about it.")] = None,
    environments: EnvsOption = None,
    services: ServicesOption = None,
    id_: IdOption = None,
    author: AuthorOption = None,
    url: UrlOption = None,
) -> None:
    """Declare planned work. Exit 0, 2 refused."""
    sent = {
        "id": id_, "title": title, "impact": impact, "start": start, "until": until, "for": duration,
        "message": message, "environments": environments, "services": services,
    }  # fmt: skip
    _print_id(_ask(url, "POST", "windows", sent, author))


def window_end(id_: IdArgument, url: UrlOption = None) -> None:
    """End a window now; one that has not begun is cancelled. Exit 0, 2 refused."""
    _print_id(_ask(url, "DELETE", f"windows/{id_}"))


def window_list(url: UrlOption = None, as_json: JsonOption = False) -> None:
    """List the live ones that people wrote. Exit 0, 2 refused."""
    _list(url, "windows", as_json)


def notice_add(
    *,
    message: Annotated[str, typer.Argument(help="What readers shall know.")],
    title: Annotated[str | None, typer.Option(help="Its heading.")] = None,
    status: Annotated[
        str | None, typer.Option(help="yellow or red: at least so bad is it.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Now when left out.")
    ] = None,
    until: UntilOption = None,
    duration: ForOption = None,
    environments: EnvsOption = None,
    services: ServicesOption = None,
    id_: IdOption = None,
    author: AuthorOption = None,
    url: UrlOption = None,
) -> None:
    """Publish a notice. Exit 0, 2 refused."""
    sent = {
        "id": id_, "title": title, "message": message, "status": status, "from": start,
        "until": until, "for": duration, "environments": environments, "services": services,
    }  # fmt: skip
    _print_id(_ask(url, "POST", "notices", sent, author))


def notice_change(
    *,
    id_: IdArgument,
    message: Annotated[str | None, typer.Option(help="What readers shall know.")] = None,
    title: Annotated[str | None, typer.Option(help="Its heading.")] = None,
    status: Annotated[str | None, typer.Option(help="green, yellow or red.")] = None,
    until: UntilOption = None,
    author: AuthorOption = None,
    url: UrlOption = None,
) -> None:
    """Change what is given of a notice. Exit 0, 2 refused."""
    sent = {"message": message, "title": title, "status": status, "until": until}
    _print_id(_ask(url, "PATCH", f"notices/{id_}", sent, author))


def notice_end(id_: IdArgument, url: UrlOption = None) -> None:
    """End a notice now. Exit 0, 2 refused."""
    _print_id(_ask(url, "DELETE", f"notices/{id_}"))


def notice_list(url: UrlOption = None, as_json: JsonOption = False) -> None:
    """List the live ones that people wrote. Exit 0, 2 refused."""
    _list(url, "notices", as_json)


def ack(
    *,
    service: Annotated[
        str | None, typer.Argument(metavar="ENV/SERVICE", help="What you are at; without it, list.")
    ] = None,
    because: Annotated[str | None, typer.Option(help="What is done about it.")] = None,
    until: UntilOption = None,
    duration: ForOption = None,
    end: Annotated[str | None, typer.Option(metavar="ID", help="End that one instead.")] = None,
    author: AuthorOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that somebody is at it: no reminders until it is green; without a service, list.

    Exit 0, 2 refused.
    """
    if end is not None:
        _print_id(_ask(url, "DELETE", f"acknowledgements/{end}"))
    elif service is None:
        _list(url, "acknowledgements", as_json)
    else:
        sent = {"service": service, "because": because, "until": until, "for": duration}
        _print_id(_ask(url, "POST", "acknowledgements", sent, author))


def silence(
    *,
    subject: Annotated[
        str | None,
        typer.Argument(metavar="ENV[/SERVICE]", help="What is to be silent; without it, list."),
    ] = None,
    because: Annotated[str, typer.Option(help="Why nobody is to be told.")] = "–",
    until: UntilOption = None,
    duration: ForOption = None,
    end: Annotated[str | None, typer.Option(metavar="ID", help="End that one instead.")] = None,
    author: AuthorOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send no messages of it for a while; without a subject, list. Exit 0, 2 refused."""
    if end is not None:
        _print_id(_ask(url, "DELETE", f"silences/{end}"))
    elif subject is None:
        _list(url, "silences", as_json)
    else:
        key = "services" if "/" in subject else "environments"
        sent = {key: [subject], "because": because, "until": until, "for": duration}
        _print_id(_ask(url, "POST", "silences", sent, author))


def run_now(
    subject: Annotated[
        str, typer.Argument(metavar="ENV/SERVICE[/CHECK]", help="What is to be measured.")
    ],
    url: UrlOption = None,
) -> None:
    """Measure as soon as min_interval allows it. Exit 0, 2 refused."""
    key = "check" if subject.count("/") == 2 else "service"
    for one in _ask(url, "POST", "runs", {key: subject}, expected="runs")["runs"]:
        due = one["due_in_s"]
        print(printable(f"{one['check']}: {'now' if due < 0.05 else f'due in {due:.3g} s'}"))


def _print_id(answer: dict[str, Any]) -> None:
    print(printable(str(answer["id"])))


def _list(url: str | None, kind: str, as_json: bool) -> None:
    answer = _ask(url, "GET", kind, expected=kind)
    if as_json:
        print_json(answer)
        return
    for one in answer[kind]:
        where = one.get("service") or ", ".join(
            [*(one.get("environments") or ()), *(one.get("services") or ())]
        )
        said = one.get("title") or one.get("message") or one.get("because") or ""
        ends = one["ends_at"] or "until green"
        print(printable(f"{one['id']}  {where or 'everything'}  {ends}  {one['author']}: {said}"))


def _ask(
    url: str | None,
    method: str,
    path: str,
    sent: dict[str, Any] | None = None,
    author: str | None = None,
    *,
    expected: str = "id",
) -> dict[str, Any]:
    """Ask the daemon. Leaves with 2 where it refuses, does not answer, or answers without the key
    ``expected``: then it is not the daemon.
    """
    from urllib.parse import quote

    from monitor.cli.http_get import NoAnswerError, http_send
    from monitor.support.json_read import read_json

    body = None
    if sent is not None:
        body = {key: value for key, value in sent.items() if value is not None and value != []}
        if path != "runs":
            body["author"] = author or _user()
    try:
        status, answer = http_send(
            f"{(url or _configured()).rstrip('/')}/api/v1/{quote(path)}", method, body, LIMIT
        )
        found = (
            read_json(answer)
            if answer[:1] == b"{"
            else {"error": answer.decode("utf-8", "replace")}
        )
    except (NoAnswerError, ValueError) as error:
        fail(str(error))
    if status >= 300:
        fail(f"refused ({status}): {found.get('error', '')}".strip())
    if expected not in found:
        fail("this is not the answer of a driftvakt daemon: look at the address, or give --url")
    result: dict[str, Any] = found
    return result


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"


def _configured() -> str:
    """Where the daemon of the configuration listens; the default place where there is none."""
    from monitor.cli.installed import default_config
    from monitor.cli.status import DEFAULT_URL
    from monitor.configuration.loader import load
    from monitor.settings.errors import ConfigurationError

    path = default_config()
    if not path.exists():
        return DEFAULT_URL
    try:
        estate = load(path, os.environ).estate
    except ConfigurationError:  # the daemon may well run on what it read before
        print(
            f"driftvakt: {path} cannot be used, so {DEFAULT_URL} is asked: give --url for another",
            file=sys.stderr,
        )
        return DEFAULT_URL
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(estate.listen_host, estate.listen_host)  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if estate.web.cert_file else 'http'}://{shown}:{estate.listen_port}"
