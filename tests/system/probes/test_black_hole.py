"""A path that loses long packets in silence, in namespaces of its own: what a person is told of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.support.daemon.running import ROOT

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each probe saw: before, in the hole, and once the router is heard."""
    unshare = shutil.which("unshare")
    assert unshare is not None
    done = subprocess.run(
        [
            *(unshare, "--map-root-user", "--net", "--mount", "--"),
            *(sys.executable, "-m", "tests.support.probes.black_hole"),
            str(tmp_path_factory.mktemp("hole")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_what_is_short_gets_through(said: dict[str, Any]) -> None:
    """A connection and a short answer are good: the port is no proof of a path."""
    assert said["hole"]["tcp"]["grade"] == "good"
    assert said["hole"]["short"]["grade"] == "good"


@pytest.mark.parametrize("kind", ["tls", "certificate"])
def test_a_handshake_says_that_we_were_heard_and_nothing_came(
    said: dict[str, Any], kind: str
) -> None:
    """The server's certificate does not fit: connected, asked, and then silence."""
    seen = said["hole"][kind]
    assert (seen["reason"], seen["cause"]) == ("timeout", "target")
    assert seen["detail"] == (
        "the TLS handshake did not end within 3 s: what we sent arrived, and nothing came"
    )


def test_a_handshake_whose_end_came_without_its_beginning_is_the_network_s(
    said: dict[str, Any],
) -> None:
    """The last packet of a long chain is short: with it the kernel knows what is missing."""
    seen = said["hole"]["long chain"]
    assert (seen["reason"], seen["cause"]) == ("timeout", "network")
    assert "long ones are lost on the way" in seen["detail"]


def test_an_answer_that_breaks_off_says_so(said: dict[str, Any]) -> None:
    """The head fits, the body does not."""
    seen = said["hole"]["long"]
    assert (seen["reason"], seen["cause"]) == ("timeout", "target")
    assert seen["detail"] == (
        "the answer did not end within 3 s: nothing more came for over a second"
    )


@pytest.mark.parametrize("when", ["before", "heard"])
def test_it_is_the_silence_that_does_it(said: dict[str, Any], when: str) -> None:
    """With wide cables, and with narrow ones whose router is heard (RFC 1191), all is good."""
    assert {name: one["grade"] for name, one in said[when].items()} == dict.fromkeys(
        said[when], "good"
    )
