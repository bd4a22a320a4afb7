"""Pure: what passed over the wire, as the true phases of each probe.

Every instant is the kernel's. The phases of a probe, between packets:

resolve     the first question for the name → the last answer (A and AAAA are asked for side by side)
connect     SYN → SYN-ACK
tls         ClientHello → the last packet of the server's side of the handshake
processing  the last packet of the request → the first packet of the answer
transfer    the first packet of the answer → its last

So these are the target's and the network's times; what the probing program needs for itself (its
waking up, its cryptography) is in none of them, and is an *error* of the phase that it counts it to.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.scripted_names import host_of_hello, host_of_query, host_of_request

_PCAP_HEAD, _PACKET_HEAD = 24, 16
_TCP = 6
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16
_NEXT_LOOKUP = 1.0
"""Seconds after which a question from the same port is another look-up."""
DNS = 53


@dataclass(frozen=True, slots=True)
class Packet:
    """One of TCP or UDP."""

    at: float
    """Seconds since the epoch."""
    tcp: bool
    source: int
    to: int
    flags: int
    size: int
    """Bytes of its payload, of which ``data`` are the first."""
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """The truth about one probe, in seconds."""

    name: str
    began: float
    """Since the epoch: its first packet."""
    resolve: float | None
    connect: float
    tls: float | None
    processing: float
    transfer: float
    whole: float
    """From the first packet to the answer's last."""
    own_tls: float | None
    """From the server's side of the handshake to the client's: the client's cryptography, and its
    lag."""

    @property
    def judged(self) -> float:
        """All phases: what the network and the server took, and nothing between."""
        first = (self.resolve or 0.0) + self.connect + (self.tls or 0.0)
        return first + self.processing + self.transfer


@dataclass(slots=True)
class _Burst:
    """Packets with a payload one after the other in one direction."""

    ours: bool
    first: float
    last: float
    data: bytes


@dataclass(slots=True)
class _Flow:
    syn: float
    accepted: float = 0.0
    bursts: list[_Burst] = field(default_factory=list)
    closed: bool = False

    def add(self, packet: Packet, *, ours: bool) -> None:
        if packet.flags & _SYN and packet.flags & _ACK:
            self.accepted = packet.at
        if self.closed or (not packet.size and not packet.flags & (_FIN | _RST)):
            return
        if packet.size:
            if self.bursts and self.bursts[-1].ours == ours:
                self.bursts[-1].last = packet.at
            else:
                self.bursts.append(_Burst(ours, packet.at, packet.at, packet.data))
        self.closed = bool(packet.flags & (_FIN | _RST))


@dataclass(slots=True)
class _Lookup:
    asked: float
    answered: float = 0.0


def packets(file: Path) -> Iterator[Packet]:
    """Those of a file that ``tap.py`` wrote."""
    content = file.read_bytes()
    at = _PCAP_HEAD
    while at + _PACKET_HEAD <= len(content):
        seconds, nanoseconds, kept, size = struct.unpack_from("<IIII", content, at)
        begin = at + _PACKET_HEAD
        raw = content[begin : begin + kept]
        at = begin + kept
        head = 4 * (raw[0] & 15)
        tcp = raw[9] == _TCP
        source, to = struct.unpack_from("!HH", raw, head)
        payload = head + (4 * (raw[head + 12] >> 4) if tcp else 8)
        yield Packet(
            at=seconds + nanoseconds / 1e9,
            tcp=tcp,
            source=source,
            to=to,
            flags=raw[head + 13] if tcp else 0,
            size=size - payload,
            data=raw[payload:],
        )


def truths(seen: Iterable[Packet], servers: frozenset[int]) -> dict[str, list[Wire]]:
    """The probes whose answers came whole, by name. ``servers``: their ports."""
    lookups: dict[str, list[_Lookup]] = defaultdict(list)
    asking: dict[tuple[int, str], _Lookup] = {}
    flows: list[_Flow] = []
    open_flows: dict[tuple[int, int], _Flow] = {}
    for packet in seen:
        if not packet.tcp:
            _look_up(packet, lookups, asking)
            continue
        ours = packet.to in servers
        key = (packet.source, packet.to) if ours else (packet.to, packet.source)
        if ours and packet.flags & _SYN:
            open_flows[key] = _Flow(packet.at)
            flows.append(open_flows[key])
        elif key in open_flows:
            open_flows[key].add(packet, ours=ours)
    found: dict[str, list[Wire]] = defaultdict(list)
    for flow in flows:
        wire = _truth(flow, lookups)
        if wire is not None:
            found[wire.name].append(wire)
    return found


def _look_up(
    packet: Packet,
    lookups: dict[str, list[_Lookup]],
    asking: dict[tuple[int, str], _Lookup],
) -> None:
    name = host_of_query(packet.data)
    if packet.to == DNS:
        known = asking.get((packet.source, name))
        if known is None or packet.at - known.asked > _NEXT_LOOKUP:
            asking[packet.source, name] = _Lookup(packet.at)
            lookups[name].append(asking[packet.source, name])
    elif (packet.to, name) in asking:
        asking[packet.to, name].answered = packet.at


def _truth(flow: _Flow, lookups: dict[str, list[_Lookup]]) -> Wire | None:
    if not flow.bursts or not flow.accepted:
        return None
    hello = host_of_hello(flow.bursts[0].data)
    name = hello or host_of_request(flow.bursts[0].data)
    needed = 4 if hello else 2
    if name is None or len(flow.bursts) < needed:
        return None
    request, answer = flow.bursts[needed - 2 : needed]
    lookup = max(
        (one for one in lookups.get(name, ()) if 0 < one.answered <= flow.syn),
        key=lambda one: one.asked,
        default=None,
    )
    began = lookup.asked if lookup is not None else flow.syn
    return Wire(
        name=name,
        began=began,
        resolve=lookup.answered - lookup.asked if lookup is not None else None,
        connect=flow.accepted - flow.syn,
        tls=flow.bursts[1].last - flow.bursts[0].first if hello else None,
        processing=answer.first - request.last,
        transfer=answer.last - answer.first,
        whole=answer.last - began,
        own_tls=request.first - flow.bursts[1].last if hello else None,
    )
