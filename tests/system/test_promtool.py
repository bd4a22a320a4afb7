"""Prometheus' own tool reads what we publish."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from dataclasses import replace

import pytest

from monitor.judging.grade import GOOD, Verdict
from monitor.model.status import Status
from monitor.model.transition import Transition
from monitor.publish.metrics.metrics import Metrics
from probes.observation import Cause, Grade, Reason
from tests.support.factories import (
    NOW,
    make_certificate,
    make_check,
    make_failure,
    make_http,
    make_observation,
    make_red_view,
    make_snapshot,
    make_tls,
    make_unmeasured_view,
    make_view,
)
from tests.support.patience import PATIENCE

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        shutil.which("promtool") is None,
        reason="promtool is missing: apt-get install prometheus",
    ),
]


async def everything() -> bytes:
    """A scrape with every family in it, and hostile text wherever text goes."""
    metrics = Metrics('1.0"\\')
    hostile = 'a"b\\c\nd åäö'
    tls = make_tls(
        chain=(make_certificate(subject=hostile), make_certificate()), client=make_certificate()
    )
    whole = make_observation(http=make_http(last_modified=NOW), tls=tls)
    each = make_observation(
        parts=(replace(whole, address="192.0.2.1"), make_failure(address="2001:db8::1"))
    )
    failed = Verdict(grade=Grade.FAILED, reason=Reason.TIMEOUT, cause=Cause.TARGET)
    views = [
        make_view(make_check("good", target=hostile), whole),
        make_view(make_check("each", kind="certificate"), each),
        make_red_view(make_check("red")),
        make_unmeasured_view(make_check("new", service="other", environment="ext6")),
    ]
    for view in views:
        metrics.observe(view.check, make_failure(Reason.TIMEOUT, duration=10.0), failed)
        metrics.observe(view.check, make_observation(), GOOD)
    metrics.transition(
        Transition(
            at=NOW, since=NOW - 9, environment="ext5", service="expo",
            before=Status.GREEN, after=Status.RED,
        )
    )  # fmt: skip
    metrics.lateness(0.002)
    metrics.loop_lag(0.001)
    metrics.reloaded(True, NOW)
    metrics.status_written(NOW)
    metrics.missed("overlap")
    return (await metrics.render(make_snapshot(*views))).plain()


def check(body: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["promtool", "check", "metrics"],
        input=body,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )


async def test_promtool_has_no_complaint() -> None:
    """``promtool check metrics`` parses a scrape with everything in it and finds nothing amiss."""
    done = await asyncio.to_thread(check, await everything())
    said = (done.stdout + done.stderr).decode()
    assert (done.returncode, said) == (0, "")


def test_promtool_would_complain() -> None:
    """The tool is one that does find fault: a counter without ``_total`` and without help."""
    done = check(b"# TYPE driftvakt_things counter\ndriftvakt_things 1\n")
    assert done.returncode != 0
    assert b"driftvakt_things" in done.stdout + done.stderr
