"""What people do by command, where whoever answers is not the daemon."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from monitor.cli.app import command_line


class Stranger(BaseHTTPRequestHandler):
    """Redirects, or gives a page, whatever it is asked."""

    def do_GET(self) -> None:
        self.send_response(301 if self.path.startswith("/moved") else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def stranger() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "words",
    [
        ["window", "list"],
        ["notice", "add", "hej", "--for", "1h"],
        ["silence", "ext5", "--for", "1h", "--because", "prov"],
        ["run-now", "ext5/expo"],
    ],
    ids=lambda words: words[0],
)
def test_whoever_is_not_the_daemon_is_told_apart(words: list[str], stranger: str) -> None:
    """A redirected POST would be a GET: it is refused, as is any other page. Exit code 2."""
    for base, said in ((stranger, "not the answer"), (f"{stranger}/moved", "refused (301)")):
        result = CliRunner().invoke(command_line(), [*words, "--url", base])
        assert (result.exit_code, said in result.stderr) == (2, True), result.stderr


def test_a_faulty_configuration_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon may run on what it read before: the usual address is asked, and that is said."""
    path = tmp_path / "half.yaml"
    path.write_text("enviroments: [", "utf-8")
    monkeypatch.setenv("DRIFTVAKT_CONFIG", str(path))
    monkeypatch.setattr("monitor.cli.status.DEFAULT_URL", "http://127.0.0.1:1")
    result = CliRunner().invoke(command_line(), ["ack"])
    assert result.exit_code == 2
    assert "give --url for another" in result.stderr
