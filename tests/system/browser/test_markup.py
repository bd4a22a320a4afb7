"""The HTML is valid, the style sheet is CSS."""

from __future__ import annotations

import re
import subprocess

import html5lib
import pytest
import tinycss2

from tests.support.daemon.counting import CountingServer
from tests.support.daemon.running import Running
from tests.support.patience import PATIENCE
from tests.support.servers.programs import require_program
from tests.system.browser.conftest import Opened

pytestmark = pytest.mark.system
TIDY = ("-errors", "-quiet", "-utf8", "--show-info", "no", "--drop-empty-elements", "no")
ADDRESSES = ["/", "/?lang=en&env=ext6&service=x", "/?kiosk", "/s/ext6/expo", "/s/ext5/vara?lang=en"]


def tidied(html: bytes) -> str:
    """What ``tidy`` complains of: errors and warnings. It is from before a list of descriptions
    could have groups (``<dl><div><dt>``), so that these are taken out.
    """
    html = re.sub(rb"<div[^>]*>(?=<dt>)", b"", html).replace(b"</dd></div>", b"</dd>")
    run = subprocess.run(
        [require_program("tidy"), *TIDY],
        input=html,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    return run.stderr.decode()


@pytest.mark.parametrize("address", ADDRESSES)
def test_html_is_valid(site: tuple[Running, CountingServer], address: str) -> None:
    """The standard's parser has nothing to forgive, and ``tidy`` no warning."""
    html = site[0].get(address)
    html5lib.HTMLParser(strict=True).parse(html)
    assert tidied(html) == ""


def test_faults_would_be_found() -> None:
    """An element in the wrong place, an unknown attribute, an id twice."""
    with pytest.raises(html5lib.html5parser.ParseError):
        html5lib.HTMLParser(strict=True).parse(b"<!DOCTYPE html><title>x</title><p><b>y</p>")
    page = b'<!DOCTYPE html><html lang="en"><title>x</title><p id="a" wrong="1">y<p id="a">z</html>'
    assert "wrong" in tidied(page)
    assert "already defined" in tidied(page)


@pytest.mark.parametrize("address", ADDRESSES)
def test_references_lead_somewhere(opened: Opened, url: str, address: str) -> None:
    """Ids are there once; labels and descriptions name what exists; headings skip no level."""
    with opened.page(url + address, java_script_enabled=True) as page:
        found = page.evaluate(
            """() => {
                const all = [...document.querySelectorAll("*")];
                const ids = all.map((each) => each.id).filter(Boolean);
                const named = all.flatMap((each) => ["aria-labelledby", "aria-describedby", "for"]
                    .flatMap((name) => (each.getAttribute(name) || "").split(" ").filter(Boolean)));
                const levels = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")]
                    .map((each) => Number(each.tagName[1]));
                return {
                    twice: ids.filter((id, place) => ids.indexOf(id) !== place),
                    nowhere: named.filter((id) => !ids.includes(id)),
                    skipped: levels.filter((level, i) => level > (levels[i - 1] || 0) + 1),
                    bare: all.filter((each) => each.hasAttribute("style") ||
                        [...each.attributes].some((one) => one.name.startsWith("on"))).length,
                };
            }"""
        )
        assert found == {"twice": [], "nowhere": [], "skipped": [], "bare": 0}


@pytest.mark.parametrize("address", ADDRESSES)
def test_links_of_the_page_lead_somewhere(opened: Opened, url: str, address: str) -> None:
    """Each link of our own answers with 200."""
    with opened.page(url + address) as page:
        links = page.evaluate(
            "[...document.querySelectorAll('a[href], link[href]')].map((each) => each.href)"
        )
        own = {link.partition("#")[0] for link in links}
        assert len(own) > 3
        bad = [link for link in sorted(own) if not page.request.get(link).ok]
        assert bad == []


def test_style_sheet_is_css(site: tuple[Running, CountingServer]) -> None:
    """Every rule and every declaration can be parsed, every colour that is used is defined."""
    sheet = (site[0].get("/style.css") + site[0].get("/wall.css")).decode()
    faults: list[str] = []
    used: set[str] = set()
    defined: set[str] = set()

    def look(rules: list[tinycss2.ast.Node]) -> None:
        for rule in rules:
            if rule.type == "error":
                faults.append(f"{rule.source_line}: {rule.message}")
            elif rule.type == "at-rule" and rule.content is not None:
                look(tinycss2.parse_rule_list(rule.content, skip_whitespace=True))
            elif rule.type == "qualified-rule":
                declare(rule.content)

    def declare(content: list[tinycss2.ast.Node]) -> None:
        for one in tinycss2.parse_blocks_contents(
            content, skip_comments=True, skip_whitespace=True
        ):
            if one.type != "declaration":
                faults.append(f"{one.source_line}: {one.serialize()}")
                continue
            if one.name.startswith("--"):
                defined.add(one.name)
            for value in one.value:
                if value.type == "function" and value.lower_name == "var":
                    used.add(value.arguments[0].value)

    look(tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True))
    assert faults == []
    assert used <= defined
