"""A server that asks us to slow down is not at fault, and is heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Reason
from tests.support.probes.asking import ask_http
from tests.support.servers.http_server import HttpServer


async def test_429_is_ours(context: ProbeContext, http_server: HttpServer) -> None:
    """We ask too often: reason status, cause monitor, and how long it wants to be left alone."""
    http_server.answer(status=429, headers={"Retry-After": "120"})
    seen = await ask_http(context, http_server.url())
    assert (seen.grade, seen.reason, seen.cause) == (Grade.FAILED, Reason.STATUS, Cause.MONITOR)
    assert seen.detail == "the server asks us to slow down (HTTP 429, Retry-After 120 s)"
    assert seen.http is not None
    assert (seen.http.status, seen.http.retry_after) == (429, 120.0)


async def test_a_date_is_understood_too(context: ProbeContext, http_server: HttpServer) -> None:
    """In seconds from now."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    http_server.answer(status=429, headers={"Retry-After": date})
    seen = await ask_http(context, http_server.url())
    assert seen.http is not None
    assert seen.http.retry_after == pytest.approx(300, abs=5)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon\u00e4\u202e"}])
async def test_429_without_a_word_that_can_be_read(
    context: ProbeContext, http_server: HttpServer, headers: dict[str, str]
) -> None:
    http_server.answer(status=429, headers=headers)
    seen = await ask_http(context, http_server.url())
    assert seen.cause is Cause.MONITOR
    assert seen.detail == "the server asks us to slow down (HTTP 429, no Retry-After)"


async def test_an_expected_429_is_good(context: ProbeContext, http_server: HttpServer) -> None:
    """A test that a limit is enforced, for instance."""
    http_server.answer(status=429, headers={"Retry-After": "120"})
    seen = await ask_http(context, http_server.url(), expect={"status": [429]})
    assert seen.grade is Grade.GOOD


async def test_429_is_no_refusal(context: ProbeContext, http_server: HttpServer) -> None:
    """A negative test is not passed by a server that did not look at the request."""
    http_server.answer(status=429)
    seen = await ask_http(context, http_server.url(), expect={"failure": "status"})
    assert (seen.grade, seen.cause) == (Grade.FAILED, Cause.MONITOR)


@pytest.mark.parametrize("expect", [{}, {"status": [200]}])
async def test_503_stays_the_target_s(
    context: ProbeContext, http_server: HttpServer, expect: dict[str, Any]
) -> None:
    """Whatever it asks for."""
    http_server.answer(status=503, headers={"Retry-After": "120"})
    seen = await ask_http(context, http_server.url(), expect=expect)
    assert (seen.reason, seen.cause) == (Reason.STATUS, Cause.TARGET)
    assert seen.http is not None
    assert seen.http.retry_after == 120.0
