"""Files of one secret with a mark that editors put at the beginning, and nobody sees."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.configuration.discovery.poller import _token
from monitor.model.estate import WebSettings
from monitor.notify.sender import read_secret
from monitor.publish.web.credentials import load_access
from monitor.settings.errors import Report
from monitor.settings.validate import Validator
from monitor.settings.yaml_tree import compose
from monitor.support.redaction import _in_file
from probes.failure import MonitorTrouble
from probes.http.credentials import bearer_token
from probes.http.oauth2.client import saml_assertion
from probes.net.watched_file import WatchedFile
from probes.settings import TlsSettings


def of_the_web(path: Path) -> str:
    found = load_access(WebSettings(username="anna", password_file=path)).credentials
    assert found is not None
    return found[1]


READERS: dict[str, Callable[[Path], str]] = {
    "password_file": lambda path: WatchedFile(path, lambda: 0.0).secret(),
    "bearer_token_file": lambda path: bearer_token(WatchedFile(path, lambda: 0.0)),
    "web.password_file": of_the_web,
    "secret_file": read_secret,
    "discovery": _token,
    "masked": lambda path: max(_in_file(path)),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_mark_is_no_part_of_a_secret(tmp_path: Path, reader: str, encoding: str) -> None:
    """Nor are the encodings that a mark names: what is sent is what a person wrote."""
    file = tmp_path / "secret"
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    file.write_bytes(mark + "hunter-2\r\n".encode(encoding))
    assert READERS[reader](file) == "hunter-2"


def test_base64_over_several_lines(tmp_path: Path) -> None:
    """And XML, as assertions are written."""
    file = tmp_path / "token"
    file.write_bytes(codecs.BOM_UTF8 + b"QUJD\nREVG\n")
    assert bearer_token(WatchedFile(file, lambda: 0.0)) == "QUJDREVG"
    assert saml_assertion(codecs.BOM_UTF8 + b"<a/>") == saml_assertion(b"<a/>")


def test_another_encoding_without_a_mark_is_told(tmp_path: Path) -> None:
    """By the file's name, and without what is in it."""
    file = tmp_path / "token"
    file.write_bytes("lösen".encode("latin-1"))
    with pytest.raises(MonitorTrouble, match="token is not UTF-8 text"):
        WatchedFile(file, lambda: 0.0).secret()


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b""])
def test_a_mark_in_a_file_that_openssl_reads_is_told(tmp_path: Path, mark: bytes) -> None:
    """It would pass over the first certificate without a word."""
    (tmp_path / "ca.pem").write_bytes(mark + b"-----BEGIN CERTIFICATE-----\n")
    report = Report()
    node = compose(b"ca_file: ca.pem", "c.yaml")
    assert node is not None
    Validator(tmp_path, report).model(TlsSettings, node, ("tls",))
    told = [str(one) for one in report.warnings]
    expected = "c.yaml:1:10: tls.ca_file: ca.pem begins with a byte order mark: save it as UTF-8 without one"
    assert told == ([expected] if mark else [])
