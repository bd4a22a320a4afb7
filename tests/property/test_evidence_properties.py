"""Whatever a target sends, its evidence holds no secret of ours, is small, and reads as a mail."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.evidence import LIMIT, mail, read_bundle
from probes.net.captured_response import BODY_KEPT
from probes.observation import DnsFacts, Observation
from tests.support.evidence_bundle import bundled, http_check, make_answer
from tests.support.factories import NOW, make_certificate, make_failure, make_tls

TOKEN = "zQ7/hemlig+token åäö\"'&x"
FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": quote,
    "json": lambda text: json.dumps(text)[1:-1],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
}
BYTES = st.binary(max_size=400)
TEXT = st.text(max_size=80)


def spread(secret: bytes) -> st.SearchStrategy[bytes]:
    """Bytes with the secret anywhere in them."""
    return st.tuples(BYTES, BYTES).map(lambda two: two[0] + secret + two[1])


@st.composite
def hostile(draw: st.DrawFn) -> Observation:
    """A failure whose every text says the token back in some form."""
    form = FORMS[draw(st.sampled_from(sorted(FORMS)))]
    said = form(TOKEN)
    raw = said.encode()
    value = draw(spread(raw)) if draw(st.booleans()) else draw(TEXT).encode() + raw
    before = draw(BYTES) * draw(st.integers(0, 8))
    body = (before + raw + draw(BYTES))[:BODY_KEPT]
    certificate = make_certificate(subject=draw(TEXT) + said, issuer=said, names=(said, draw(TEXT)))
    return make_failure(
        at=NOW - 5,
        detail=said,
        address=None,
        answer=make_answer(
            head=((draw(BYTES), value), (b"Location", b"https://a/?x=" + raw)),
            phrase=draw(TEXT) + said,
            body_start=body,
            body_cut=draw(st.booleans()),
        ),
        tls=make_tls(chain=(certificate,)),
        dns=DnsFacts(rcode="NOERROR", answers=(said, draw(TEXT))),
    )


def texts(value: Any) -> list[str]:
    """Every text of a document; what is in base64 decoded."""
    if isinstance(value, dict):
        inner = [text for key, each in value.items() if key != "base64" for text in texts(each)]
        coded = value.get("base64")
        return inner + ([base64.b64decode(coded).decode("utf-8", "replace")] if coded else [])
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("language", ["sv", "en"])
@settings(max_examples=150, deadline=None)
@given(seen=hostile())
def test_no_secret_is_in_any_bundle(language: str, seen: Observation) -> None:
    """Nor in the mail, which moreover fits 100 columns; and the bundle is small."""
    check = http_check(headers={"X-Token": TOKEN})
    made = bundled([seen], check=check, secrets=[TOKEN, "hemlig-nyckel"])
    assert len(made) <= LIMIT
    document = read_bundle(made)
    shown = mail(document, language)
    for text in (*texts(document), shown):
        for form in FORMS.values():
            assert form(TOKEN).rstrip("=") not in text
    for line in shown.splitlines():
        assert len(line) <= 100
        assert line.isprintable()
