"""What looks like a secret is none of what is shown, whoever's it is."""

from __future__ import annotations

import pytest

from probes.net.redaction import MASK, shapeless

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVPmB92K27uhbUJU1p1r"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"token {JWT} was refused", f"token {MASK} was refused"),
        ("cut eyJhbGciOiJIUzI1NiJ9", f"cut {MASK}"),
        ('{"access_token": "abc\\"def", "n": 1}', f'{{"access_token": "{MASK}", "n": 1}}'),
        ('{"clientSecret":"x"}', f'{{"clientSecret":"{MASK}"}}'),
        ('{"pass": 123456}', f'{{"pass": "{MASK}"}}'),
        ('{"refresh_token": "cut off', f'{{"refresh_token": "{MASK}"'),
        ("<wsse:Password Type='x'>abc</wsse:Password>", f"<wsse:Password Type='x'>{MASK}</wsse:Password>"),
        ("a=1&api_key=abcdef&b=2", f"a=1&api_key={MASK}&b=2"),
        ("sent Authorization: Bearer abcdefgh123", f"sent Authorization: Bearer {MASK}"),
    ],
)  # fmt: skip
def test_a_secret_by_its_shape(text: str, shown: str) -> None:
    """JWTs, credentials of HTTP, and values that are named so in JSON, XML and forms."""
    assert shapeless(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "HTTP 503 instead of 2xx",
        '{"resourceType": "OperationOutcome", "issue": [{"code": "security"}]}',
        "<Fault><faultcode>s:Sender</faultcode></Fault>",
        "the basic idea of a bearer of news",
        'no "password" was given',
        "tokens: 12",
        "status=failed",
    ],
)
def test_other_words_stay(text: str) -> None:
    """A word alone is no secret."""
    assert shapeless(text) == text
