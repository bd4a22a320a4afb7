"""Debian's nginx as the target, plain and TLS, which counts the connections that it accepts."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.benchmarks.processes import BenchmarkError, program, running, wait_until

HOST = "127.0.0.1"
_BODY = (
    r"{\"resourceType\":\"CapabilityStatement\",\"status\":\"active\",\"fhirVersion\":\"4.0.1\""
    rf",\"description\":\"{'x' * 800}\"}}"
)
_CONFIGURATION = """
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  default_type application/fhir+json;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  ssl_certificate {folder}/server.pem;
  ssl_certificate_key {folder}/server.key;
  server {{ listen {host}:{plain}; location / {{ return 200 "{body}"; }} }}
  server {{ listen {host}:{tls} ssl; location / {{ return 200 "{body}"; }} }}
  server {{ listen {host}:{status}; location / {{ stub_status; }} }}
}}
"""


@dataclass(frozen=True, slots=True)
class Target:
    """Where it serves."""

    ports: dict[bool, int]
    """By whether it is TLS."""
    ca_file: Path
    _status: int

    def url(self, *, tls: bool, host: str = HOST) -> str:
        return f"{'https' if tls else 'http'}://{host}:{self.ports[tls]}/"

    def accepted(self) -> int:
        """Connections accepted so far, these questions among them."""
        connection = http.client.HTTPConnection(HOST, self._status, timeout=5)
        try:
            connection.request("GET", "/")
            lines = connection.getresponse().read().decode().splitlines()
        finally:
            connection.close()
        accepted, handled, _ = (int(word) for word in lines[2].split())
        if accepted != handled:
            raise BenchmarkError("nginx ran out of connections")
        return accepted


@contextlib.contextmanager
def nginx(folder: Path, core: int) -> Iterator[Target]:
    """It inherits sockets that listen already, so that no port is picked twice."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued = authority.issue_cert(HOST, "localhost")
    (folder / "server.pem").write_bytes(b"".join(c.bytes() for c in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(folder / "server.key")
    with contextlib.ExitStack() as stack:
        listeners = [
            stack.enter_context(socket.create_server((HOST, 0), backlog=511)) for _ in range(3)
        ]
        plain, tls, status = (listener.getsockname()[1] for listener in listeners)
        configuration = folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                folder=folder,
                host=HOST,
                plain=plain,
                tls=tls,
                status=status,
                body=_BODY,
                user="user root;" if os.geteuid() == 0 else "",
            )
        )
        command = [program("nginx"), "-p", str(folder), "-c", str(configuration)]
        stack.enter_context(
            running(
                [*command, "-e", str(folder / "nginx-error.log")],
                core=core,
                log=folder / "nginx.log",
                environment={"NGINX": "".join(f"{one.fileno()};" for one in listeners)},
                sockets=listeners,
            )
        )
        target = Target({False: plain, True: tls}, folder / "ca.pem", status)
        wait_until(lambda: target.accepted() or None, "nginx")
        yield target
