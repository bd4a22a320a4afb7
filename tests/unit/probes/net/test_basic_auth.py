"""Basic credentials as they are sent."""

from __future__ import annotations

from probes.net.basic_auth import basic_credentials


def test_credentials_are_those_of_the_rfc() -> None:
    """RFC 7617, 2 and 2.1: the two examples, the second of which is in UTF-8."""
    assert basic_credentials("Aladdin", "open sesame") == "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert basic_credentials("test", "123\u00a3") == "dGVzdDoxMjPCow=="
