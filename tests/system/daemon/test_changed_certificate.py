"""A server's certificate is replaced while a daemon watches."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from tests.support.daemon.running import Running, estate, run_for, running, service, until
from tests.support.patience import PATIENCE
from tests.support.servers.ca import Authority, Pair

pytestmark = pytest.mark.system
METRIC = "driftvakt_certificate_changed_timestamp_seconds"


class TlsServer:
    """Shakes hands with the certificates that it is given, one connection after the other."""

    def __init__(self, authority: Authority, *pairs: Pair) -> None:
        self._authority = authority
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.use(*pairs)

    def use(self, *pairs: Pair) -> None:
        """Several are shown by turns."""
        self._contexts = [self._authority.server_context(pair) for pair in pairs]

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port: int = self._listener.getsockname()[1]
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join(PATIENCE)
        self._listener.close()

    def _serve(self) -> None:
        turn = 0
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                contexts = self._contexts
                turn += 1
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(2)
                    context = contexts[turn % len(contexts)]
                    with context.wrap_socket(connection, server_side=True) as secured:
                        secured.recv(1)


@dataclass
class Watched:
    daemon: Running
    pairs: dict[str, tuple[Pair, Pair]]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Three servers: one is given a new certificate in a window that announces it, one a new
    issuer's outside of any, one shows two certificates by turns.
    """
    folder = tmp_path_factory.mktemp("changed")
    authority = Authority(folder)
    trusted = folder / "both.pem"
    trusted.write_bytes(authority.ca_file.read_bytes() + authority.stranger_file.read_bytes())
    pairs = {
        "planned": (authority.issue(), authority.issue()),
        "surprise": (authority.issue(), authority.untrusted),
        "turns": (authority.issue(), authority.issue()),
    }
    with contextlib.ExitStack() as stack:
        servers = {
            name: stack.enter_context(
                TlsServer(authority, *(both if name == "turns" else both[:1]))
            )
            for name, both in pairs.items()
        }
        services = [service(name, check(server, trusted)) for name, server in servers.items()]
        config = estate(*services, service_windows=[window("ext5/planned")])
        daemon = stack.enter_context(running(folder / "daemon", config))
        for name in servers:
            until(partial(certificate, daemon, name), f"a certificate of {name}")
        assert not daemon.metrics().all(METRIC, service="planned")
        for name in ("planned", "surprise"):
            servers[name].use(pairs[name][1])
            daemon.event("certificate_changed", check=f"ext5/{name}/certificate")
        run_for(1.5)
        yield Watched(daemon, pairs)
        assert daemon.stop() == 0


def check(server: TlsServer, trusted: Path) -> dict[str, Any]:
    return {
        "name": "certificate",
        "kind": "certificate",
        "host": "127.0.0.1",
        "port": server.port,
        "tls": {"ca_file": str(trusted)},
        "interval": "200ms",
    }


def window(concerned: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "id": "certificates",
        "title": "Certifikatbyte",
        "impact": "none",
        "start": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "services": [concerned],
        "changes_certificates": True,
    }


def certificate(daemon: Running, name: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = daemon.check(f"{name}/certificate")["certificate"]
    return found


def test_an_announced_change_is_news(watched: Watched) -> None:
    """One line of the log, level info, with both fingerprints and the window; no finding."""
    old, new = watched.pairs["planned"]
    [told] = watched.daemon.events("certificate_changed", check="ext5/planned/certificate")
    assert (told["level"], told["service_window"]) == ("info", "certificates")
    assert (told["previous_sha256"], told["sha256"]) == (old.sha256, new.sha256)
    assert told["same_issuer"] is True
    assert "The service window certificates had announced it." in told["message"]
    check = watched.daemon.check("planned/certificate")
    assert check["status"] == "green"
    assert check["certificate"]["previous_sha256"] == old.sha256
    assert check["certificate"]["announced"] is True
    assert "replaced" not in check["message"]["en"]


def test_a_new_issuer_outside_is_a_warning(watched: Watched) -> None:
    """And the check's message says it, without a change of colour."""
    [told] = watched.daemon.events("certificate_changed", check="ext5/surprise/certificate")
    assert (told["level"], told["service_window"], told["same_issuer"]) == ("warning", None, False)
    assert told["issuer"] != told["previous_issuer"]
    check = watched.daemon.check("surprise/certificate")
    assert check["status"] == "green"
    assert check["certificate"]["same_issuer"] is False
    assert check["certificate"]["announced"] is False
    assert f"The issuer is new: {told['issuer']} instead of" in check["message"]["en"]


def test_the_instant_is_a_metric(watched: Watched) -> None:
    """As it stands in status.json, to the millisecond."""
    metrics = watched.daemon.metrics()
    for name in ("planned", "surprise"):
        [(labels, value)] = metrics.all(METRIC, service=name)
        assert labels["position"] == "leaf"
        shown = certificate(watched.daemon, name)
        assert shown is not None
        at = datetime.fromisoformat(shown["changed_at"]).timestamp()
        assert value == pytest.approx(at, abs=1e-3)


def test_certificates_by_turns_are_no_stream_of_events(watched: Watched) -> None:
    """One event when the second is first seen, one line that they alternate, and no more."""
    name = "ext5/turns/certificate"
    assert len(watched.daemon.events("certificate_changed", check=name)) == 1
    assert len(watched.daemon.events("certificates_alternate", check=name)) == 1
