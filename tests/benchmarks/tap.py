"""Writes down what passes over loopback and when, by the kernel's own time stamps: the truth that
measured phases are compared with.

``python -m tests.benchmarks.tap FILE PORT…`` until it is told to end: TCP and UDP over IPv4 to or
from one of the ports, as a pcap file (``tcpdump -r`` reads it). Needs CAP_NET_RAW, which
``apart.py`` has. A packet over loopback is stamped when it is received, which is within
microseconds of its being sent.
"""

from __future__ import annotations

import json
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import BinaryIO

SNAP = 512
"""Bytes kept of a packet: names are within them."""
BUFFER = 32 * 2**20
_ETH_P_IP = 0x0800
_SOL_PACKET, _PACKET_STATISTICS, _PACKET_IGNORE_OUTGOING = 263, 6, 23
_SO_TIMESTAMPNS = 35
_SO_RCVBUFFORCE = 33
_PCAP_NS, _LINKTYPE_RAW = 0xA1B23C4D, 101
_TCP, _UDP = 6, 17


class _Ended(Exception):
    pass


def _end(_number: int, _frame: object) -> None:
    raise _Ended


def opened() -> socket.socket:
    """A socket that sees every packet that loopback receives."""
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
    tap.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    try:
        tap.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, BUFFER)
    except PermissionError:  # in a user's namespace
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    tap.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    tap.bind(("lo", _ETH_P_IP))
    return tap


def listen(file: Path, ports: frozenset[int]) -> int:
    """Until the end; gives the number of packets that were lost."""
    with opened() as tap, file.open("wb", buffering=2**20) as out:
        out.write(struct.pack("<IHHiIII", _PCAP_NS, 2, 4, 0, 0, SNAP, _LINKTYPE_RAW))
        signal.signal(signal.SIGTERM, _end)
        print("listening", flush=True)
        try:
            while True:
                _one(tap, out, ports)
        except _Ended:
            _, lost = struct.unpack("II", tap.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
            return int(lost)


def _one(tap: socket.socket, out: BinaryIO, ports: frozenset[int]) -> None:
    data, told, _, _ = tap.recvmsg(SNAP, 64)
    if len(data) < 28 or data[9] not in (_TCP, _UDP):
        return
    head = 4 * (data[0] & 15)
    source, to = struct.unpack_from("!HH", data, head)
    if source in ports or to in ports:
        seconds, nanoseconds = struct.unpack("qq", told[0][2])
        size = int.from_bytes(data[2:4])
        out.write(struct.pack("<IIII", seconds, nanoseconds, len(data), size) + data)


if __name__ == "__main__":
    lost = listen(Path(sys.argv[1]), frozenset(map(int, sys.argv[2:])))
    print(json.dumps({"lost": lost}), flush=True)
