"""Servers in threads, for a loop that is busy while they answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support.patience import PATIENCE

DELAY = 0.1

HELD = 0.4
"""Less than the second after which the kernel asks to connect again."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server of one connection, in a thread: it runs while the loop does not."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)

        def run() -> None:
            accepted, _ = listener.accept()
            with accepted:
                accepted.settimeout(PATIENCE)
                serve(accepted)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join()
