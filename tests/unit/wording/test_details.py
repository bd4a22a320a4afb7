"""What probes write in English is shown in Swedish too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import probes
from monitor.wording.details import detail_text
from monitor.wording.details_sv import PHRASES

_NO_DETAIL = {
    # what settings say goes to whoever edits them, and what a programmer did to a programmer
    "settings.py",
    "content_settings.py",
    "proxy_settings.py",
    "request_defaults.py",
    "kind.py",
    "kinds.py",
    "charsets.py",
    "patterns.py",
    "jsonpath.py",
    "jsonpath_text.py",
    "xpath.py",
    "redaction.py",
    "urls.py",
    "tcp_info.py",
    "x509.py",
    "x509_repair.py",
    "timestamps.py",
    "observation.py",
    # what OpenSSL, the parser of DER and that of BER say is quoted as it is
    "der.py",
    "ber.py",
}
_PUT_TOGETHER = {
    # of parts that are details, or the names of things
    "12 12",
    "12: 12",
    "TLS: 12",
    "Content-Length: 12",
    "12 lines",
    "its head is too large: more than 12",
    "the body has no match of 12: it 12",
}
_MADE_BY = {"ProbeFailure", "MonitorTrouble", "Unclear", "TokenFailure", "Shortfall", "Finding"}
_MADE_BY_SMALL = {"malformed", "too_large", "_refused", "_malformed", "_failure", "observation"}


def _templates() -> Iterator[tuple[str, str]]:
    """Every text that is given to whatever makes a detail; holes are ``12``."""
    for path in sorted(Path(probes.__file__).parent.rglob("*.py")):
        if path.name in _NO_DETAIL:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = list(node.args) if name in _MADE_BY | _MADE_BY_SMALL else []
            given += [word.value for word in node.keywords if word.arg == "detail"]
            for each in given:
                text = _written(each)
                if text is not None and " " in text.strip():
                    yield path.name, text


def _written(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "12" for part in node.values
        )
    return None


def _known(text: str) -> bool:
    """As it is, with a length of time at a hole, or behind the name of who said it."""
    asked = [text, text.replace("12", "within 12 s"), f"12 {text}", text.replace("12", "12 s")]
    return any(detail_text(each).sv != each for each in asked)


def test_every_detail_that_a_probe_writes_has_its_swedish() -> None:
    """A new phrase in ``probes`` without a line in the table is found."""
    found = list(_templates())
    lacking = [
        f"{name}: {text}" for name, text in found if text not in _PUT_TOGETHER and not _known(text)
    ]
    assert not lacking, "\n".join(lacking)
    assert len(found) > 100


@pytest.mark.parametrize(("english", "swedish"), PHRASES)
def test_every_phrase_is_found_again(english: str, swedish: str) -> None:
    """No phrase of the table stands behind one that takes all of its texts."""
    said = _filled(english)
    shown = detail_text(said).sv
    assert shown != said or english == swedish, said
    assert shown == _filled(swedish), said


def _filled(phrase: str) -> str:
    for hole, text in (("{n}", "12"), ("{*}", "Xyz"), ("{a}", "192.0.2.1"), ("{}", "Xyz")):
        phrase = phrase.replace(hole, text)
    return phrase


@pytest.mark.parametrize(
    ("english", "swedish"),
    [
        ("HTTP 503, expected 2xx", "HTTP 503, väntat 2xx"),
        ("the certificate ends in 12 days", "certifikatet går ut om 12 dagar"),
        ("our own client certificate ended 1 days ago", "vårt eget klientcertifikat gick ut för 1 dag sedan"),
        ("no answer within 0.5 s", "inget svar inom 0,5 s"),
        ("192.0.2.7: connection to 192.0.2.7 refused", "192.0.2.7: anslutningen till 192.0.2.7 nekades"),
        ("2001:db8::7: no answer within 10 s", "2001:db8::7: inget svar inom 10 s"),
        (
            "as expected: the proxy: looking up proxy.example.se: Name or service not known",
            "som väntat: proxyn: uppslagning av proxy.example.se: Name or service not known",
        ),
        ("no Last-Modified header; 3 bytes, expected at least 10", "inget Last-Modified-huvud; 3 byte, väntat minst 10"),
        ('the body has a match of "is empty"', 'innehållet matchar "is empty"'),
    ],
)  # fmt: skip
def test_details_in_swedish(english: str, swedish: str) -> None:
    """Parts are translated as far as they are ours; what the target said stays as it said it."""
    assert detail_text(english).sv == swedish
    assert detail_text(english).en == english


def test_the_words_of_a_plug_in_stay() -> None:
    """Nobody here can translate them."""
    assert detail_text("valve 7 stuck").sv == "valve 7 stuck"


def test_a_long_detail_is_taken_as_it_is() -> None:
    """A hostile text costs no search."""
    long = "x is " * 400 + ", expected"
    assert detail_text(long).sv == detail_text(long).en
