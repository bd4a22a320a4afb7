"""An address on loopback where a connect hangs, as behind a firewall that drops packets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

FILLING = 4
"""Connections that surely fill a queue of one; those that do not fit wait for ever."""


@contextmanager
def blackhole(host: str = "127.0.0.1") -> Iterator[tuple[str, int]]:
    """Address and port of a listener whose queue is full: the kernel drops every further SYN."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        listener.bind((host, 0))
        listener.listen(0)
        address: tuple[str, int] = listener.getsockname()
        for _ in range(FILLING):
            filler = sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            filler.setblocking(False)
            filler.connect_ex(address)
        yield address


@contextmanager
def closed_port(host: str = "127.0.0.1") -> Iterator[tuple[str, int]]:
    """Address and port where nobody listens, kept from others for as long as it lasts."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.bind((host, 0))
        yield holder.getsockname()
