"""Completion in real shells."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.app import command_line
from tests.support.daemon.running import estate, http_check, service, write_config
from tests.support.patience import PATIENCE
from tests.support.servers.programs import require_program

ROOT = Path(__file__).parents[3]
WITHOUT_STATE = {"TERM": "dumb", "LC_ALL": "C.UTF-8"}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A shell's environment in which ``driftvakt`` is a command, with a configuration."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "driftvakt"
    program.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c '
        '\'import sys; sys.argv[0] = "driftvakt"; from monitor.entry import main; main()\' "$@"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    checks = [http_check(name, "https://expo.ext5.example.se/") for name in ("api", "area")]
    config = write_config(
        tmp_path,
        estate(
            service("expo", *checks, http_check("page", "https://expo.ext5.example.se/p")),
            notifications=[{"name": "am-one", "kind": "alertmanager", "url": "http://127.0.0.1:1"}],
        ),
    )
    return {
        **WITHOUT_STATE,
        "HOME": str(tmp_path),
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "DRIFTVAKT_CONFIG": str(config),
    }


def run(words: list[str], environ: dict[str, str], text: str = "") -> str:
    done = subprocess.run(
        words,
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environ,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def bash(typed: str, environ: dict[str, str]) -> set[str]:
    """What bash offers for the last word of ``typed``."""
    words = [*typed.split(), *([""] if typed.endswith(" ") else [])]
    quoted = " ".join(f"'{word}'" for word in words)
    lines = [
        'eval "$(driftvakt completion bash)"',
        "function=$(complete -p driftvakt | sed 's/.*-F \\([^ ]*\\).*/\\1/')",
        f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}",
        '"$function" driftvakt',
        'printf "%s\\n" "${COMPREPLY[@]}"',
    ]
    script = "\n".join(lines)
    return set(run([require_program("bash"), "--norc", "-c", script], environ).split())


@pytest.mark.system
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("driftvakt re", {"replay"}),
        ("driftvakt run --log-", {"--log-format", "--log-level"}),
        ("driftvakt run --log-format ", {"auto", "json", "text"}),
        ("driftvakt probe ext5/expo/a", {"ext5/expo/api", "ext5/expo/area"}),
        ("driftvakt notify --test am", {"am-one"}),
        ("driftvakt demo --language ", {"sv", "en"}),
        ("driftvakt completion ", {"bash", "zsh", "fish"}),
    ],
)
def test_bash_offers(typed: str, offered: set[str], environ: dict[str, str]) -> None:
    """Commands, options, their words, and the names that the configuration has."""
    assert bash(typed, environ) == offered


@pytest.mark.system
def test_a_bad_configuration_offers_nothing_and_says_nothing(environ: dict[str, str]) -> None:
    """Whoever presses Tab has not asked what is wrong with the file."""
    Path(environ["DRIFTVAKT_CONFIG"]).write_text("environments: 7")
    assert bash("driftvakt probe ext5/", environ) == set()


@pytest.mark.system
def test_fish_offers_checks(environ: dict[str, str]) -> None:
    """In fish's own words."""
    fish = require_program("fish")
    script = "driftvakt completion fish | source; complete -C 'driftvakt probe ext5/expo/a'"
    offered = run([fish, "--no-config", "-c", script], environ)
    assert {line.split("\t")[0] for line in offered.splitlines()} == {
        "ext5/expo/api",
        "ext5/expo/area",
    }


ZSH = """
zmodload zsh/zpty
zpty shell "zsh -f -i"
zpty -w shell "PS1=; autoload -U compinit; compinit -u -D"
zpty -w shell 'eval "$(driftvakt completion zsh)"; print READ""Y'
zpty -r -m shell seen "*READY*"
zpty -w -n shell $'driftvakt probe ext5/expo/a\\t\\t'
zpty -r -m shell seen "*ext5/expo/area*"
print -r -- "$seen"
zpty -d shell
"""


@pytest.mark.system
def test_zsh_offers_checks(environ: dict[str, str]) -> None:
    """At a real prompt, by pressing Tab."""
    zsh = require_program("zsh")
    offered = run([zsh, "-f", "-c", ZSH], environ)
    assert "ext5/expo/api" in offered
    assert "ext5/expo/area" in offered
    assert "ext5/expo/page" not in offered


def test_an_unknown_shell_is_refused_by_name() -> None:
    """With those that there are."""
    refused = CliRunner().invoke(command_line(), ["completion", "tcsh"])
    assert refused.exit_code == 2
    assert "tcsh" in refused.output
