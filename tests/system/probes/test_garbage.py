"""A probe leaves nothing for the garbage collector, which looks for cycles rarely (``monitor/runtime/process.py``)."""

from __future__ import annotations

import asyncio
import gc
import socket

import pytest

from probes.net.context import ProbeContext
from tests.support.probes.asking import ask_certificate, ask_http
from tests.support.servers.ca import Authority
from tests.support.servers.http_server import HttpServer
from tests.support.servers.proxy import serve_proxy
from tests.support.servers.raw_server import close_at_once, serve_raw, silence
from tests.support.servers.token_server import serve_tokens


async def in_cycles() -> list[str]:
    """The types of our own objects that only the collector would find."""
    await asyncio.sleep(0.05)  # connections end a few turns of the loop after their probe
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        return sorted(
            type(one).__name__ for one in gc.garbage if type(one).__module__.startswith("probes")
        )
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


OUTCOMES = ["good", "untrusted", "no_tls", "silent", "closed", "refused", "proxies", "tokens"]


@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_a_probe_leaves_no_cycle(
    context: ProbeContext,
    authority: Authority,
    http_server: HttpServer,
    https_server: HttpServer,
    outcome: str,
) -> None:
    """Not when all is well, and not after any failure: errors hold frames, and frames much."""
    http_server.answer()
    https_server.answer()
    trusted = {"ca_file": authority.ca_file}
    gc.collect()
    gc.disable()
    try:
        match outcome:
            case "good":
                await ask_http(context, https_server.url(), tls=trusted)
                await ask_http(context, http_server.url())
            case "untrusted":
                await ask_http(context, https_server.url())
                await ask_certificate(context, https_server.host, https_server.port)
            case "no_tls":
                await ask_http(context, f"https://127.0.0.1:{http_server.port}/", tls=trusted)
            case "silent":
                async with serve_raw(silence) as server:
                    await ask_http(context, server.url(), timeout=0.2)
                    await ask_http(context, f"https://127.0.0.1:{server.port}/", timeout=0.2)
            case "closed":
                async with serve_raw(close_at_once) as server:
                    await ask_http(context, server.url())
                    await ask_http(context, f"https://127.0.0.1:{server.port}/")
            case "refused":
                with socket.create_server(("127.0.0.1", 0)) as taken:
                    port = taken.getsockname()[1]
                await ask_http(context, f"http://127.0.0.1:{port}/")
            case "proxies":
                async with serve_proxy() as proxy, serve_raw(silence) as silent:
                    for url in (https_server.url(), http_server.url(), "https://127.0.0.1:1/"):
                        await ask_http(context, url, tls=trusted, proxy_url=proxy.url)
                    await ask_http(context, https_server.url(), proxy_url=proxy.url)
                    silent_url = silent.url().rstrip("/")
                    await ask_http(context, url, timeout=0.2, proxy_url=silent_url)
            case "tokens":
                async with serve_tokens() as tokens, serve_raw(silence) as silent:
                    asked = {"token_url": tokens.url, "client_id": "a", "client_secret": "b"}
                    await ask_http(context, http_server.url(), oauth2=asked)
                    tokens.status = 500
                    other = asked | {"scopes": ["x"]}
                    await ask_http(context, http_server.url(), oauth2=other)
                    slow = asked | {"token_url": silent.url()}
                    await ask_http(context, http_server.url(), oauth2=slow, timeout=0.2)
        assert await in_cycles() == []
    finally:
        gc.enable()
