"""The web's own certificate and password: read, or refused with a reason; never left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.model.estate import WebSettings
from monitor.publish.web.credentials import WebAccessError, load_access
from tests.support.servers.ca import Authority


def test_open_by_default() -> None:
    """Without ``web:`` there is neither TLS nor a password."""
    access = load_access(WebSettings())
    assert (access.ssl, access.credentials) == (None, None)


def test_certificate_and_password(tmp_path: Path, authority: Authority) -> None:
    """Both from files; the password without its line's end, and with its spaces."""
    (tmp_path / "p").write_text(" lösen ord \r\n", "utf-8")
    pair = authority.valid
    access = load_access(
        WebSettings(
            cert_file=pair.cert_file,
            key_file=pair.key_file,
            username="se",
            password_file=tmp_path / "p",
        )
    )
    assert access.ssl is not None
    assert access.credentials == ("se", " lösen ord ")


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_password_that_cannot_be_had(tmp_path: Path, content: bytes | None) -> None:
    """Missing, empty or no text: refused, for to serve openly would be worse."""
    path = tmp_path / "p"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WebAccessError, match=r"web\.basic_auth: .*/p"):
        load_access(WebSettings(username="se", password_file=path))


def test_a_certificate_that_cannot_be_used(tmp_path: Path, authority: Authority) -> None:
    """Missing, garbage, or with another's key."""
    (tmp_path / "c").write_text("not a certificate")
    good, other = authority.valid, authority.client
    for cert, key in (
        (tmp_path / "missing", good.key_file),
        (tmp_path / "c", good.key_file),
        (good.cert_file, other.key_file),
    ):
        with pytest.raises(WebAccessError, match=r"web\.tls: cannot use"):
            load_access(WebSettings(cert_file=cert, key_file=key))
