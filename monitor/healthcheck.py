"""Is the daemon well? For a container's HEALTHCHECK: ``python -m monitor.healthcheck``.

Asks ``/-/healthy`` of ``$DRIFTVAKT_HEALTHCHECK_URL``, ``http://127.0.0.1:9815`` by default, and
ends with 0 when it answers 200 within three seconds in all, else with 1. Standard library only.
"""

from __future__ import annotations

import os
import ssl
import sys
import threading
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

DEFAULT_URL = "http://127.0.0.1:9815/-/healthy"
VARIABLE = "DRIFTVAKT_HEALTHCHECK_URL"
DEADLINE = 3.0
"""Seconds for everything: look-up, connection, TLS and answer."""


def health_trouble(url: str, timeout: float = DEADLINE) -> str:
    """What is wrong, or nothing. ``timeout`` holds for each step; the total is :func:`trouble_within`'s."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return f"{url} is not an address: {error}"
    if parts.scheme not in ("http", "https") or not host:
        return f"{url} is not an http:// or https:// address"
    path = parts.path if parts.path not in ("", "/") else "/-/healthy"
    if parts.scheme == "https":
        # It asks whether its own daemon is alive; the name in its certificate is the public one.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection: HTTPConnection = HTTPSConnection(host, port, timeout=timeout, context=context)
    else:
        connection = HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        if answer.status != 200:
            said = answer.read(200).decode("utf-8", "replace").strip()
            # whoever answers is no reason for a terminal to obey it
            plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in said)
            return f"HTTP {answer.status}: {plain}"
    except (OSError, HTTPException, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    return ""


def trouble_within(url: str, deadline: float = DEADLINE) -> str:
    """What is wrong, or nothing, within ``deadline`` seconds in all."""
    faults: list[str] = []
    thread = threading.Thread(
        target=lambda: faults.append(health_trouble(url, deadline)), daemon=True
    )
    thread.start()
    thread.join(deadline)
    return faults[0] if faults else f"no answer within {deadline:g} s"


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Gives the exit code."""
    fault = trouble_within(environ.get(VARIABLE) or DEFAULT_URL)
    if fault:
        sys.stderr.write(f"driftvakt is not healthy: {fault}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
