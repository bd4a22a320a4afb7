"""The Dockerfile, read: what it runs exists, as nobody in particular, from locked packages."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.support.command_line import parses

ROOT = Path(__file__).parents[3]


def instructions() -> list[tuple[str, str]]:
    """``(instruction, arguments)``, continued lines joined and comments left out."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", text)
    return [
        (word.upper(), rest.strip())
        for word, _, rest in (line.partition(" ") for line in joined.splitlines())
        if word
    ]


INSTRUCTIONS = instructions()
LAST = max(index for index, (word, _) in enumerate(INSTRUCTIONS) if word == "FROM")
FINAL = INSTRUCTIONS[LAST:]


def only(word: str, among: list[tuple[str, str]] = FINAL) -> str:
    [found] = [rest for name, rest in among if name == word]
    return found


def test_the_base_is_one_release_that_can_be_pinned_by_digest() -> None:
    """Both stages take the same base, an argument with a release's tag: never ``latest``."""
    base = only("ARG", INSTRUCTIONS)
    assert re.fullmatch(r"BASE=python:3\.\d+(\.\d+)?-slim-[a-z]+(@sha256:[0-9a-f]{64})?", base)
    assert [rest.split()[0] for word, rest in INSTRUCTIONS if word == "FROM"] == ["${BASE}"] * 2


def test_it_runs_as_a_number_that_is_not_root() -> None:
    """Kubernetes can see it from the number (``runAsNonRoot``); nothing runs after it as root."""
    user, group = only("USER").split(":")
    assert int(user) >= 10_000
    assert int(group) >= 10_000
    after = FINAL[[word for word, _ in FINAL].index("USER") :]
    assert not [word for word, _ in after if word in ("RUN", "COPY", "ADD")]


def test_every_package_is_locked_by_its_hash() -> None:
    """pip installs what the lock says, or our own wheel without asking for more."""
    commands = " && ".join(rest for word, rest in INSTRUCTIONS if word == "RUN").split("&&")
    installs = [one for one in commands if "pip install" in one]
    assert len(installs) >= 3
    for one in installs:
        assert "--require-hashes" in one or "--no-deps /dist/" in one, one
    assert not [word for word, _ in INSTRUCTIONS if word == "ADD"]


def test_its_health_is_asked_without_a_shell() -> None:
    """By a module that exists, with bounds, in the form that needs no ``sh``."""
    options, _, command = only("HEALTHCHECK").partition("CMD ")
    words = json.loads(command)
    assert words[:2] == ["python", "-m"]
    assert (ROOT / (words[2].replace(".", "/") + ".py")).is_file()
    assert {"--interval", "--timeout", "--retries"} <= set(re.findall(r"--[a-z-]+", options))


def test_it_starts_our_command_line() -> None:
    """Signals reach it: no shell stands between. It listens where the port is, and writes only into
    its volume.
    """
    assert json.loads(only("ENTRYPOINT")) == ["driftvakt"]
    words = json.loads(only("CMD"))
    assert parses(words) == "run"
    assert words[words.index("--listen") + 1] == f"0.0.0.0:{only('EXPOSE')}"
    assert [words[words.index("--data-dir") + 1]] == json.loads(only("VOLUME"))


def test_all_that_is_copied_is_there_and_not_ignored() -> None:
    """From the checkout, through .dockerignore."""
    ignored = set((ROOT / ".dockerignore").read_text("utf-8").split())
    copied = [rest.split()[:-1] for word, rest in INSTRUCTIONS if word == "COPY"]
    for name in [name for names in copied for name in names if not name.startswith("-")]:
        if not name.startswith("/opt/"):
            assert (ROOT / name).exists(), name
            assert name not in ignored
    assert {".git", ".venv"} <= ignored
