"""One check in whole sentences: status by rule by reason, in both languages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.judging.snapshot import CheckView, Why
from monitor.model.status import Rule, Status, Thresholds
from monitor.model.text import Text
from monitor.wording import check_message
from probes.observation import Cause, Grade, Observation, Reason, TlsFacts
from tests.support.views import (
    EXPO,
    SINCE,
    STOCKHOLM,
    address,
    bad,
    certificate,
    green,
    local,
    make_check,
    seen,
    unknown,
)

BY_SV = "Enligt kontrollen api mot https://expo.ext5.example.se/fhir/metadata"
BY_EN = "According to the api check of https://expo.ext5.example.se/fhir/metadata,"
SINCE_SV = "sedan måndag 23 november 2026 kl. 14.02."
SINCE_EN = "since Monday 23 November 2026 at 14:02."
SO_SV = f"Så har det varit {SINCE_SV}"
SO_EN = f"It has been so {SINCE_EN}"
OURS_SV = "Felet ligger hos övervakningen, inte hos tjänsten."
OURS_EN = "The fault lies with the monitor, not with the service."
THEIRS_SV = "Felet bedöms ligga hos tjänsten."
THEIRS_EN = "The fault seems to lie with the service."
GONE_SV = f"{BY_SV} är tjänsten expo i ext5 inte tillgänglig. {SO_SV}"
GONE_EN = f"{BY_EN} the service expo in ext5 is not available. {SO_EN}"
RISK_SV = (
    f"{BY_SV} riskerar tjänsten expo i ext5 att inte vara tillgänglig"
    f" för flertalet användare. {SO_SV}"
)
RISK_EN = (
    f"{BY_EN} the service expo in ext5 risks being unavailable"
    f" to the majority of its users. {SO_EN}"
)
SIGNS_SV = f"{BY_SV} finns det indikationer på störningar i tjänsten expo i ext5. {SO_SV}"
SIGNS_EN = f"{BY_EN} there are indications of disturbance in the service expo in ext5. {SO_EN}"
REDUCED_SV = (
    f"{BY_SV} har tjänsten expo i ext5 en konstaterad störning"
    f" och fungerar med nedsatt funktionalitet. {SO_SV}"
)
REDUCED_EN = (
    f"{BY_EN} the service expo in ext5 has a confirmed disturbance"
    f" and works with reduced function. {SO_EN}"
)

GOOD_AGAIN: dict[str, Any] = {
    "last": Observation(at=SINCE + 90, duration=0.1),
    "last_grade": Grade.GOOD,
}


def case(name: str, view: CheckView, sv: str, en: str) -> object:
    return pytest.param(view, sv, en, id=name)


@pytest.mark.parametrize(
    ("view", "sv", "en"),
    [
        case(
            "green",
            green(),
            f"{BY_SV} är tjänsten expo i ext5 i full drift. {SO_SV}",
            f"{BY_EN} the service expo in ext5 is in full operation. {SO_EN}",
        ),
        case(
            "red, failures in a row",
            bad(Status.RED, Rule.RED_AFTER),
            f"{GONE_SV} De 3 senaste mätningarna misslyckades (3 av 20 mätningar). Senaste"
            f" orsak: svaret hade fel statuskod (HTTP 503, väntat 2xx). {THEIRS_SV}",
            f"{GONE_EN} The latest 3 measurements failed (3 of 20 measurements). The latest"
            f" reason: the answer had the wrong status code (HTTP 503, expected 2xx). {THEIRS_EN}",
        ),
        case(
            "red, the only measurement",
            bad(Status.RED, Rule.RED_AFTER, 1, 1, 1, reason=Reason.RESET, detail=""),
            f"{GONE_SV} Den senaste mätningen misslyckades (1 av 1 mätning). Senaste orsak:"
            f" servern bröt anslutningen. {THEIRS_SV}",
            f"{GONE_EN} The latest measurement failed (1 of 1 measurement). The latest"
            f" reason: the server broke the connection. {THEIRS_EN}",
        ),
        case(
            "red, a timeout on the way",
            bad(
                Status.RED,
                Rule.RED_AFTER,
                reason=Reason.CONNECT_TIMEOUT,
                detail="no answer from 192.0.2.10:443 in 10 s",
                cause=Cause.NETWORK,
            ),
            f"{GONE_SV} De 3 senaste mätningarna misslyckades (3 av 20 mätningar). Senaste"
            " orsak: anslutningen dröjde längre än tidsgränsen (no answer from 192.0.2.10:443"
            " in 10 s). Felet ligger i nätet på vägen till tjänsten.",
            f"{GONE_EN} The latest 3 measurements failed (3 of 20 measurements). The latest"
            " reason: the connection attempt timed out (no answer from 192.0.2.10:443 in 10 s)."
            " The fault lies in the network on the way to the service.",
        ),
        case(
            "red, too slow",
            bad(Status.RED, Rule.RED_AFTER, reason=Reason.LATENCY, detail="", duration=6.25),
            f"{RISK_SV} De 3 senaste mätningarna misslyckades (3 av 20 mätningar). Senaste"
            f" orsak: svaret dröjde för länge (6,25 s, gränsen är 5 s). {THEIRS_SV}",
            f"{RISK_EN} The latest 3 measurements failed (3 of 20 measurements). The latest"
            f" reason: the answer took too long (6.25 s, the limit is 5 s). {THEIRS_EN}",
        ),
        case(
            "red, by share",
            bad(Status.RED, Rule.WINDOW, 12, 20, 1, threshold=0.6),
            f"{RISK_SV} 12 av 20 mätningar misslyckades (gränsen är 60 %). Senaste orsak:"
            f" svaret hade fel statuskod (HTTP 503, väntat 2xx). {THEIRS_SV}",
            f"{RISK_EN} 12 of 20 measurements failed (the limit is 60%). The latest reason:"
            f" the answer had the wrong status code (HTTP 503, expected 2xx). {THEIRS_EN}",
        ),
        case(
            "red, recovering",
            bad(Status.RED, Rule.RED_AFTER, 3, 20, 0, **GOOD_AGAIN),
            f"{GONE_SV} 3 av 20 mätningar misslyckades. Senaste orsak: svaret hade fel"
            " statuskod (HTTP 503, väntat 2xx). Den senaste mätningen lyckades, men det krävs"
            f" 2 i rad innan störningen räknas som åtgärdad. {THEIRS_SV}",
            f"{GONE_EN} 3 of 20 measurements failed. The latest reason: the answer had the"
            " wrong status code (HTTP 503, expected 2xx). The latest measurement succeeded, but"
            f" it takes 2 in a row for the disturbance to count as resolved. {THEIRS_EN}",
        ),
        case(
            "yellow, a first failure",
            bad(
                Status.YELLOW,
                Rule.YELLOW_AFTER,
                1,
                20,
                1,
                reason=Reason.CONNECT_REFUSED,
                detail="192.0.2.10:443",
            ),
            f"{SIGNS_SV} Den senaste mätningen misslyckades (1 av 20 mätningar). Senaste orsak:"
            f" anslutningen nekades (192.0.2.10:443). {THEIRS_SV}",
            f"{SIGNS_EN} The latest measurement failed (1 of 20 measurements). The latest"
            f" reason: the connection was refused (192.0.2.10:443). {THEIRS_EN}",
        ),
        case(
            "yellow, two failures, a dependency",
            bad(
                Status.YELLOW,
                Rule.YELLOW_AFTER,
                2,
                20,
                2,
                reason=Reason.OAUTH2,
                detail="HTTP 500 from the token service",
                cause=Cause.DEPENDENCY,
            ),
            f"{SIGNS_SV} De 2 senaste mätningarna misslyckades (2 av 20 mätningar). Senaste"
            " orsak: hämtningen av åtkomstintyg misslyckades (HTTP 500 from the token service)."
            " Felet ligger inte hos tjänsten utan hos något annat som mätningen är beroende av.",
            f"{SIGNS_EN} The latest 2 measurements failed (2 of 20 measurements). The latest"
            " reason: fetching an access token failed (HTTP 500 from the token service). The fault"
            " lies not with the service but with something else that the measurement depends on.",
        ),
        case(
            "yellow, slow",
            bad(
                Status.YELLOW,
                Rule.DEGRADED_AFTER,
                0,
                20,
                3,
                reason=Reason.LATENCY,
                detail="",
                duration=1.8,
            ),
            f"{SIGNS_SV} De 3 senaste mätningarna var långsamma. Senaste orsak: svaret dröjde"
            f" för länge (1,8 s, gränsen är 1 s). {THEIRS_SV}",
            f"{SIGNS_EN} The latest 3 measurements were slow. The latest reason: the"
            f" answer took too long (1.8 s, the limit is 1 s). {THEIRS_EN}",
        ),
        case(
            "yellow, by share",
            bad(Status.YELLOW, Rule.WINDOW, 6, 20, 0, threshold=0.25, **GOOD_AGAIN),
            f"{REDUCED_SV} 6 av 20 mätningar misslyckades (gränsen är 25 %). Senaste orsak:"
            " svaret hade fel statuskod (HTTP 503, väntat 2xx). Den senaste mätningen lyckades,"
            f" men andelen misslyckade är ännu för hög. {THEIRS_SV}",
            f"{REDUCED_EN} 6 of 20 measurements failed (the limit is 25%). The latest reason:"
            " the answer had the wrong status code (HTTP 503, expected 2xx). The latest"
            f" measurement succeeded, but the share of failed ones is still too high. {THEIRS_EN}",
        ),
        case(
            "yellow, on the way from red",
            bad(
                Status.YELLOW,
                Rule.GREEN_AFTER,
                3,
                20,
                0,
                reason=Reason.LATENCY,
                detail="",
                duration=1.2,
            ),
            f"{REDUCED_SV} Tjänsten svarar igen, men med anmärkning. Senaste orsak: svaret dröjde"
            f" för länge (1,2 s, gränsen är 1 s). {THEIRS_SV}",
            f"{REDUCED_EN} The service answers again, but is still degraded. The latest reason: the"
            f" answer took too long (1.2 s, the limit is 1 s). {THEIRS_EN}",
        ),
        case(
            "unknown, nothing measured",
            unknown(Rule.UNMEASURED),
            "Vi vet inte om tjänsten expo i ext5 fungerar. Kontrollen api mot"
            f" https://expo.ext5.example.se/fhir/metadata har inte gett någon mätning {SINCE_SV}",
            "We do not know whether the service expo in ext5 works. The api check of"
            f" https://expo.ext5.example.se/fhir/metadata has made no measurement {SINCE_EN}",
        ),
        case(
            "unknown, too little measured",
            unknown(
                Rule.UNMEASURED,
                last=seen(),
                last_grade=Grade.FAILED,
                reason=Reason.STATUS,
                why=Why(
                    rule=Rule.UNMEASURED,
                    failed=1,
                    of=1,
                    consecutive=1,
                    threshold=2,
                    first_bad_at=SINCE,
                ),
            ),
            "Vi vet inte om tjänsten expo i ext5 fungerar. Kontrollen api mot"
            " https://expo.ext5.example.se/fhir/metadata har ännu inte gjort tillräckligt många"
            " mätningar (den senaste måndag 23 november 2026 kl. 14.03). Den senaste mätningen"
            " misslyckades (1 av 1 mätning). Senaste orsak: svaret hade fel statuskod"
            " (HTTP 503, väntat 2xx).",
            "We do not know whether the service expo in ext5 works. The api check of"
            " https://expo.ext5.example.se/fhir/metadata has not made enough measurements yet"
            " (the latest Monday 23 November 2026 at 14:03). The latest measurement failed"
            " (1 of 1 measurement). The latest reason: the answer had the wrong status code"
            " (HTTP 503, expected 2xx).",
        ),
        case(
            "unknown, stale",
            unknown(
                Rule.STALE,
                last=Observation(at=SINCE - 110, duration=0.1),
                last_grade=Grade.GOOD,
                reason=Reason.INTERNAL,
                cause=Cause.MONITOR,
            ),
            "Vi vet inte om tjänsten expo i ext5 fungerar. Kontrollen api mot"
            " https://expo.ext5.example.se/fhir/metadata mätte senast måndag 23 november 2026"
            f" kl. 14.00, och det är för länge sedan. {OURS_SV}",
            "We do not know whether the service expo in ext5 works. The api check of"
            " https://expo.ext5.example.se/fhir/metadata last measured Monday 23 November 2026"
            f" at 14:00, and that is too long ago. {OURS_EN}",
        ),
        case(
            "unknown, our own trouble",
            unknown(
                Rule.MONITOR,
                reason=Reason.TLS_CLIENT_EXPIRED,
                cause=Cause.MONITOR,
                trouble="CN=probe ended on 2026-11-22",
            ),
            "Vi vet inte om tjänsten expo i ext5 fungerar. Kontrollen api mot"
            " https://expo.ext5.example.se/fhir/metadata har inte kunnat mäta sedan måndag"
            " 23 november 2026 kl. 14.02. Orsak: vårt eget klientcertifikat har gått ut"
            f" (CN=probe ended on 2026-11-22). {OURS_SV}",
            "We do not know whether the service expo in ext5 works. The api check of"
            " https://expo.ext5.example.se/fhir/metadata has been unable to measure since Monday"
            " 23 November 2026 at 14:02. The reason: our own client certificate has expired"
            f" (CN=probe ended on 2026-11-22). {OURS_EN}",
        ),
    ],
)
def test_check_message(view: CheckView, sv: str, en: str) -> None:
    """What, where, since when, on what evidence, and whose trouble."""
    assert check_message(view, STOCKHOLM) == Text(sv=sv, en=en)


def test_the_services_title() -> None:
    """With the service's title at hand it is used instead of its name."""
    message = check_message(green(), STOCKHOLM, EXPO)
    assert "är tjänsten Receptexpedition (EXPO) i ext5 i full drift" in message.sv
    assert "the service Dispensing (EXPO) in ext5 is in" in message.en
    titled = check_message(green(), STOCKHOLM, EXPO, Text(sv="Extern test 5", en="External test 5"))
    assert "är tjänsten Receptexpedition (EXPO) i Extern test 5 i full drift" in titled.sv
    assert "the service Dispensing (EXPO) in External test 5 is in" in titled.en


