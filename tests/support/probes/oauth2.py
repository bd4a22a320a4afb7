"""Asking for tokens: what tests of ``oauth2`` share."""

from __future__ import annotations

import time
from typing import Any

from probes.net.context import ProbeContext
from probes.observation import Reason
from tests.support.probes.asking import ask_http
from tests.support.servers.http_server import HttpServer
from tests.support.servers.token_server import TokenServer

SECRET = "s3cret/å :"


class Time:
    """The timer, which a test can move on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.perf_counter() + self.ahead


def oauth2(server: TokenServer, **more: Any) -> dict[str, Any]:
    return {"token_url": server.url, "client_id": "expo", "client_secret": SECRET, **more}


def sent(server: HttpServer) -> list[str | None]:
    """The Authorization header of each request."""
    return [arrival.headers.get("Authorization") for arrival in server.arrivals]


async def refusal(
    context: ProbeContext, server: HttpServer, asked: dict[str, Any], **more: Any
) -> str:
    """What is said of a token that there is none of; the target was never asked."""
    seen = await ask_http(context, server.url(), oauth2=asked, **more)
    assert seen.reason is Reason.OAUTH2
    assert server.arrivals == []
    assert SECRET not in seen.detail
    return f"{seen.cause}: {seen.detail}"
