"""A daemon in a network of its own that is cut off in one way or another: a program for namespaces of
its own (:mod:`tests.system.daemon.test_own_network` makes them). It prints what the checks say in JSON.

Its one cable is a pair of virtual devices: ``cable``, which is ours, and ``wall``, whose end nobody
answers at.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode

from tests.benchmarks import apart
from tests.support.daemon.running import Running, estate, http_check, running, service, until

SILENT = "198.51.100.7"
NAMES = ("by-address", "by-name", "port-by-name", "name")
FAILURES = 4
"""Of each check: enough for red."""
CUTS = {
    "route": ["route", "del", "default"],
    "address": ["address", "flush", "dev", "cable"],
    "link": ["link", "set", "cable", "down"],
    "carrier": ["link", "set", "wall", "down"],
    "resolver": [],
    "nothing": [],
}


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def lay_cable() -> None:
    ip("link", "add", "cable", "type", "veth", "peer", "name", "wall")
    ip("address", "add", "10.9.0.2/24", "dev", "cable")
    for device in ("cable", "wall"):
        ip("link", "set", device, "up")
    ip("route", "add", "default", "via", "10.9.0.1")
    # whatever is sent there is swallowed: a peer that is silent, not one that is known to be away
    ip("neighbour", "add", "10.9.0.1", "lladdr", "02:00:00:00:00:01", "dev", "cable")


def name_server(stack: ExitStack, *, answers: bool) -> None:
    """At 127.0.0.1: knows no name at all, or hangs."""
    listening = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    listening.bind(("127.0.0.1", 53))

    def serve() -> None:
        while True:
            wire, client = listening.recvfrom(4096)
            if not wire:
                return
            said = dns.message.make_response(dns.message.from_wire(wire))
            said.set_rcode(dns.rcode.NXDOMAIN)
            listening.sendto(said.to_wire(), client)

    if answers:
        threading.Thread(target=serve, daemon=True).start()


def config() -> dict[str, Any]:
    checks = (
        {"name": "by-address", "kind": "tcp", "host": SILENT, "port": 443},
        http_check("by-name", "http://expo.example.se/"),
        {"name": "port-by-name", "kind": "tcp", "host": "expo.example.se", "port": 443},
        {"name": "name", "kind": "dns", "host": "expo.example.se"},
    )
    defaults = {"interval": "300ms", "retry_interval": "100ms", "timeout": "1500ms"}
    return estate(service("expo", *checks), defaults=defaults)


def seen(daemon: Running) -> dict[str, dict[str, Any]]:
    """Each check as it is shown once it has failed often enough."""

    def enough() -> bool:
        counts = [len(daemon.events("observed", check=f"ext5/expo/{name}")) for name in NAMES]
        told = [daemon.check(f"expo/{name}") for name in NAMES]
        settled = all(one["reason"] and one["status"] in ("red", "unknown") for one in told)
        return min(counts) >= FAILURES and settled

    until(enough, lambda: daemon.log)
    shown = {}
    for name in NAMES:
        check = daemon.check(f"expo/{name}")
        detail = daemon.events("observed", check=f"ext5/expo/{name}")[-1]["detail"]
        shown[name] = {key: check[key] for key in ("status", "reason", "cause")} | {"why": detail}
    return shown


def main(how: str, folder: Path) -> None:
    apart.settle(folder)
    local = how in ("resolver", "nothing")
    resolver = "127.0.0.1" if local else "203.0.113.53"
    (folder / "resolv.conf").write_text(f"nameserver {resolver}\noptions timeout:1 attempts:1\n")
    lay_cable()
    with ExitStack() as stack:
        if local:
            name_server(stack, answers=how == "nothing")
        if CUTS[how]:
            ip(*CUTS[how])
        daemon = stack.enter_context(running(folder, config(), level="debug"))
        shown = seen(daemon)
        transitions = [event["to"] for event in daemon.events("transition", service="expo")]
        assert daemon.stop() == 0
    print(json.dumps({"checks": shown, "transitions": transitions}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
