"""Pure: the examples of ``--help`` and of the manual page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Example(NamedTuple):
    """A command line, without the program's name, and what it does."""

    words: str
    does: str


EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "run": (
        Example("run", "watch what config/driftvakt.yaml says"),
        Example("run --config /etc/driftvakt --for 30s", "a trial that ends by itself"),
    ),
    "check": (
        Example("check", "every fault at once, or a table of what would run"),
        Example("check --config /etc/driftvakt", "a folder of files"),
    ),
    "probe": (
        Example("probe ext5/expo/api", "a check of the configuration, now"),
        Example("probe https://expo.ext5.example.se/", "an address of no configuration"),
    ),
    "status": (
        Example("status", "what the daemon on this machine says"),
        Example("status --url https://drift.example.se --watch", "another's, again and again"),
        Example("status --file /var/lib/driftvakt/status.json", "without the daemon"),
    ),
    "replay": (
        Example("replay --config new.yaml --since 30d", "would the new thresholds alarm more?"),
    ),
    "history": (
        Example("history --since 1d", "what was wrong since yesterday, and why"),
        Example("history --service ext5/expo --at 03:12", "why was it yellow last night?"),
        Example("history --url https://drift.example.se --env ext5", "another machine's"),
    ),
    "evidence": (
        Example("evidence --since 1d", "the transitions of a day, with their ids"),
        Example("evidence 1m847yab0cm8rqsc", "the evidence of one, as text for a mail"),
    ),
    "demo": (Example("demo --for 60s", "a minute of trouble, without a configuration"),),
    "window": (
        Example(
            "window add --env ext5 --impact outage --for 2h --title Databasbyte",
            "work that begins now",
        ),
        Example("window end ID", "it is done already"),
    ),
    "notice": (
        Example("notice add 'Långsamma svar' --env ext5 --status yellow --for 4h", "tell readers"),
        Example("notice change ID --message 'Bättre nu'", "tell them better"),
    ),
    "ack": (
        Example("ack ext5/expo --because 'we restart it'", "no reminders until it is green"),
        Example("ack", "what is acknowledged"),
    ),
    "silence": (Example("silence ext5 --for 2h --because test", "no messages of ext5"),),
    "run-now": (
        Example("run-now ext5/expo/api", "measure it now, or as soon as min_interval allows"),
    ),
    "notify": (Example("notify --test mail", "does the mail arrive?"),),
    "export": (
        Example("export schema", "for an editor that completes the configuration"),
        Example("export openapi", "for programs that read the addresses"),
        Example("export dashboard --name service", "a dashboard for Grafana"),
        Example("export rules --url https://drift.example.se", "alerts for Prometheus"),
    ),
    "import": (
        Example(
            "import blackbox --modules blackbox.yml --targets prometheus.yml",
            "a check for each target that Prometheus has the blackbox exporter probe",
        ),
    ),
    "completion": (
        Example("completion bash", "a script for /etc/bash_completion.d/driftvakt"),
        Example("completion zsh", "a script for a file _driftvakt in a folder of $fpath"),
        Example("completion fish", "a script for ~/.config/fish/completions/driftvakt.fish"),
    ),
    "manual": (Example("manual", "a page for /usr/local/share/man/man1/driftvakt.1"),),
    "version": (Example("version", "for a report"),),
}


def epilog(command: str) -> str:
    """The end of a command's ``--help``: a paragraph for each example."""
    shown = [f"driftvakt {one.words}  – {one.does}" for one in EXAMPLES[command]]
    return "\n\n".join(["Examples:", *shown])
