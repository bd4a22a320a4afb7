"""What the publisher of the status file knows beside the newest body."""

from __future__ import annotations

from typing import Any

from monitor.publish.status.publisher import StatusPublisher


async def test_availability_of_what_is_watched_no_more_is_forgotten() -> None:
    """Configurations may come and go for years."""
    nothing: Any = None
    publisher: Any = StatusPublisher(
        nothing, snapshot=nothing, measure=nothing, metrics=nothing, timer=lambda: 0.0
    )
    publisher.availability = {"ext5/expo": 1, "ext5/gone": 2}
    publisher.forget({"ext5/gone"})
    assert publisher.availability == {"ext5/expo": 1}
