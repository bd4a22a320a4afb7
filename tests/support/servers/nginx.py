"""Debian's nginx with a configuration of the test's, on a port that the system picked."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.servers.programs import require_program

_FRAME = """
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port}{options};
    {server}
  }}
}}
"""


@asynccontextmanager
async def serve_nginx(folder: Path, server: str, *, tls: bool = False) -> AsyncIterator[int]:
    """A port where nginx serves the ``server`` block given. Skips when it is not installed.

    It inherits a socket that listens already, as in its own upgrades: connections wait in the
    socket's queue until it is up, so that nobody needs to look when that is.
    """
    program = require_program("nginx")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        configuration = folder / "nginx.conf"
        configuration.write_text(
            _FRAME.format(
                folder=folder,
                port=port,
                options=" ssl" if tls else "",
                server=server,
                # a worker of another user could not read the test's folder
                user="user root;" if os.geteuid() == 0 else "",
            )
        )
        process = await asyncio.create_subprocess_exec(
            program,
            "-p",
            str(folder),
            "-c",
            str(configuration),
            "-e",
            str(folder / "error.log"),
            env={**os.environ, "NGINX": f"{listener.fileno()};"},
            pass_fds=(listener.fileno(),),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    try:
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