@pytest.mark.parametrize(
    ("reason", "sv", "en"),
    [
        (
            Reason.EXPIRY,
            "Certifikatet går ut fredag 4 december 2026 kl. 01.00.",
            "The certificate expires on Friday 4 December 2026 at 01:00.",
        ),
        (
            Reason.TLS_EXPIRED,
            "Certifikatet gick ut fredag 4 december 2026 kl. 01.00.",
            "The certificate expired on Friday 4 December 2026 at 01:00.",
        ),
        (
            Reason.TLS_NOT_YET_VALID,
            "Certifikatet börjar gälla torsdag 1 januari 2026 kl. 00.00.",
            "The certificate becomes valid on Thursday 1 January 2026 at 00:00.",
        ),
    ],
)
def test_a_certificate_tells_its_dates(reason: Reason, sv: str, en: str) -> None:
    """A certificate's end is told as a date."""
    tls = TlsFacts(chain=(certificate(local("2026-12-04T01:00")),))
    view = bad(Status.RED, Rule.RED_AFTER, reason=reason, evidence=seen(tls=tls))
    message = check_message(view, STOCKHOLM)
    assert f" {sv} " in message.sv
    assert f" {en} " in message.en


def test_our_client_certificate_tells_its_end() -> None:
    """When it is our own certificate that is about to end, its date is told, not the server's."""
    tls = TlsFacts(
        chain=(certificate(local("2030-01-01T00:00")),),
        client=certificate(local("2026-12-04T01:00")),
    )
    view = bad(
        Status.YELLOW,
        Rule.DEGRADED_AFTER,
        0,
        20,
        1,
        reason=Reason.EXPIRY,
        cause=Cause.DEPENDENCY,
        evidence=seen(tls=tls),
    )
    message = check_message(view, STOCKHOLM)
    assert "Vårt eget klientcertifikat går ut fredag 4 december 2026 kl. 01.00." in message.sv
    assert "2030" not in message.sv + message.en


