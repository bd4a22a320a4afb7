"""The charset of an answer's text."""

from __future__ import annotations

import pytest

from probes.net.content_type import charset_of


@pytest.mark.parametrize(
    ("field", "charset"),
    [
        (None, None),
        ("text/html", None),
        ("text/html; charset=utf-8", "utf-8"),
        ("text/html;Charset=ISO-8859-1", "ISO-8859-1"),
        ('text/html; charset="windows-1252"', "windows-1252"),
        (r'text/html; charset="utf\-8"', "utf-8"),
        ('multipart/form-data; boundary="; charset=x"; charset=utf-8', "utf-8"),
        ("text/html; charset=utf-8; charset=latin1", "utf-8"),
        ("text/html; charset=", None),
        ("charset=utf-8", None),
    ],
)
def test_the_charset_is_what_the_field_names(field: str | None, charset: str | None) -> None:
    """As a token or quoted, whatever stands beside it, and only as a parameter (RFC 9110, 8.3)."""
    assert charset_of(field) == charset
