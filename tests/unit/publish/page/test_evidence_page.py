"""Evidence as people read it: a page, a text, and JSON beside them."""

from __future__ import annotations

import json

import pytest
from aiohttp import ClientSession
from markupsafe import escape

from monitor.evidence import mail, read_bundle
from monitor.publish.page import PageQuery, render_evidence
from monitor.publish.web.evidence_route import chosen
from tests.support.evidence_bundle import bundled, make_answer
from tests.support.factories import make_failure, make_red_view, make_snapshot
from tests.support.web_site import FixedSource, serve

HOSTILE = '<script>alert("1")</script></pre><img src=x>'


def hostile_bundle() -> bytes:
    answer = make_answer(
        phrase=HOSTILE,
        head=((b"X-" + HOSTILE.encode(), HOSTILE.encode() + b"\x00\xff"),),
        body_start=HOSTILE.encode() + b"\x1b[31m\xff\x00",
    )
    return bundled([make_failure(answer=answer, detail=HOSTILE)] * 3)


def test_page_of_evidence_says_all_that_the_text_says() -> None:
    """Each line of the mail is on the page, in sections with headings, and the way to the incident."""
    bundle = bundled([make_failure(answer=make_answer())] * 3)
    document = read_bundle(bundle)
    html = render_evidence(bundle, make_snapshot(make_red_view()), PageQuery(language="en"))
    for line in mail(document, "en").splitlines():
        assert str(escape(line.strip())) in html
    assert "<h1>Evidence for a fault report</h1>" in html
    assert f'href="/s/ext5/expo?event={document["id"]}#event-{document["id"]}"' in html


def test_page_of_evidence_escapes_what_a_target_has_sent() -> None:
    """Markup, control characters and broken text are shown, and do nothing."""
    html = render_evidence(hostile_bundle(), make_snapshot(make_red_view()), PageQuery())
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html
    assert not any(odd in html for odd in "\x00\x1b")


@pytest.mark.parametrize(
    ("accept", "shape"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("application/json, text/plain, */*", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
        ("TEXT/PLAIN; q=1", "text"),
    ],
)
def test_form_is_chosen_by_what_is_accepted(accept: str, shape: str) -> None:
    """A browser is given the page, a program JSON."""
    assert chosen(accept) == shape


async def test_evidence_is_served_in_three_forms() -> None:
    """By the header or by ``format``; another format is refused, and so is what is no bundle."""
    bundle = hostile_bundle()
    id_ = str(json.loads(bundle)["id"])
    source = FixedSource(bundles={id_: bundle, "0" * 16: b"{}"})
    async with serve(source) as url, ClientSession(url) as client:
        address = f"/api/v1/evidence/{id_}"
        for query, accept, type_ in (
            ("", "text/html", "text/html"),
            ("?format=html", "*/*", "text/html"),
            ("?format=text", "text/html", "text/plain"),
            ("?format=json", "text/html", "application/json"),
        ):
            async with client.get(address + query, headers={"Accept": accept}) as answer:
                assert (answer.status, answer.content_type) == (200, type_)
                assert answer.headers["Cache-Control"] == "no-store"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
        async with client.get(address + "?format=pdf") as answer:
            assert answer.status == 400
        async with client.get(f"/api/v1/evidence/{'0' * 16}?format=text") as answer:
            assert answer.status == 404
            assert "not evidence" in await answer.text()