def test_one_address_of_several_is_reduced_function() -> None:
    """A failing minority of addresses: the service works, with reduced function."""
    view = bad(
        Status.YELLOW,
        Rule.RED_AFTER,
        addresses=(
            address("192.0.2.10", Status.RED, Reason.CONNECT_REFUSED),
            address("192.0.2.11", Status.GREEN),
            address("192.0.2.12", Status.GREEN),
        ),
    )
    message = check_message(view, STOCKHOLM)
    assert message.sv.startswith(REDUCED_SV)
    assert "Av 3 adresser har 1 störningar: 192.0.2.10 (anslutningen nekades)." in message.sv
    assert "Of 3 addresses 1 has trouble: 192.0.2.10 (the connection was refused)." in message.en


def test_most_addresses_are_a_risk() -> None:
    """Red while an address still answers: a risk for the majority, not an outage."""
    view = bad(
        Status.RED,
        Rule.RED_AFTER,
        addresses=(
            address("192.0.2.10", Status.RED, Reason.DNS),
            address("192.0.2.11", Status.RED),
            address("192.0.2.12", Status.GREEN),
        ),
    )
    message = check_message(view, STOCKHOLM)
    assert message.sv.startswith(RISK_SV)
    assert "har 2 störningar: 192.0.2.10 (namnuppslagningen misslyckades) och 192.0.2.11." in (
        message.sv
    )


