"""The command line: ``driftvakt run | check | probe | status | notify | evidence | replay | …``."""

from __future__ import annotations

import gc
import os
import re
import sys
import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from monitor.cli import completion
from monitor.cli.examples import epilog
from monitor.cli.quick_command import QuickCommand, QuickGroup
from monitor.model.status import Status
from monitor.support import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from monitor.cli.evidence import HistoryLocation
    from monitor.configuration.loader import Loaded
    from monitor.settings.errors import Fault

# Commands import what they need themselves: --help and an early Ctrl-C need none of it.

EXIT_CONFIGURATION = 2
UNTOLD = 3
"""Exit code of ``status`` for what it could not tell, its usage among it: none of the other colours'."""
STATUS_EXIT = {Status.GREEN: 0, Status.YELLOW: 1, Status.RED: 2, Status.UNKNOWN: UNTOLD}

app = typer.Typer(
    name="driftvakt",
    cls=QuickGroup,
    help="Watches e-prescription test environments: green, yellow or red, and why.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    # plain help: typer's coloured one takes longer to import than all the rest of it
    rich_markup_mode=None,
    context_settings={"max_content_width": 120},
)


class LogFormat(StrEnum):
    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class ImportedFrom(StrEnum):
    BLACKBOX = "blackbox"


class Exported(StrEnum):
    SCHEMA = "schema"
    OPENAPI = "openapi"
    RULES = "rules"
    DASHBOARD = "dashboard"


class Dashboard(StrEnum):
    OVERVIEW = "overview"
    SERVICE = "service"
    MONITOR = "monitor"


def _seconds(text: str) -> float:
    from probes.settings import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config",
        help="A YAML file, or a folder of them.",
        default_factory=completion.default_config,
        show_default="$DRIFTVAKT_CONFIG, then config/driftvakt.yaml",
    ),
]
ForOption = Annotated[
    float | None,
    typer.Option("--for", parser=_seconds, metavar="DURATION", help="End by itself, e.g. 10s."),
]
FormatOption = Annotated[LogFormat, typer.Option("--log-format", help="Form of the log.")]
LevelOption = Annotated[LogLevel, typer.Option("--log-level", help="Least severity logged.")]
LanguageOption = Annotated[str, typer.Option(help="sv or en.", autocompletion=completion.languages)]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


def _fail(message: str, code: int = EXIT_CONFIGURATION) -> NoReturn:
    print(f"driftvakt: {terminal.printable(message)}", file=sys.stderr)
    raise typer.Exit(code)


def _load(path: Path) -> Loaded:
    """A configuration. Prints every fault and leaves with 2 when it has any."""
    from monitor.configuration.loader import load

    return _read(lambda: load(path, os.environ))


def _read(read: Callable[[], Loaded]) -> Loaded:
    from monitor.configuration.loader import ConfigurationError

    try:
        return read()
    except ConfigurationError as error:
        for fault in error.faults:
            print(terminal.printable(str(fault)), file=sys.stderr)
        number = len(error.faults)
        _fail(f"{number} fault{'s' if number > 1 else ''} in the configuration")


def _warn(warnings: Iterable[Fault | str]) -> None:
    for warning in warnings:
        print(terminal.printable(f"warning: {warning}"), file=sys.stderr)


