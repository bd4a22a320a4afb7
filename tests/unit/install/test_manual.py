"""The manual page and ``--help``: whole, correct, and worth reading."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from monitor.cli.app import command_line
from monitor.cli.examples import EXAMPLES
from monitor.cli.manual_page import SECTIONS, manual_page
from tests.support.command_line import parses
from tests.support.patience import PATIENCE
from tests.support.servers.programs import require_program

GROUP: Any = typer.main.get_command(command_line())
PAGE = manual_page(GROUP, "1.2.3")
COMMANDS = sorted(GROUP.commands)
LINES = [(name, one.words) for name, examples in EXAMPLES.items() for one in examples]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_argument_says_what_it_is(name: str) -> None:
    """A command has a sentence, and so has whatever it takes."""
    command = GROUP.commands[name]
    assert (command.help or "").strip().endswith(".")
    for one in command.params:
        assert (one.help or "").strip().endswith("."), f"{name} {one.opts}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_in_its_help(name: str) -> None:
    """``--help`` ends with lines to copy."""
    shown = CliRunner().invoke(command_line(), [name, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    for one in EXAMPLES[name]:
        assert f"driftvakt {one.words}" in shown.stdout


def test_no_example_is_of_a_command_that_is_not_there() -> None:
    assert sorted(EXAMPLES) == COMMANDS


@pytest.mark.parametrize(("name", "words"), LINES)
def test_every_example_is_one_that_the_parser_takes(name: str, words: str) -> None:
    assert parses(shlex.split(words)) == name


@pytest.mark.parametrize("words", ["run --forever", "probe", "export everything"])
def test_a_wrong_line_is_told_from_a_right_one(words: str) -> None:
    """The test above can fail."""
    with pytest.raises(Exception, match=r"(?i)no such option|missing|invalid|everything"):
        parses(shlex.split(words))


@pytest.mark.system
def test_the_page_is_good_troff(tmp_path: Path) -> None:
    """``mandoc -Tlint`` finds nothing to warn of."""
    file = tmp_path / "driftvakt.1"
    file.write_text(PAGE, "utf-8")
    linted = subprocess.run(
        [require_program("mandoc"), "-Tlint", "-Wwarning", str(file)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (linted.returncode, linted.stdout) == (0, "")


@pytest.mark.system
def test_a_reader_sees_every_command_option_and_example(tmp_path: Path) -> None:
    """As ``man`` shows it, with hyphens that can be copied."""
    file = tmp_path / "driftvakt.1"
    file.write_text(PAGE, "utf-8")
    shown = subprocess.run(
        [require_program("mandoc"), "-Tutf8", "-Owidth=200", str(file)],
        capture_output=True,
        timeout=PATIENCE,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    ).stdout.decode()
    plain = _without_overstrikes(shown)
    for name, command in GROUP.commands.items():
        assert f"driftvakt {name}" in plain
        for one in command.params:
            if one.param_type_name == "option":
                assert one.opts[0] in plain, f"{name} {one.opts}"
        for example in EXAMPLES[name]:
            assert f"driftvakt {example.words}" in plain
    for title in SECTIONS:
        assert title.upper() in plain
    assert "--log-format auto|json|text" in plain
    assert "driftvakt 1.2.3" in plain


def _without_overstrikes(text: str) -> str:
    """Bold is a letter over itself."""
    kept: list[str] = []
    for letter in text:
        if letter == "\b":
            kept.pop()
        else:
            kept.append(letter)
    return "".join(kept)


def test_the_command_prints_the_page() -> None:
    printed = CliRunner().invoke(command_line(), ["manual"])
    assert printed.exit_code == 0
    assert printed.stdout.startswith(".TH DRIFTVAKT 1 ")


def test_text_is_never_taken_for_a_request() -> None:
    """A line of the help that begins with a dot or a quote stays text; a backslash stays one."""
    group = typer.Typer()

    @group.command("one", help=".danger \\n and -x.")
    def one() -> None: ...

    @group.command("two", help="'quoted.")
    def two() -> None: ...

    page = manual_page(typer.main.get_command(group), "1")
    assert "\n\\&.danger \\en and \\-x.\n" in page
    assert "\n\\&'quoted.\n" in page
