"""Probes through a path that loses long packets and says nothing of it (RFC 2923, 2.1): a program for
namespaces of its own (:mod:`tests.system.probes.test_black_hole` makes them). It prints in JSON what each
probe saw.

    us ── 1500 ── router ── 1500 ── server      the router's cable to us takes 600 bytes; its ICMP goes nowhere
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import ssl
import subprocess
import sys
from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from probes.net.context import ProbeContext
from probes.observation import Observation
from tests.support.probes.asking import ask_certificate, ask_http, ask_tcp
from tests.support.servers.ca import Authority

NARROW = 600
TIMEOUT = 3.0
"""Seconds for each probe: most are to run into it."""
LONG = 20_000
"""Bytes of a long answer."""
SERVER, PLAIN, TLS, CHAIN = "10.9.1.2", 8080, 8443, 8444
LAST = 100
"""Bytes of a last packet."""
SHORT_BODY = "ok"
SIOCOUTQNSD = 0x894B
"""Asks how many bytes the kernel has not sent yet (linux/sockios.h)."""
QUIET = ("iif", "lo", "to", SERVER, "blackhole")


@contextlib.contextmanager
def namespace() -> Iterator[str]:
    """The process id of one that has a network of its own."""
    holder = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo; exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        holder.stdout.readline()
        yield str(holder.pid)
    finally:
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()


def within(place: str, *command: str) -> list[str]:
    return ["nsenter", "--target", place, "--net", *command]


def told(*command: str) -> None:
    subprocess.run(command, check=True)


def lay(router: str, server: str) -> None:
    told("ip", "link", "set", "lo", "up")
    told("ip", "link", "add", "us", "type", "veth", "peer", "name", "near", "netns", router)
    make = ["ip", "link", "add", "far", "type", "veth", "peer", "name", "it", "netns", server]
    told(*within(router, *make))
    told("ip", "address", "add", "10.9.0.2/24", "dev", "us")
    told("ip", "link", "set", "us", "up")
    for place, address, device in (
        (router, "10.9.0.1/24", "near"),
        (router, "10.9.1.1/24", "far"),
        (server, f"{SERVER}/24", "it"),
    ):
        told(*within(place, "ip", "address", "add", address, "dev", device))
        told(*within(place, "ip", "link", "set", device, "up"))
    told("ip", "route", "add", "default", "via", "10.9.0.1")
    told(*within(server, "ip", "route", "add", "default", "via", "10.9.1.1"))
    told(*within(router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"))


def narrow(router: str) -> None:
    """From now on long packets are lost, and nobody hears of it."""
    told(*within(router, "ip", "link", "set", "near", "mtu", str(NARROW)))
    # what the router itself would say to the server goes nowhere; what it passes on is not touched
    told(*within(router, "ip", "rule", "add", *QUIET))


async def sent(writer: asyncio.StreamWriter) -> None:
    """Waits until the kernel has sent what was written: what comes after it is a packet of its own."""
    descriptor = writer.get_extra_info("socket").fileno()
    unsent = array("i", [1])
    while unsent[0] or writer.transport.get_write_buffer_size():
        await asyncio.sleep(0.001)
        fcntl.ioctl(descriptor, SIOCOUTQNSD, unsent)


async def serve(certificate: Path) -> None:
    """The server, until its input ends: ``/short`` and ``/long``, plain and over TLS."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            body = b"x" * LONG if head.startswith(b"GET /long") else SHORT_BODY.encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
            await sent(writer)  # a server that sends its head at once
            writer.write(body)
            await writer.drain()
            await reader.read()
        writer.close()

    tls_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls_context.load_cert_chain(certificate)

    async def first_flight_in_two(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """A handshake whose last packet is short, as that of a long chain may be."""
        came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        stream = tls_context.wrap_bio(came, goes, server_side=True)
        came.write(await reader.read(65_536))
        with contextlib.suppress(ssl.SSLWantReadError):
            stream.do_handshake()
        flight = goes.read()
        writer.write(flight[:-LAST])
        await sent(writer)
        writer.write(flight[-LAST:])
        with contextlib.suppress(OSError, ssl.SSLError):
            came.write(await reader.read(65_536))
            stream.do_handshake()
            writer.write(goes.read())
            await reader.read()
        writer.close()

    await asyncio.start_server(answer, SERVER, PLAIN)
    await asyncio.start_server(answer, SERVER, TLS, ssl=tls_context)
    await asyncio.start_server(first_flight_in_two, SERVER, CHAIN)
    print("serving", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@contextlib.contextmanager
def server_at(place: str, certificate: Path) -> Iterator[None]:
    command = within(place, sys.executable, "-m", __spec__.name, "serve", str(certificate))
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"serving\n"
        yield
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def said(seen: Observation) -> dict[str, Any]:
    return {
        "grade": seen.grade.value,
        "reason": seen.reason.value if seen.reason else None,
        "cause": seen.cause.value if seen.cause else None,
        "detail": seen.detail,
    }


async def probed(ca_file: Path) -> dict[str, Any]:
    tls = {"ca_file": str(ca_file), "server_name": "localhost"}
    async with ProbeContext() as context:
        seen = {
            "tcp": await ask_tcp(context, SERVER, PLAIN, timeout=TIMEOUT),
            "short": await ask_http(context, f"http://{SERVER}:{PLAIN}/short", timeout=TIMEOUT),
            "long": await ask_http(context, f"http://{SERVER}:{PLAIN}/long", timeout=TIMEOUT),
            "tls": await ask_http(
                context, f"https://{SERVER}:{TLS}/short", tls=tls, timeout=TIMEOUT
            ),
            "long chain": await ask_certificate(context, SERVER, CHAIN, tls=tls, timeout=TIMEOUT),
            "certificate": await ask_certificate(context, SERVER, TLS, tls=tls, timeout=TIMEOUT),
        }
    return {name: said(one) for name, one in seen.items()}


def main(folder: Path) -> None:
    authority = Authority(folder)
    pair, certificate = authority.valid, folder / "server.pem"
    certificate.write_bytes(pair.key_file.read_bytes() + pair.cert_file.read_bytes())
    with ExitStack() as stack:
        router, server = (stack.enter_context(namespace()) for _ in range(2))
        lay(router, server)
        stack.enter_context(server_at(server, certificate))
        before = asyncio.run(probed(authority.ca_file))
        narrow(router)
        hole = asyncio.run(probed(authority.ca_file))
        told(*within(router, "ip", "rule", "del", *QUIET))
        heard = asyncio.run(probed(authority.ca_file))
    print(json.dumps({"before": before, "hole": hole, "heard": heard}))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(Path(sys.argv[2])))
    else:
        main(Path(sys.argv[1]))
