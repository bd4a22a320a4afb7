"""Responses in a line, and what is said of them."""

from __future__ import annotations

from typing import Any

from multidict import CIMultiDict

from probes.expect.expectations import Expectations, Response, Shortfall
from probes.expect.settings import ExpectSettings
from probes.observation import Reason

NOW = 1_795_392_000.0  # Monday 23 November 2026 00:00 UTC


def answer(
    body: bytes = b"",
    *,
    status: int = 200,
    headers: list[tuple[str, str]] | None = None,
    truncated: bool = False,
    declared: int | None = None,
    charset: str | None = None,
) -> Response:
    return Response(
        status=status,
        headers=CIMultiDict(headers or []),
        body=body,
        truncated=truncated,
        declared_bytes=declared,
        at=NOW,
        charset=charset,
    )


def judge(response: Response, limit: int = 1000, **expect: Any) -> Shortfall | None:
    settings = ExpectSettings.model_validate(expect)
    return Expectations(settings, limit).judge(response)


def told(response: Response, limit: int = 1000, **expect: Any) -> tuple[Reason, str]:
    found = judge(response, limit, **expect)
    assert found is not None
    return found.reason, found.detail
