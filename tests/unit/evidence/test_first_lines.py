"""The first lines of evidence, as a mail has them."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.evidence import first_lines
from tests.support.evidence_bundle import document, http_check
from tests.support.factories import NOW, make_failure


def test_reason_detail_address_times_rule_and_check_are_a_line_each() -> None:
    """In both languages, the probe's own words too."""
    seen = [make_failure(at=NOW - 60 + 5 * place, detail="timeout") for place in range(3)]
    lines = first_lines(document(seen, check=http_check()))
    assert lines is not None
    assert lines.en.splitlines() == [
        "Reason: the connection was refused",
        "Observed: timeout",
        "Connected to: 192.0.2.10",
        "Times: name resolution 0.4 ms, connect 1.2 ms, in all 1.8 ms",
        "Rule: 3 in a row, 3 of 3 failed",
        "Check: ext5/expo/api",
    ]
    assert len(lines.sv.splitlines()) == 6
    assert "Orsak: anslutningen nekades" in lines.sv


def test_no_line_of_a_target_breaks_out_of_its_own() -> None:
    """Whatever it wrote, however long."""
    seen = [make_failure(at=NOW - 60, detail="a\r\nb\x1b[31m" + "x" * 9_000)]
    lines = first_lines(document(seen, check=http_check()))
    assert lines is not None
    assert len(lines.en.splitlines()) == 6
    assert all(len(line) <= 301 and line.isprintable() for line in lines.en.splitlines())


@pytest.mark.parametrize("told", [None, {}, {"transition": {}, "schema_version": 1}])
def test_what_is_no_evidence_has_no_lines(told: dict[str, Any] | None) -> None:
    """A message goes out all the same."""
    assert first_lines(told) is None