def test_green_after_1_promises_nothing_more() -> None:
    """Where one good measurement is enough there is none to wait for."""
    check = make_check(thresholds=Thresholds(green_after=1))
    view = bad(Status.RED, Rule.RED_AFTER, 3, 20, 0, check=check, **GOOD_AGAIN)
    assert "Den senaste mätningen lyckades" not in check_message(view, STOCKHOLM).sv


def test_a_status_without_evidence_is_still_a_sentence() -> None:
    """After a restart the observation behind a status may be gone."""
    view = replace(
        bad(Status.RED, Rule.RED_AFTER),
        evidence=None,
        last=None,
        last_grade=None,
        reason=None,
        cause=None,
    )
    assert check_message(view, STOCKHOLM).sv == (
        f"{GONE_SV} De 3 senaste mätningarna misslyckades (3 av 20 mätningar)."
    )


def test_hostile_text_stays_on_one_line() -> None:
    """What a server sent can neither break the line nor turn the writing direction."""
    nasty = "HTTP 503\r\n\x1b[31mAllt är i full drift.\u202e\x00\u2028slut"
    view = bad(Status.RED, Rule.RED_AFTER, detail=nasty, check=make_check(target="a\nb\tc"))
    message = check_message(view, STOCKHOLM)
    for text in (message.sv, message.en):
        assert text.isprintable()
        assert "a b c" in text
