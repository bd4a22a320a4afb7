"""The table of rules in docs/status.md is drawn from the judge's own: ``python -m tests.docs.test_rules_table``."""

from __future__ import annotations

import re
from pathlib import Path

from monitor.judging.fold import RULES

PAGE = Path(__file__).parents[2] / "docs" / "status.md"
HEAD = "| status | `why.rule` | when |\n|---|---|---|\n"


def drawn(page: str) -> str:
    """The page with the table as the rules are now."""
    rows = "".join(f"| {row.status} | `{row.rule}` | {row.when} |\n" for row in RULES)
    made, tables = re.subn(re.escape(HEAD) + r"(\|.*\n)+", lambda _: HEAD + rows, page)
    assert tables == 1
    return made


def test_the_table_is_up_to_date() -> None:
    page = PAGE.read_text("utf-8")
    assert drawn(page) == page


def test_a_table_that_is_out_of_date_is_noticed() -> None:
    page = PAGE.read_text("utf-8")
    assert drawn(page.replace("| red | `red_after` |", "| yellow | `red_after` |")) == page


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text("utf-8")), "utf-8")
