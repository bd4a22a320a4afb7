"""The text that one pastes into a mail: whole, plain, and no wider than a mail may be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor.evidence import NotEvidenceError, mail, read_bundle
from monitor.evidence.words import RULES
from monitor.model.status import Rule
from probes.observation import DnsFacts, HttpAnswer, Reason
from tests.support.evidence_bundle import bundled, document, http_check, make_answer
from tests.support.factories import NOW, make_certificate, make_failure, make_tls


def written(language: str = "sv", *, check: Any = None, **changes: Any) -> str:
    seen = [make_failure(at=NOW - 60 + 5 * place, **changes) for place in range(3)]
    return mail(document(seen, check=http_check() if check is None else check), language)


def test_a_refused_connection_in_swedish() -> None:
    """From the fault to the measurement, in words that the service desk uses."""
    text = written(resolved=("192.0.2.10", "192.0.2.11"))
    for line in (
        "Underlag för felanmälan",
        "Tjänst: Receptexpedition (EXPO) (ext5/expo)",
        "Testmiljö: EXT5 (ext5)",
        "Ändring: störning -> inte tillgänglig",
        "Tidpunkt: 2026-11-23 14:01:21.120+01:00",
        "Orsak: anslutningen nekades (connect_refused)",
        "Ansvar: Felet bedöms ligga hos tjänsten.",
        "  Namnet gav: 192.0.2.10, 192.0.2.11",
        "  Ansluten till: 192.0.2.10",
        "  Tider: namnuppslagning 0,4 ms, anslutning 1,2 ms, totalt 1,8 ms",
        "  GET https://expo.ext5.example.se/fhir?key=...",
        "  Inget svar.",
        "  Regel: röd när 3 mätningar i rad misslyckas: 3 i rad, 3 av 3 misslyckade (red_after)",
        "  Kontroll: ext5/expo/api (http)",
    ):
        assert line in text.splitlines()


def test_the_same_in_english() -> None:
    """Nothing Swedish is left but what the operator wrote."""
    text = written("en")
    for line in (
        "Evidence for a fault report",
        "Service: Dispensing (EXPO) (ext5/expo)",
        "Change: disturbance -> not available",
        "  Times: name resolution 0.4 ms, connect 1.2 ms, in all 1.8 ms",
        "  No answer.",
    ):
        assert line in text.splitlines()
    assert not set("åäöÅÄÖ") & set(text)


def test_an_answer_with_its_headers_and_body() -> None:
    """The status line, each header, the body's lines marked so that no mail program touches them."""
    answer = make_answer(body_start=b"From here\n> quoted\n\n   indented\n-- \n", body_cut=True)
    text = written(answer=answer)
    at = text.splitlines().index("Svar")
    assert text.splitlines()[at + 1 : at + 12] == [
        "  HTTP/1.1 500 Internal Server Error",
        "  Content-Type: text/plain",
        "",
        "Början av innehållet",
        "  | From here",
        "  | > quoted",
        "  |",
        "  |    indented",
        "  | --",
        "  | ...",
        "  (innehållet fortsätter)",
    ]


def test_certificates_and_name_servers() -> None:
    """Dates in the operator's time zone; one that never ends is told as it is."""
    leaf = make_certificate(not_after=4e12, names=("a.example.se",) * 30)
    text = written(
        reason=Reason.TLS_EXPIRED,
        tls=make_tls(chain=(leaf,), verified=False, client=make_certificate(subject="CN=own")),
        dns=DnsFacts(rcode="NXDOMAIN", answers=("192.0.2.1",)),
    )
    assert "  Certifikat 1: CN=expo.ext5.example.se,O=Example" in text
    assert "    Giltigt: 2026-10-24 15:02:11.120+02:00 - 9999-12-31T23:59:59.999Z" in text
    assert "(fler utelämnade)" in text
    assert "  Vårt klientcertifikat: CN=own" in text
    assert "  NXDOMAIN\n  192.0.2.1\n" in text


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(
    "answer",
    [
        make_answer(body_start=b"x" * 2000, head=((b"X", b"y" * 3000),)),
        make_answer(body_start=b"\t> \r\nFrom \x1b[2J" * 20, phrase="\u202eodd"),
        make_answer(body_start=bytes(range(256)) * 8),
    ],
    ids=["long", "odd", "data"],
)
def test_no_mail_program_mangles_it(answer: HttpAnswer, language: str) -> None:
    """100 columns, printable, no tab, no space at an end, no line that means something to mail."""
    lines = written(language, answer=answer).splitlines()
    for line in lines:
        assert len(line) <= 100
        assert line.isprintable()
        assert line == line.rstrip()
        assert not line.startswith((">", "From ", "--"))


def test_every_rule_that_makes_a_colour_has_words() -> None:
    """A rule without words would be shown by its name alone."""
    assert set(RULES) == {Rule.RED_AFTER, Rule.YELLOW_AFTER, Rule.DEGRADED_AFTER, Rule.WINDOW}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"transition": {}}', b"[" * 100_000, b"\xff"], ids=str
)
def test_what_is_no_bundle_is_refused(body: bytes) -> None:
    """With a sentence, not a traceback."""
    with pytest.raises(NotEvidenceError):
        read_bundle(body)


def test_a_bundle_that_lacks_something_is_refused() -> None:
    """Whatever key is taken away."""
    whole = json.loads(bundled([make_failure()]))
    needed = set(whole) - {"schema_version", "made_at", "left_out", "id"}
    for key in needed:
        with pytest.raises(NotEvidenceError):
            mail({k: v for k, v in whole.items() if k != key}, "sv")
