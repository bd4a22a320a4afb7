"""What is said on a terminal that has another encoding, or none of it."""

from __future__ import annotations

import io
import json
import sys

import pytest
from rich.console import Console
from rich.text import Text

from monitor.support.json_read import MOST_DEPTH, read_json
from monitor.support.terminal import Shown, json_text, plain_sign, printable


@pytest.mark.parametrize(
    ("character", "sign"),
    [("●", "*"), ("╭", "+"), ("│", "|"), ("–", "-"), ("å", "a"), ("Ö", "O"), ("é", "e"), ("漢", "?"), ("\ud800", "?"), ("\x9b", "?")],
)  # fmt: skip
def test_a_character_that_the_encoding_lacks(character: str, sign: str) -> None:
    """Becomes one of ASCII, so that columns stay where they are."""
    assert plain_sign(character) == sign


def test_shown_text_keeps_its_lines_and_its_width() -> None:
    """Letters and line breaks stay; each character that a terminal obeys becomes one that it shows."""
    text = "räksmörgås ● \x1b[31m\x07\x9b\u202e\u2028\ud800\r\n\tend"
    assert printable(text) == "räksmörgås ● �[31m������\n�end"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii", "utf-16"])
def test_json_says_the_same_in_every_encoding(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """Letters are escaped where the encoding lacks them, what a terminal obeys always."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))
    value = {"å": ["●", "\x1b]0;", "\x7f\x9b\u202e\u2029", "\ud800", "\U0001f600", "\U000e0001"]}
    text = json_text(value)
    assert json.loads(text.encode(encoding).decode(encoding)) == value
    assert all(c.isprintable() or c == "\n" for c in text)
    assert ("●" in json_text({"●": 1})) == encoding.startswith("utf")


def test_what_rich_renders_is_only_shown() -> None:
    """Its own colours stay, those of others do not."""
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(Shown(Text("a\x1b[2Jb", style="red")))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "\x1b[31ma�[2Jb\x1b[0m\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[" * 100_000, "nested deeper"),
        (b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1), "nested deeper"),
        (b'{"a":' * (MOST_DEPTH + 1) + b"1" + b"}" * (MOST_DEPTH + 1), "nested deeper"),
        (b"\xff", "not UTF-8"),
        (b"{", "not JSON"),
        (b"9" * 5000, "not JSON"),
    ],
)
def test_json_that_is_refused(body: bytes, said: str) -> None:
    """With a sentence, before anything trips over it."""
    with pytest.raises(ValueError, match=said):
        read_json(body)


def test_json_as_deep_as_may_be() -> None:
    """Can be read, and written back."""
    deep = read_json(b"[" * MOST_DEPTH + b"]" * MOST_DEPTH)
    assert json.dumps(deep, indent=2)
