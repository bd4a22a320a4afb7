"""Text from outside is made fit for a log line, a page and a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.observation import (
    Certificate,
    Grade,
    Observation,
    Phase,
    Phases,
    TlsFacts,
    clean,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("åäö 漢字 🙂", "åäö 漢字 🙂"),
        ("two\r\nlines", "two\\r\\nlines"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\udcff", "\\udcff"),
        ("a\u2028b\u00a0c", "a\\u2028b\\xa0c"),
        ("", ""),
        (503, "503"),
        (None, "None"),
    ],
)
def test_clean(text: object, shown: str) -> None:
    """What is printable stays, what is not becomes an escape."""
    assert clean(text) == shown


def test_long_text_is_cut_with_an_ellipsis() -> None:
    """At most ``limit`` characters, the last of which says that there was more."""
    assert clean("x" * 200) == "x" * 200
    assert clean("x" * 201) == "x" * 199 + "…"
    assert clean("\n" * 50, limit=10) == "\\n\\n\\n\\n\\…"


@given(st.text(), st.integers(2, 300))
def test_clean_is_always_printable_short_and_encodable(text: str, limit: int) -> None:
    """For every text of every stranger."""
    shown = clean(text, limit)
    assert shown.isprintable()
    assert len(shown) <= limit
    shown.encode()


@given(st.text(st.characters(categories=["L", "N", "P"]), max_size=200))
def test_clean_leaves_what_is_clean(text: str) -> None:
    """Cleaning twice is cleaning once."""
    assert clean(text) == text


def test_phases_are_told_in_order_and_only_when_measured() -> None:
    """A phase that was not reached is absent, never 0."""
    phases = Phases(transfer=0.3, connect=0.0, tls=None)
    assert phases.measured() == ((Phase.CONNECT, 0.0), (Phase.TRANSFER, 0.3))
    assert Phases().measured() == ()


def certificate(not_after: float) -> Certificate:
    return Certificate(
        subject="CN=a",
        issuer="CN=b",
        serial="1",
        not_before=0.0,
        not_after=not_after,
        names=(),
        sha256="",
        key_type="ec",
        key_bits=256,
        signature_algorithm="ecdsa-with-SHA256",
        authority=False,
    )


def test_the_chain_ends_when_its_first_certificate_does() -> None:
    """The earliest end counts, wherever in the chain it is; without a chain there is none."""
    facts = TlsFacts(chain=(certificate(300.0), certificate(200.0)))
    assert facts.leaf == certificate(300.0)
    assert facts.earliest_not_after == 200.0
    assert TlsFacts().leaf is None
    assert TlsFacts().earliest_not_after is None


def test_an_observation_cannot_be_changed() -> None:
    """It travels through everything as it was seen."""
    seen = Observation(at=1.0, duration=0.1)
    assert not seen.failed
    assert Observation(at=1.0, duration=0.1, grade=Grade.FAILED).failed
    with pytest.raises(AttributeError):
        seen.at = 2.0  # type: ignore[misc]
