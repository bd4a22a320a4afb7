"""A webhook's receiver that refuses now and then, and remembers what it took, in order."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Fickle:
    """What several daemons have told, by the last part of the path that each of them posts to."""

    def __init__(self, refuses: float) -> None:
        self.refuses = refuses
        """The share of all posts that get 503."""
        self.refused = 0
        self.url = ""
        self._taken: dict[str, list[dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def taken(self, name: str) -> list[dict[str, Any]]:
        """Each message, also those that came as one; as often as it came."""
        with self._lock:
            return list(self._taken.get(name, ()))

    def post(self, name: str, body: bytes) -> int:
        """The answer's status."""
        if random.random() < self.refuses:
            self.refused += 1
            return 503
        document = json.loads(body)
        with self._lock:
            messages = document["messages"] if document["kind"] == "group" else [document]
            self._taken.setdefault(name, []).extend(messages)
        return 204


@contextmanager
def fickle(refuses: float = 0.0) -> Iterator[Fickle]:
    found = Fickle(refuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return  # its sender was killed
            self.send_response(found.post(self.path.rpartition("/")[2], body))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """A sender that was killed."""

    with Server(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


def hook(receiver: Fickle, name: str, **more: Any) -> dict[str, Any]:
    """A receiver of the section ``notifications`` that is told everything at once."""
    told = {"name": "hook", "kind": "webhook", "url": f"{receiver.url}/{name}", "group_wait": "0s"}
    return {**told, "on": ["red", "yellow", "recovery", "unknown"], "flood": 10_000, **more}