def _run(main: Coroutine[Any, Any, int]) -> int:
    """Runs in uvloop where it can be had: it halves the cost of a probe."""
    import asyncio

    try:
        import uvloop
    except ImportError:  # not on Windows
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def _version(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


@app.callback()
def program(
    *,
    told: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Watches e-prescription test environments: green, yellow or red, and why."""
    del told


@app.command(epilog=epilog("run"))
def run(
    config: ConfigOption,
    listen: Annotated[
        str | None, typer.Option(metavar="A:P", help="Address and port; port 0: any free one.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of status.json and the history.")
    ] = None,
    duration: ForOption = None,
    log_format: FormatOption = LogFormat.AUTO,
    log_level: LevelOption = LogLevel.INFO,
) -> None:
    """Watch, judge and publish until stopped (SIGTERM, SIGINT)."""
    given = _given(listen, data_dir)
    # what is imported and read stays: looking for garbage in it, again and again, is a fifth of the start
    gc.disable()
    from dataclasses import replace

    from monitor.configuration.discovery.store import Documents
    from monitor.configuration.files import ConfigFiles
    from monitor.configuration.loader import load
    from monitor.configuration.reloader import warn_of
    from monitor.runtime.process import collect_seldom, run_daemon
    from monitor.support import logging_setup
    from monitor.support.allocator import give_back_soon
    from monitor.support.redaction import secrets_of

    give_back_soon()
    documents = Documents(data_dir)

    def read() -> Loaded:
        loaded = load(config, os.environ, documents)
        return replace(loaded, estate=replace(loaded.estate, **given))

    origin = ConfigFiles(config, read, documents)
    loaded = _read(origin.read)
    gc.freeze()
    gc.enable()
    collect_seldom()
    estate = loaded.estate
    masker = logging_setup.set_up(log_format.value, log_level.value, secrets_of(estate))
    warn_of((*loaded.warnings, *loaded.advice))
    raise typer.Exit(_run(run_daemon(estate, duration, origin=origin, masker=masker)))


def _given(listen: str | None, data_dir: Path | None) -> dict[str, Any]:
    """What the command line sets instead of the configuration."""
    given: dict[str, Any] = {}
    if listen is not None:
        from monitor.settings.models import split_listen

        try:
            host, port = split_listen(listen)
        except ValueError as error:
            _fail(f"--listen: {error}")
        if not 0 <= port <= 65535:
            _fail(f"--listen: {port} is not a port: write 0 to 65535, 0 for any free one")
        given.update(listen_host=host, listen_port=port)
    if data_dir is not None:
        given["data_dir"] = data_dir
    return given


@app.command(epilog=epilog("check"))
def check(config: ConfigOption) -> None:
    """Validate the configuration, warn of what is impolite or unwise, print what would run."""
    from monitor.console.checks import MANY, checks_lines, checks_table
    from monitor.polling.calendar_reader import calendar_warnings
    from monitor.settings.lint import canary_wanted

    loaded = _load(config)
    _warn((*loaded.warnings, *loaded.advice, *calendar_warnings(loaded.estate, time.time())))
    if sum(1 for _ in loaded.estate.checks()) < MANY:
        terminal.console().print(terminal.Shown(checks_table(loaded.estate)))
    else:
        for line in checks_lines(loaded.estate):
            print(terminal.printable(line))
    if wanted := canary_wanted(loaded.estate):
        print(f"\nadvice: {wanted}")


@app.command(epilog=epilog("probe"))
def probe(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ENV/SERVICE/CHECK|URL",
            help="A check of the configuration, or any address.",
            autocompletion=completion.checks,
        ),
    ],
    config: ConfigOption,
    as_json: JsonOption = False,
) -> None:
    """Probe once, now: phases, certificates and the grade. Exit 0 good, 1 not, 2 usage."""
    import asyncio

    from monitor.cli.probe import choose_check, take
    from monitor.support import logging_setup
    from monitor.support.redaction import secrets_of

    is_url = what.startswith(("http://", "https://"))
    loaded = None if is_url else _load(config)
    if loaded is not None:
        _warn(loaded.warnings)
    estate = loaded.estate if loaded is not None else None
    try:
        chosen = choose_check(what, estate)
    except ValueError as error:
        _fail(str(error))
    logging_setup.set_up("auto", "error", secrets_of(estate) if estate else ())
    report = asyncio.run(take(chosen))
    if as_json:
        print(terminal.json_text(report.document), end="")
    else:
        terminal.console().print(terminal.Shown(report.shown))
    raise typer.Exit(0 if report.good else 1)


class _Telling(QuickCommand):
    """A command whose exit code 2 means something else than that it was used in a wrong way."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().make_context(*args, **kwargs)
        except Exception as error:
            # a usage error, whether of click or of what typer has of it inside
            if getattr(error, "exit_code", None) == EXIT_CONFIGURATION:
                error.exit_code = UNTOLD  # type: ignore[attr-defined]
            raise


@app.command(epilog=epilog("status"), cls=_Telling)
def status(
    *,
    url: Annotated[
        str | None, typer.Option(help="Base address of a daemon, or of a status.json.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="A status.json.")] = None,
    as_json: JsonOption = False,
    watch: Annotated[bool, typer.Option("--watch", help="Again every 2 s, until Ctrl-C.")] = False,
    every: Annotated[bool, typer.Option("--all", help="A table of all checks.")] = False,
    environment: Annotated[
        str | None, typer.Option("--env", help="Of this environment alone.")
    ] = None,
    service: Annotated[
        str | None, typer.Option(metavar="ENV/SERVICE", help="Of this service alone.")
    ] = None,
    language: LanguageOption = "en",
) -> None:
    """Show the status: trouble first, and the rest counted.

    Exit 0 green, 1 yellow, 2 red, 3 unknown, or that it could not be told.
    """
    from monitor.cli.status import Shape, StatusUnreadableError, read_status, watch_status
    from monitor.console.rows import document_status

    if environment is not None and service is not None:
        _fail("--env and --service cannot be used together", UNTOLD)
    if url is not None and file is not None:
        _fail("--url and --file cannot be used together", UNTOLD)
    if url is None and file is None:
        url = "http://127.0.0.1:9815"
    console = terminal.console()
    shape = Shape(language=language, every=every, only=service or environment)
    try:
        if watch:
            terminal.output.raises = True
            watch_status(console, url, file, shape)
            raise typer.Exit(0)
        document = shape.narrowed(read_status(url, file))
    except StatusUnreadableError as error:
        _fail(str(error), UNTOLD)
    now = time.time()
    if as_json:
        print(terminal.json_text(document), end="")
    else:
        console.print(shape.shown(document, now))
    raise typer.Exit(STATUS_EXIT[document_status(document, now)])


@app.command(epilog=epilog("replay"))
def replay(
    config: ConfigOption,
    since: Annotated[
        float, typer.Option(parser=_seconds, metavar="DURATION", help="How far back, e.g. 7d.")
    ] = "7d",  # type: ignore[assignment]  # it is parsed, too
    against: Annotated[
        Path | None,
        typer.Option(help="Compare with this configuration, not with what was published."),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of driftvakt.db.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Judge what was recorded again, under another configuration: what would have changed."""
    from monitor.cli.replay import replayed
    from monitor.history.errors import HistoryTroubleError
    from monitor.replay.as_json import comparison_document
    from monitor.replay.table import comparison_table

    loaded = _load(config)
    _warn(loaded.warnings)
    estate = loaded.estate
    old = _load(against).estate if against is not None else None
    now = time.time()
    try:
        found = replayed(
            estate,
            store=estate.store if data_dir is None else "sqlite",
            data_dir=data_dir or estate.data_dir,
            since=now - since,
            until=now,
            old=old,
            old_path=against,
        )
    except HistoryTroubleError as error:
        _fail(f"no history to judge again: {error}")
    if as_json:
        print(terminal.json_text(comparison_document(found)), end="")
    else:
        terminal.console().print(terminal.Shown(comparison_table(found, estate.timezone)))


@app.command(epilog=epilog("evidence"))
def evidence(
    id_: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="A transition's id, or the beginning of it."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="A YAML file, or a folder of them.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of the history.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Base address of a running daemon.")] = None,
    since: Annotated[
        float | None,
        typer.Option(parser=_seconds, metavar="DURATION", help="List no older ones, e.g. 7d."),
    ] = None,
    as_json: JsonOption = False,
    language: Annotated[
        str | None,
        typer.Option(
            help="sv or en; the configuration's own by default.",
            autocompletion=completion.languages,
        ),
    ] = None,
) -> None:
    """Print the evidence of a worsening, as text for a mail; without ID list the newest transitions.

    Exit 0, 1 when there is none, 2 usage.
    """
    from monitor.cli import evidence as cli_evidence
    from monitor.model.transition import read_id

    if language not in (None, "sv", "en"):
        _fail(f"--language: {language} is neither sv nor en")
    if url is not None and (config is not None or data_dir is not None):
        _fail("--url cannot be used together with --config or --data-dir")
    wanted = read_id(id_) if id_ is not None else None
    if id_ is not None and wanted is None:
        _fail(f"{id_} is not the id of a transition")
    if wanted is None and url is not None:
        _fail("--url needs an ID")
    try:
        if url is not None and wanted is not None:
            document = cli_evidence.fetched_bundle(url, wanted)
        else:
            estate = None
            if data_dir is None or config is not None:
                estate = _load(config if config is not None else completion.default_config()).estate
            place = cli_evidence.history_location(estate, data_dir)
            if wanted is None:
                begin = time.time() - since if since is not None else None
                print(cli_evidence.transition_list(place, begin, as_json=as_json), end="")
                raise typer.Exit(0)
            document = cli_evidence.stored_bundle(place, wanted)
        print(cli_evidence.bundle_text(document, language, as_json=as_json), end="")
    except cli_evidence.NoEvidenceError as error:
        _fail(str(error), 1)


@app.command(epilog=epilog("history"))
def history(
    *,
    environment: Annotated[
        str | None, typer.Option("--env", help="Of this environment alone.")
    ] = None,
    service: Annotated[
        str | None, typer.Option(metavar="ENV/SERVICE", help="Of this service alone.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="From then on: 7d, 03:12, 2026-11-29T03:12.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="WHEN", help="Until then.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="WHEN", help="What was so at that instant.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Incidents at most.")] = 20,
    config: Annotated[
        Path | None, typer.Option("--config", help="A YAML file, or a folder of them.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of the history.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Base address of a running daemon.")] = None,
    as_json: JsonOption = False,
    language: Annotated[
        str | None,
        typer.Option(
            help="sv or en; the configuration's own by default.",
            autocompletion=completion.languages,
        ),
    ] = None,
) -> None:
    """Show what was wrong, when and why: transitions as incidents, the newest first.

    Exit 0, 1 when the history cannot be read, 2 usage.
    """
    from monitor.cli import history as cli_history
    from monitor.console.history import Form, incident_list

    if language not in (None, "sv", "en"):
        _fail(f"--language: {language} is neither sv nor en")
    if at is not None and (since is not None or until is not None):
        _fail("--at cannot be used together with --since or --until")
    if environment is not None and service is not None:
        _fail("--env and --service cannot be used together: a service has its environment's name")
    if service is not None and not re.fullmatch(r"[^/]+/[^/]+", service):
        _fail(f"--service: write ENV/SERVICE, not {service}")
    place = _history_place(config, data_dir, url)
    now = time.time()
    try:
        moments = {
            name: cli_history.typed_instant(text, now, place.zone, end=name == "until")
            for name, text in (("since", since), ("until", until), ("at", at))
            if text is not None
        }
        asked = cli_history.Asked(
            environment=environment,
            service=service,
            since=moments.get("at", moments.get("since", 0.0)),
            until=moments.get("until", now),
            limit=limit,
        )
        read = (
            cli_history.stored_transitions(place, asked)
            if url is None
            else cli_history.fetched_transitions(url, asked)
        )
    except ValueError as error:
        _fail(str(error))
    except cli_history.NoHistoryError as error:
        _fail(str(error), 1)
    found = asked.chosen(read)
    if "at" in moments:
        found = [one for one in found if one.holds(moments["at"])]
        if not read or read[0].at > moments["at"]:
            _warn(["the history begins later: nothing is known of that instant"])
    if as_json:
        print(terminal.json_text(cli_history.document(found)), end="")
        return
    form = Form(language=language or place.language, zone=place.zone, now=now)
    terminal.console().print(terminal.Shown(incident_list(found, form)))


def _history_place(config: Path | None, data_dir: Path | None, url: str | None) -> HistoryLocation:
    from monitor.cli.evidence import history_location

    if url is not None:
        if config is not None or data_dir is not None:
            _fail("--url cannot be used together with --config or --data-dir")
        return replace(history_location(None, None), language="en")
    given = config is not None or data_dir is None
    estate = _load(config or completion.default_config()).estate if given else None
    return history_location(estate, data_dir)


@app.command(epilog=epilog("demo"))
def demo(
    duration: ForOption = None,
    language: LanguageOption = "en",
) -> None:
    """Watch two small real test environments on loopback that break and heal on a script."""
    from monitor.demo.run import watch_demo as run_demo

    terminal.output.raises = True
    try:
        code = _run(run_demo(duration=duration, console=terminal.console(), language=language))
    except BrokenPipeError:  # nobody is watching any more
        code = 0
    raise typer.Exit(code)


@app.command(epilog=epilog("notify"))
def notify(
    test: Annotated[
        str,
        typer.Option(
            "--test",
            metavar="NAME",
            help="A name of `notifications`.",
            autocompletion=completion.receiver_names,
        ),
    ],
    config: ConfigOption,
) -> None:
    """Send one receiver a message that says that it is a test. Exit 0 sent, 1 not, 2 usage."""
    import asyncio

    from monitor.cli.notify import choose_receiver, send_trial
    from monitor.support import logging_setup
    from monitor.support.redaction import secrets_of

    estate = _load(config).estate
    try:
        receiver = choose_receiver(test, estate)
    except ValueError as error:
        _fail(str(error))
    logging_setup.set_up("auto", "error", secrets_of(estate))
    sent, said = asyncio.run(send_trial(receiver, estate))
    print(terminal.printable(said))
    raise typer.Exit(0 if sent else 1)


@app.command(epilog=epilog("export"))
def export(
    what: Annotated[Exported, typer.Argument(help="Which openapi_document.")],
    url: Annotated[
        str | None,
        typer.Option(
            help="rules, dashboard: where people reach the page.",
            show_default="http://localhost:9815",
        ),
    ] = None,
    runbooks: Annotated[
        str | None, typer.Option(help="rules: the runbooks' folder.", show_default="URL/runbooks")
    ] = None,
    job: Annotated[
        str | None,
        typer.Option(help="rules: the job's name in Prometheus.", show_default="driftvakt"),
    ] = None,
    name: Annotated[
        Dashboard | None, typer.Option(help="dashboard: which one.", show_default="overview")
    ] = None,
) -> None:
    """Print the JSON Schema of the configuration file, the OpenAPI document of the addresses, the
    recording and alerting rules for Prometheus, or a dashboard for Grafana.
    """
    if name is not None and what is not Exported.DASHBOARD:
        _fail("--name is for dashboard")
    if what is Exported.DASHBOARD:
        from monitor.support import shipped

        if (runbooks, job) != (None, None):
            _fail("--runbooks and --job are for rules")
        made = shipped.dashboard(name or Dashboard.OVERVIEW, url or shipped.URL)
        print(terminal.json_text(made), end="")
        return
    if what is Exported.RULES:
        from monitor.support import shipped

        text = shipped.rules(url or shipped.URL, runbooks, job or shipped.JOB)
        terminal.write_document(text)
        return
    from monitor.configuration.loader import json_schema
    from monitor.publish.web.openapi import openapi_document

    if (url, runbooks, job) != (None, None, None):
        _fail("--url, --runbooks and --job are for rules and dashboards")
    exported = json_schema() if what is Exported.SCHEMA else openapi_document()
    print(terminal.json_text(exported), end="")


@app.command("import", epilog=epilog("import"))
def import_from(
    what: Annotated[ImportedFrom, typer.Argument(help="Whose configuration.")],
    modules: Annotated[Path, typer.Option(help="The exporter's blackbox.yml.")],
    targets: Annotated[Path, typer.Option(help="The prometheus.yml whose jobs use /probe.")],
    environment: Annotated[str, typer.Option(help="Name of the environment made.")] = "blackbox",
    skip_unsupported: Annotated[
        bool, typer.Option("--skip-unsupported", help="Leave out what no kind of ours can ask for.")
    ] = False,
) -> None:
    """Print a configuration made of the blackbox exporter's modules and of Prometheus' jobs."""
    from monitor.cli.import_ import import_modules

    del what  # there is one
    raise typer.Exit(import_modules(modules, targets, environment, skip=skip_unsupported))


@app.command("completion", epilog=epilog("completion"))
def print_completion(
    shell: Annotated[completion.Shell, typer.Argument(help="The shell that will read it.")],
) -> None:
    """Print the script that completes this command in a shell, checks' names too."""
    terminal.write_document(completion.script(shell) + "\n")


@app.command("manual", epilog=epilog("manual"))
def print_manual() -> None:
    """Print the manual page driftvakt(1), for man(1) to show."""
    import typer.main

    from monitor import __version__
    from monitor.cli.manual import manual

    terminal.write_document(manual(typer.main.get_command(app), __version__))


@app.command(epilog=epilog("version"))
def version() -> None:
    """Print the version."""
    from monitor import __version__

    print(f"driftvakt {__version__}")


def main() -> None:
    """The program ``driftvakt``."""
    terminal.prepare_streams()
    # of `status`, 0, 1 and 2 are colours: what it could not do at all is none of them
    asked = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    otherwise = UNTOLD if asked == "status" else 1
    try:
        app()
    except KeyboardInterrupt:
        code = 130
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except Exception as error:
        if asked != "status":
            raise
        print(f"driftvakt: no status: {terminal.printable(repr(error))}", file=sys.stderr)
        code = UNTOLD
    sys.exit(terminal.finish(code, otherwise))


if __name__ == "__main__":
    main()
