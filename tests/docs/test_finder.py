"""Who has a question finds its answer within two clicks from README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
QUESTIONS = {
    "How do I install it as a service?": ("install.md#systemd", "systemctl"),
    "How do I watch a service that wants a client certificate?": (
        "guide.md#the-first-environment-with-mutual-tls",
        "key_file",
    ),
    "How do I rotate the client certificate?": (
        "guide.md#rotate-the-client-certificate",
        "restart",
    ),
    "How do I get mail?": ("guide.md#mail", "mailtos://"),
    "How do I put it behind a proxy?": ("guide.md#behind-a-proxy", "proxy_pass"),
    "How do I scrape it?": ("prometheus.md#scrape", "honor_labels"),
    "How do I back it up?": ("guide.md#backup-and-restore", "cp -a"),
    "How do I go back to the version before?": ("guide.md#roll-back", "backup"),
    "When does a check become red?": ("status.md#a-check", "red_after"),
    "Why is everything unknown?": ("operations.md#when-something-is-wrong", "monitor"),
}


def anchor(heading: str) -> str:
    """Of a heading, as it is linked to: small letters, hyphens, no other signs."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def section(page: Path, wanted: str) -> str:
    """The text below a heading, up to the next of its level or above; empty when there is none."""
    text = page.read_text("utf-8")
    for found in re.finditer(r"^(#+) (.*)$", text, re.MULTILINE):
        if anchor(found[2]) == wanted:
            rest = text[found.end() :]
            end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
            return rest[: end.start()] if end else rest
    return ""


def pages_linked(page: Path) -> set[Path]:
    links = re.findall(r"\]\(([^)#\s]+\.md)(?:#[^)]*)?\)", page.read_text("utf-8"))
    return {(page.parent / link).resolve() for link in links if "://" not in link}


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_is_two_clicks_away(question: str) -> None:
    """Its page is linked to from README or from a page that is, and its section has the words."""
    where, words = QUESTIONS[question]
    name, _, heading = where.partition("#")
    page = ROOT / "docs" / name
    first = pages_linked(README)
    second = {target for one in first for target in pages_linked(one)}
    assert page in first | second
    assert words in section(page, heading), where


def test_every_page_is_in_the_table() -> None:
    """README's documentation lists all pages of docs."""
    table = section(README, "documentation")
    listed = set(re.findall(r"\]\(docs/([a-z-]+\.md)\)", table))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - listed == set()


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_no_anchor_leads_nowhere(page: Path) -> None:
    """A link to a part of a page leads to a heading that is there."""
    text = page.read_text("utf-8")
    for target, wanted in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", text):
        if "://" not in target and (not target or target.endswith(".md")):
            other = page if not target else page.parent / target
            headings = re.findall(r"^#+ (.*)$", other.read_text("utf-8"), re.MULTILINE)
            assert wanted in map(anchor, headings), f"{target}#{wanted}"
