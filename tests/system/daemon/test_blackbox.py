"""The daemon's own /probe: its modules, and how they are read anew."""

from __future__ import annotations

import asyncio
import subprocess
import urllib.error
from pathlib import Path

import pytest

from tests.support.daemon.counting import CountingServer
from tests.support.daemon.forked import said
from tests.support.daemon.running import (
    ROOT,
    Running,
    estate,
    http_check,
    running,
    service,
    until,
    write_config,
)
from tests.support.servers.ca import Authority
from tests.support.servers.dns_server import DnsServer
from tests.support.servers.raw_server import say, serve_raw

pytestmark = pytest.mark.system


def status_of(daemon: Running, path: str) -> int:
    try:
        daemon.get(path)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    return 200


def test_a_module_is_served_and_read_anew(tmp_path: Path) -> None:
    """Another module in the file is there without a restart; a bad file leaves the old ones."""
    modules = tmp_path / "blackbox.yml"
    modules.write_text("modules: {one: {prober: http}}")
    with CountingServer() as server:
        watched = estate(service("expo", http_check("api", server.url("/api"))))
        with running(tmp_path, {**watched, "blackbox_modules": "blackbox.yml"}) as daemon:
            asked = f"/probe?target={server.url('/asked')}&module="
            body = daemon.get(f"{asked}one").decode()
            assert "\nprobe_success 1\n" in body
            assert "\nprobe_http_status_code 200\n" in body
            assert len(server.arrivals("/asked")) == 1
            assert status_of(daemon, f"{asked}two") == 400
            modules.write_text("modules: {two: {prober: http}}")
            until(lambda: status_of(daemon, f"{asked}two") == 200, "the new module")
            assert status_of(daemon, f"{asked}one") == 400
            modules.write_text("modules: {ping: {prober: icmp}}")
            fault = daemon.event("configuration_fault")
            assert "blackbox.yml:1:26: modules.ping.prober: the prober icmp" in fault["message"]
            assert status_of(daemon, f"{asked}two") == 200
            assert daemon.stop() == 0


async def test_every_prober_on_the_daemons_own_loop(
    tmp_path: Path, authority: Authority, dns_server: DnsServer
) -> None:
    """Which is another than that of the tests."""
    dns_server.zone = {"example.se A": ["192.0.2.1"]}
    modules = f"""
modules:
  tls:
    prober: tcp
    tcp:
      tls: true
      tls_config: {{ca_file: {authority.ca_file}}}
      query_response: [{{send: "hello\\r"}}, {{send: "\\r"}}, {{expect: "^here"}}]
  udp: {{prober: dns, dns: {{query_name: example.se, query_type: A}}}}
  tcp: {{prober: dns, dns: {{query_name: example.se, query_type: A, transport_protocol: tcp}}}}
  plain: {{prober: tcp, tcp: {{query_response: [{{send: "hello\\r"}}, {{send: "\\r"}}, {{expect: "^here"}}]}}}}
"""
    (tmp_path / "blackbox.yml").write_text(modules)
    watched = estate(service("expo", http_check("api", "http://127.0.0.1:9")))
    script = say(b"well\r\nhere I am\r\n")
    context = authority.server_context(authority.valid)
    async with serve_raw(script) as plain, serve_raw(script, tls=context) as secure:

        def asked() -> dict[str, bool]:
            found = {}
            with running(tmp_path, {**watched, "blackbox_modules": "blackbox.yml"}) as daemon:
                for module, target in (
                    ("tls", f"127.0.0.1:{secure.port}"),
                    ("plain", f"127.0.0.1:{plain.port}"),
                    ("udp", dns_server.resolver),
                    ("tcp", dns_server.resolver),
                ):
                    said = daemon.get(f"/probe?module={module}&target={target}&debug=true")
                    found[module] = b"\nprobe_success 1\n" in said
                    assert found[module], said.decode()
            return found

        assert set((await asyncio.to_thread(asked)).values()) == {True}


def test_without_modules_nobody_is_sent_anywhere(tmp_path: Path) -> None:
    """It is off by default."""
    with CountingServer() as server:
        watched = estate(service("expo", http_check("api", server.url("/api"))))
        with running(tmp_path, watched) as daemon:
            assert status_of(daemon, f"/probe?target={server.url('/asked')}") == 404
        assert not server.arrivals("/asked")


def test_what_is_not_supported_is_refused_when_it_is_checked(tmp_path: Path) -> None:
    """With file, line and column, as the configuration's own faults."""
    (tmp_path / "blackbox.yml").write_text("modules:\n  rpc:\n    prober: grpc\n")
    watched = estate(service("expo", http_check("api", "http://127.0.0.1:9")))
    path = write_config(tmp_path, {**watched, "blackbox_modules": "blackbox.yml"})
    done = said(["check", "--config", str(path)], cwd=ROOT)
    assert done.returncode == 2
    assert f"{tmp_path}/blackbox.yml:3:13: modules.rpc.prober: the prober grpc" in done.stderr


def test_what_is_imported_can_be_checked(tmp_path: Path) -> None:
    """Two commands: one writes the configuration, the other finds no fault in it."""
    (tmp_path / "blackbox.yml").write_text(
        "modules: {http_2xx: {prober: http}, ssh: {prober: tcp}}"
    )
    (tmp_path / "prometheus.yml").write_text(
        """
scrape_configs:
  - job_name: blackbox
    metrics_path: /probe
    params: {module: [http_2xx]}
    static_configs: [{targets: ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"]}]
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
      - target_label: __address__
        replacement: 127.0.0.1:9115
"""
    )

    def ran(*words: str) -> subprocess.CompletedProcess[str]:
        return said(words, cwd=ROOT)

    files = ("--modules", str(tmp_path / "blackbox.yml"), "--targets")
    done = ran("import", "blackbox", *files, str(tmp_path / "prometheus.yml"))
    assert (done.returncode, done.stderr) == (0, "2 checks\n")
    path = write_config(tmp_path, done.stdout)
    checked = ran("check", "--config", str(path))
    assert checked.returncode == 0, checked.stderr
    assert "blackbox/blackbox/127-0-0-1-9-a" in checked.stdout.replace("\n", "")
    done = ran("import", "blackbox", *files, str(tmp_path / "nothing.yml"))
    assert done.returncode == 2
    assert "nothing.yml:1:1: the file cannot be read" in done.stderr
