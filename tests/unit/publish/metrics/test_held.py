"""What a scrape holds until it has been read, as those count who bound their readers."""

from __future__ import annotations

from monitor.publish.metrics.metrics import Metrics
from tests.support.evidence_bundle import make_answer
from tests.support.factories import make_failure, make_snapshot, make_view


async def test_a_failed_answer_that_is_held_is_counted() -> None:
    """With its body and every header field: of a hostile target they are most of it."""
    head = tuple((b"name", b"v" * 800) for _ in range(20))
    plain = make_failure()
    hostile = make_failure(answer=make_answer(head=head, body_start=b"b" * 2_048))
    less, more = [
        (await Metrics("1").render(make_snapshot(make_view(last=one)))).held
        for one in (plain, hostile)
    ]
    assert less > 1_000
    assert more - less > 20 * 800 + 2_048
