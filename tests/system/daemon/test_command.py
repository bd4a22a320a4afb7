"""The command as a shell runs it: exit codes, and messages without tracebacks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.forked import said
from tests.support.daemon.running import (
    ROOT,
    command,
    estate,
    http_check,
    running,
    service,
    until,
    write_config,
)
from tests.support.patience import PATIENCE
from tests.support.servers.blackhole import closed_port

pytestmark = pytest.mark.system
QUICK = {"interval": "200ms", "retry_interval": "100ms", "timeout": "20s"}


def shell(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command, run to its end; a traceback is never an answer."""
    told = (
        "DRIFTVAKT_CONFIG",
        "COLUMNS",
    )  # how wide a terminal of the test's is, is not asked here
    clean: Mapping[str, str] = {k: v for k, v in os.environ.items() if k not in told}
    done = subprocess.run(
        command(*words),
        cwd=ROOT,
        env={**clean, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """Says which, and exits with 2; a status file of whoever has the port is another matter."""
    path = write_config(tmp_path, estate(service("expo", http_check("api", "http://127.0.0.1:9"))))
    with CountingServer() as taken:
        listen = f"127.0.0.1:{taken.port}"
        data = str(tmp_path / "data")
        done = shell("run", "--config", str(path), "--listen", listen, "--data-dir", data)
    assert done.returncode == 2
    assert done.stdout == ""
    [said] = [line for line in done.stderr.splitlines() if line.startswith("driftvakt: ")]
    assert said.startswith(f"driftvakt: cannot listen on {listen}: ")
    assert "Address already in use" in said


def test_a_bad_configuration_is_refused_whole(tmp_path: Path) -> None:
    """All faults at once on stderr, each with its place; nothing is started or written."""
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "enviroments: []\n"
        "environments:\n"
        "  - name: ext5\n"
        "    title: EXT5\n"
        "    services:\n"
        "      - name: expo\n"
        "        title: EXPO\n"
        "        checks:\n"
        "          - {name: api, kind: http, url: 'http://127.0.0.1:9/', interval: 5}\n"
        "          - {name: api, kind: htpt}\n"
    )
    for words in (("run", "--data-dir", str(tmp_path / "data")), ("check",)):
        done = shell(*words, "--config", str(bad))
        assert done.returncode == 2
        assert done.stdout == ""
        *faults, last = done.stderr.splitlines()
        assert all(line.startswith(f"{bad}:") for line in faults), faults
        assert {line.split(":")[1] for line in faults} >= {"1", "9", "10"}
        assert "enviroments" in faults[0]
        assert "http" in faults[-1], "the nearest kind"
        assert last == f"driftvakt: {len(faults)} faults in the configuration"
    assert [path.name for path in tmp_path.iterdir()] == ["bad.yaml"]


WRONG = (
    ["run", "--listen", "nowhere", "--config", "{config}"],
    ["run", "--listen", "127.0.0.1:65536", "--config", "{config}"],
    ["run", "--config", "{config}", "--for", "-1s"],
    ["run", "--config", "{folder}/missing.yaml"],
    ["run", "--log-level", "chatty", "--config", "{config}"],
    ["walk"],
    ["export", "everything"],
)


def test_usage_errors_exit_with_2(tmp_path: Path) -> None:
    """What is wrong is on stderr, and nothing on stdout."""
    config = write_config(tmp_path, estate(service("expo", http_check("api", "http://127.0.0.1"))))

    for words in WRONG:
        done = said([word.format(config=config, folder=tmp_path) for word in words], cwd=ROOT)
        assert (words, done.returncode, done.stdout) == (words, 2, "")
        assert done.stderr.strip()
        assert "Traceback" not in done.stderr


def test_the_environment_names_the_configuration(tmp_path: Path) -> None:
    """``--config`` is ``$DRIFTVAKT_CONFIG`` when it is left out."""
    url = "http://127.0.0.1:9/named-by-environment"
    config = write_config(tmp_path, estate(service("expo", http_check("api", url))))
    done = shell("check", DRIFTVAKT_CONFIG=str(config))
    assert done.returncode == 0
    assert "named-by-environment" in done.stdout


def test_options_win_over_the_file(tmp_path: Path) -> None:
    """``--listen`` and ``--data-dir`` are obeyed, and ``status`` tells what such a daemon says:
    0 green, 2 red, 3 when it is gone.
    """
    with CountingServer() as server, closed_port() as (_, taken_by_file):
        config = estate(
            service("expo", http_check("api", server.url())),
            defaults=QUICK,
            listen=f"127.0.0.1:{taken_by_file}",
            data_dir=str(tmp_path / "of-the-file"),
        )
        with running(tmp_path, config) as daemon:
            assert f":{taken_by_file}" not in daemon.url
            daemon.event("transition", service=None, to="green")
            until(lambda: daemon.status()["status"] == "green", "written")
            assert not (tmp_path / "of-the-file").exists()
            assert shell("status", "--url", daemon.url).returncode == 0
            server.answers["/"] = Answer(status=503)
            until(lambda: daemon.status()["status"] == "red", "written as red")
            shown = shell("status", "--url", daemon.url)
            assert shown.returncode == 2
            assert "503" in shown.stdout
            url = daemon.url
            assert daemon.stop() == 0
            gone = shell("status", "--url", url)
            assert gone.returncode == 3
            assert url in gone.stderr
