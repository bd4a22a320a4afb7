"""Receivers whose TLS is broken, in each of the ways that happen: what a person is told of it."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.support.daemon.running import command, estate, http_check, service
from tests.support.notify.delivering import delivering, until
from tests.support.outbox import make_receiver, make_transition, make_watched
from tests.support.servers.ca import Authority, Pair
from tests.support.servers.http_server import HttpServer
from tests.support.servers.openssl import serve_openssl
from tests.support.servers.raw_server import serve_raw, silence

SECRET = "hemlig-99"
URLS = {
    "webhook": f"https://127.0.0.1:{{port}}/hook?token={SECRET}",
    "apprise": f"jsons://user:{SECRET}@127.0.0.1:{{port}}/hook",
}


Tried = tuple[int | None, str]
"""An exit code and what was said."""


async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    await writer.drain()


async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As a server of plain HTTP does what it does not understand."""
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    await writer.drain()


@asynccontextmanager
async def receiving(fault: str, authority: Authority) -> AsyncIterator[int]:
    """The port of a receiver with that fault."""
    pairs: dict[str, Pair] = {
        "none": authority.valid,
        "expired": authority.expired,
        "name": authority.misnamed,
        "stranger": authority.untrusted,
    }
    async with AsyncExitStack() as stack:
        if fault == "old":
            options = ("-tls1", "-cipher", "ALL:@SECLEVEL=0")
            yield await stack.enter_async_context(serve_openssl(authority.valid, *options))
        elif fault == "hangs":
            yield (await stack.enter_async_context(serve_raw(silence))).port
        elif fault == "plain":
            yield (await stack.enter_async_context(serve_raw(refuses))).port
        else:
            context: ssl.SSLContext = authority.server_context(pairs[fault])
            yield (await stack.enter_async_context(serve_raw(answers, tls=context))).port


async def tried(kind: str, port: int, folder: Path, authority: Authority) -> Tried:
    """What ``driftvakt notify --test`` says, on a machine that trusts the authority."""
    receiver = {"name": "hook", "kind": kind, "url": URLS[kind].format(port=port)}
    watched = service("expo", http_check("api", "http://127.0.0.1:9/"))
    config: dict[str, Any] = estate(watched, notifications=[receiver])
    (folder / "driftvakt.yaml").write_text(json.dumps(config))
    trusted = str(authority.ca_file)
    process = await asyncio.create_subprocess_exec(
        *command("notify", "--test", "hook", "--config", str(folder / "driftvakt.yaml")),
        env={**os.environ, "SSL_CERT_FILE": trusted, "REQUESTS_CA_BUNDLE": trusted},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.parametrize(
    ("fault", "webhook", "apprise"),
    [
        ("expired", "its certificate: certificate has expired", "its certificate has expired"),
        ("name", "its certificate: IP address mismatch", "its certificate is for another name"),
        (
            "stranger",
            "its certificate: unable to get local issuer certificate",
            "its certificate is by nobody that is known here",
        ),
        ("old", "no TLS: ", "it speaks only old versions of TLS"),
        ("hangs", "no answer within 10 s", "no answer in time"),
        ("plain", "no TLS: wrong version number", "it does not speak TLS"),
    ],
)
def test_what_is_wrong_is_said(
    fault: str, webhook: str, apprise: str, tmp_path: Path, authority: Authority
) -> None:
    """Exit 1, the fault in words, and no secret of the address."""

    async def both() -> tuple[Tried, Tried]:
        async with receiving(fault, authority) as port:
            return (
                await tried("webhook", port, tmp_path, authority),
                await tried("apprise", port, tmp_path, authority),
            )

    hook, mail = asyncio.run(both())
    assert (hook[0], mail[0]) == (1, 1)
    assert f"hook (webhook): not sent: {webhook}" in hook[1]
    assert f"hook (apprise): not sent: Apprise could not send (jsons): {apprise}" in mail[1]
    assert SECRET not in hook[1] + mail[1]


@pytest.mark.parametrize("kind", ["webhook", "apprise"])
def test_nothing_is_wrong_with_a_receiver_that_is_trusted(
    kind: str, tmp_path: Path, authority: Authority
) -> None:
    """What the tests above would be without the fault."""

    async def alone() -> Tried:
        async with receiving("none", authority) as port:
            return await tried(kind, port, tmp_path, authority)

    code, said = asyncio.run(alone())
    assert (code, said.partition(",")[0]) == (0, f"hook ({kind}): sent")


async def test_an_alarm_is_tried_again_logged_with_its_reason_and_counted(
    authority: Authority, http_server: HttpServer
) -> None:
    """Until the receiver is mended: here by an address without TLS."""
    bad = authority.server_context(authority.untrusted)
    async with serve_raw(answers, tls=bad) as server:
        url = f"https://127.0.0.1:{server.port}/hook?token={SECRET}"
        hook = make_receiver("hook", "webhook", url=url)
        with structlog.testing.capture_logs() as logged:
            async with delivering(make_watched(hook)) as world:
                world.tell(make_transition())
                await until(lambda: world.counted.outcomes["hook", "failed"] >= 3)
                http_server.answer("/", status=204, body=b"")
                good = make_receiver("hook", "webhook", url=http_server.url())
                await world.deliverer.reload(make_watched(good))
                await world.all_done()
    assert world.counted.outcomes["hook", "delivered"] == 1
    [failed, *_] = [line for line in logged if line["event"] == "notification_failed"]
    assert failed["error"] == "its certificate: unable to get local issuer certificate"
    assert SECRET not in str(logged)
