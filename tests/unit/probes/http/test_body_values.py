"""What of a body may be a secret."""

from __future__ import annotations

import pytest

from probes.http.body_values import LARGEST, MOST, leaves


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"a": {"b": ["swordfish", 12345, true]}, "c": "x"}', {"swordfish", "12345"}),
        ('{"a": "sv\u00e5rt \\"ord\\""}'.encode(), {'sv\u00e5rt "ord"', 'sv\u00e5rt \\"ord\\"'}),
        (
            b'<e xmlns="http://example.se/ns" id="open-sesame"><p>sword &amp; fish</p><q/></e>',
            {"open-sesame", "sword & fish", "sword &amp; fish"},
        ),
        (b"grant=swordfish&name=a%26bc%20d", {"swordfish", "a&bc d", "a%26bc%20d"}),
        (b"PASS swordfish\r\n", {"PASS swordfish"}),
        (b"", set()),
        (b"\xff\xfe\x00", set()),
        (b'"swordfish"', {"swordfish"}),
    ],
)
def test_the_values_of_a_body(body: bytes, found: set[str]) -> None:
    """Of JSON, XML and forms each, as it stands there and as it is meant; of all else the whole."""
    assert set(leaves(body)) == found


def test_what_is_looked_for_has_a_bound() -> None:
    """However large or deep a body is."""
    assert len(leaves(b"[" + b",".join(b'"v%05d"' % n for n in range(5000)) + b"]")) == MOST
    assert leaves(b'["' + b"x" * 2 * LARGEST + b'"]')
    assert leaves(b"[" * 200_000)
