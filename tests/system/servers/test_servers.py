"""The tests' own servers do what their names say, and leave nothing behind."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from tests.support.servers.ca import Authority
from tests.support.servers.nginx import serve_nginx
from tests.support.servers.openssl import serve_openssl


async def ask(port: int, tls: ssl.SSLContext | None = None) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer


async def test_nginx_serves_its_configuration_and_is_gone_after(tmp_path: Path) -> None:
    """Requests wait in the socket's queue until nginx is up; on leaving it has ended."""
    async with serve_nginx(tmp_path, 'location / { return 200 "hello"; }') as port:
        assert (await ask(port)).endswith(b"hello")
    with pytest.raises(ConnectionRefusedError):
        await ask(port)


async def test_openssl_speaks_tls(authority: Authority) -> None:
    """s_server tells the port that the system picked, and answers on it."""
    trusting = ssl.create_default_context(cafile=authority.ca_file)
    async with serve_openssl(authority.valid) as port:
        assert b"s_server" in await ask(port, trusting)


async def test_a_black_hole_lets_nobody_in(blackhole: tuple[str, int]) -> None:
    """A connect to it neither succeeds nor fails."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await asyncio.open_connection(*blackhole)
