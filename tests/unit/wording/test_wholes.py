"""Services, environments and everything, in whole sentences."""

from __future__ import annotations

from dataclasses import replace

from monitor.model.status import Rule, Status
from monitor.model.text import Text
from monitor.wording import environment_message, overall_message, service_message
from probes.observation import Cause, Grade, Observation, Reason, TlsFacts
from tests.support.views import (
    SINCE,
    STOCKHOLM,
    bad,
    certificate,
    environment,
    green,
    local,
    make_check,
    seen,
    service,
    snapshot,
    unknown,
)

EXT5 = Text(sv="EXT5", en="EXT5")
NLL = Text(sv="Nationella läkemedelslistan", en="National medication list")
SINCE_SV = "sedan måndag 23 november 2026 kl. 14.02."
SINCE_EN = "since Monday 23 November 2026 at 14:02."
TODAY_SV, TODAY_EN = "sedan 14.02.", "since 14:02."
SHOWN_SV = (
    "Det visar kontrollen api mot https://expo.ext5.example.se/fhir/metadata, där de 3 senaste"
    " mätningarna misslyckades (3 av 20 mätningar). Senaste orsak: svaret hade fel statuskod"
    " (HTTP 503, väntat 2xx). Felet bedöms ligga hos tjänsten."
)
SHOWN_EN = (
    "This is shown by the api check of https://expo.ext5.example.se/fhir/metadata, where the"
    " latest 3 measurements failed (3 of 20 measurements). The latest reason: the answer had"
    " the wrong status code (HTTP 503, expected 2xx). The fault seems to lie with the service."
)

DOWN = bad(Status.RED, Rule.RED_AFTER)
SLOW = bad(
    Status.YELLOW,
    Rule.DEGRADED_AFTER,
    0,
    20,
    3,
    reason=Reason.LATENCY,
    detail="",
    duration=1.8,
)


class TestService:
    def test_green_is_short(self) -> None:
        """In full operation, and since when."""
        assert service_message(service(Status.GREEN, green()), STOCKHOLM, EXT5) == Text(
            sv=f"Tjänsten Receptexpedition (EXPO) i EXT5 är i full drift {SINCE_SV}",
            en=f"The service Dispensing (EXPO) in EXT5 has been in full operation {SINCE_EN}",
        )

    def test_red_is_not_available(self) -> None:
        """When all that is checked is gone, the service is not available."""
        assert service_message(service(Status.RED, DOWN), STOCKHOLM, EXT5) == Text(
            sv=f"Tjänsten Receptexpedition (EXPO) i EXT5 har inte varit tillgänglig {SINCE_SV} {SHOWN_SV}",
            en="The service Dispensing (EXPO) in EXT5 has not been available"
            f" {SINCE_EN} {SHOWN_EN}",
        )

    def test_a_certificate_near_its_end_is_no_disturbance(self) -> None:
        """The service works; the date and who saw it are all there is to say."""
        tls = TlsFacts(chain=(certificate(local("2026-12-11T01:00")),))
        ends = bad(
            Status.YELLOW,
            Rule.DEGRADED_AFTER,
            reason=Reason.EXPIRY,
            detail="the certificate ends in 17 days",
            evidence=seen(Grade.DEGRADED, Reason.EXPIRY, "ends", tls=tls),
        )
        view = service(Status.YELLOW, ends, green("port"))
        assert service_message(view, STOCKHOLM, EXT5, now=SINCE) == Text(
            sv="Tjänsten Receptexpedition (EXPO) i EXT5 fungerar, men certifikatet går ut"
            " 11 december 01.00. Det visar kontrollen api mot"
            " https://expo.ext5.example.se/fhir/metadata.",
            en="The service Dispensing (EXPO) in EXT5 works, but the certificate expires"
            " 11 December 01:00. This is shown by the api check of"
            " https://expo.ext5.example.se/fhir/metadata.",
        )
        failing = service(Status.YELLOW, ends, bad(Status.YELLOW, Rule.YELLOW_AFTER))
        assert "fungerar, men" not in service_message(failing, STOCKHOLM, EXT5).sv

    def test_red_by_majority_is_a_risk(self) -> None:
        """While some checks are green it *risks* being unavailable to the majority."""
        view = service(Status.RED, green("port"), DOWN)
        assert service_message(view, STOCKHOLM, EXT5) == Text(
            sv="Tjänsten Receptexpedition (EXPO) i EXT5 riskerar att inte vara tillgänglig för"
            f" flertalet användare {SINCE_SV} {SHOWN_SV}",
            en="The service Dispensing (EXPO) in EXT5 has been at risk of being unavailable to"
            f" the majority of its users {SINCE_EN} {SHOWN_EN}",
        )

    def test_a_critical_check_speaks_for_the_whole(self) -> None:
        """Not available when a critical check says so, whatever the others say."""
        critical = replace(DOWN, check=make_check(critical=True))
        view = service(Status.RED, green("port"), green("name"), critical)
        assert "har inte varit tillgänglig" in service_message(view, STOCKHOLM).sv

    def test_a_failing_minority_is_reduced_function(self) -> None:
        """Yellow by a red minority: a confirmed disturbance, reduced function."""
        view = service(Status.YELLOW, DOWN, green("port"), green("name"))
        assert service_message(view, STOCKHOLM, EXT5) == Text(
            sv="Tjänsten Receptexpedition (EXPO) i EXT5 har en konstaterad störning och fungerar"
            f" med nedsatt funktionalitet {SINCE_SV} {SHOWN_SV}",
            en="The service Dispensing (EXPO) in EXT5 has had a confirmed disturbance and worked"
            f" with reduced function {SINCE_EN} {SHOWN_EN}",
        )

    def test_slowness_is_an_indication(self) -> None:
        """Yellow by slowness: indications of disturbance."""
        assert service_message(service(Status.YELLOW, SLOW), STOCKHOLM, EXT5) == Text(
            sv="Det finns indikationer på störningar i tjänsten Receptexpedition (EXPO) i EXT5"
            f" {SINCE_SV} Det visar kontrollen api mot"
            " https://expo.ext5.example.se/fhir/metadata, där de 3 senaste mätningarna var"
            " långsamma. Senaste orsak: svaret dröjde för länge (1,8 s, gränsen är 1 s). Felet"
            " bedöms ligga hos tjänsten.",
            en="There have been indications of disturbance in the service Dispensing (EXPO) in"
            f" EXT5 {SINCE_EN} This is shown by the api check of"
            " https://expo.ext5.example.se/fhir/metadata, where the latest 3 measurements were"
            " slow. The latest reason: the answer took too long (1.8 s, the limit is 1 s)."
            " The fault seems to lie with the service.",
        )

    def test_the_worst_check_is_told_and_the_others_named(self) -> None:
        """The red one speaks; the yellow ones are named."""
        port = replace(SLOW, check=make_check("port"))
        name = replace(SLOW, check=make_check("name"))
        one = service_message(service(Status.RED, port, DOWN), STOCKHOLM)
        assert "Det visar kontrollen api mot" in one.sv
        assert one.sv.endswith(" Även kontrollen port visar störningar.")
        assert one.en.endswith(" The port check shows trouble too.")
        two = service_message(service(Status.RED, port, DOWN, name), STOCKHOLM)
        assert two.sv.endswith(" Även kontrollerna port och name visar störningar.")
        assert two.en.endswith(" The checks port and name show trouble too.")

    def test_a_long_list_is_cut(self) -> None:
        """Four names and a number."""
        others = [replace(SLOW, check=make_check(f"c{number}")) for number in range(7)]
        message = service_message(service(Status.RED, DOWN, *others), STOCKHOLM)
        assert message.sv.endswith(" Även kontrollerna c0, c1, c2, c3 och 3 till visar störningar.")
        assert message.en.endswith(" The checks c0, c1, c2, c3 and 3 more show trouble too.")

    def test_unknown_says_why(self) -> None:
        """We do not know, and why."""
        stale = unknown(
            Rule.STALE, last=Observation(at=SINCE - 120, duration=0.1), cause=Cause.MONITOR
        )
        view = service(Status.UNKNOWN, stale, unknown(Rule.UNMEASURED), green("port"))
        assert service_message(view, STOCKHOLM, EXT5) == Text(
            sv=f"Läget för tjänsten Receptexpedition (EXPO) i EXT5 är okänt {SINCE_SV} Kontrollen"
            " api mot https://expo.ext5.example.se/fhir/metadata mätte senast måndag 23 november"
            " 2026 kl. 14.00, och det är för länge sedan. Felet ligger hos övervakningen, inte"
            " hos tjänsten. Läget är okänt även för 1 annan kontroll.",
            en=f"The state of the service Dispensing (EXPO) in EXT5 has been unknown {SINCE_EN}"
            " The api check of https://expo.ext5.example.se/fhir/metadata last measured Monday"
            " 23 November 2026 at 14:00, and that is too long ago. The fault lies with the"
            " monitor, not with the service. Of the others, 1 check knows nothing either.",
        )

    def test_without_checks(self) -> None:
        """Of nothing, nothing is known."""
        message = service_message(service(Status.UNKNOWN), STOCKHOLM)
        assert message.sv.endswith(" Tjänsten har inga kontroller som mäter den.")

    def test_a_window_that_declares_more_than_is_measured(self) -> None:
        """A declared outage is told as such, beside what the measurements say."""
        view = service(
            Status.RED, green(), measured=Status.GREEN, declared=Status.RED, planned=True
        )
        assert service_message(view, STOCKHOLM, EXT5) == Text(
            sv="Planerat avbrott i tjänsten Receptexpedition (EXPO) i EXT5 enligt ett pågående"
            " servicefönster. Mätningarna visar att den är i full drift.",
            en="Planned outage of the service Dispensing (EXPO) in EXT5 by a service window under"
            " way. The measurements show it in full operation.",
        )
        view = replace(view, status=Status.YELLOW, declared=Status.YELLOW)
        assert service_message(view, STOCKHOLM, EXT5).sv.startswith(
            "Planerat arbete: störningar kan förekomma i tjänsten Receptexpedition (EXPO) i"
        )

    def test_what_a_window_explains_is_expected(self) -> None:
        """Planned trouble is told to be planned."""
        view = service(Status.YELLOW, SLOW, declared=Status.YELLOW, planned=True)
        message = service_message(view, STOCKHOLM)
        assert message.sv.startswith("Planerat arbete: störningar kan förekomma i tjänsten")
        assert message.en.startswith("Planned work: disturbances may occur in the service")
        assert "Mätningarna visar tecken på störningar. Det visar kontrollen api" in message.sv
        assert "Felet" not in message.sv


class TestEnvironment:
    def test_green_is_short(self) -> None:
        """In full operation, and since when."""
        view = environment(Status.GREEN, service(Status.GREEN, green()))
        assert environment_message(view, STOCKHOLM) == Text(
            sv=f"Testmiljön EXT5 är i full drift {SINCE_SV}",
            en=f"The test environment EXT5 has been in full operation {SINCE_EN}",
        )

    def test_red(self) -> None:
        """What is affected, and on what evidence."""
        view = environment(Status.RED, service(Status.RED, DOWN))
        assert environment_message(view, STOCKHOLM) == Text(
            sv=f"Testmiljön EXT5 har inte varit tillgänglig {SINCE_SV} {SHOWN_SV}",
            en=f"The test environment EXT5 has not been available {SINCE_EN} {SHOWN_EN}",
        )

    def test_red_with_some_services_left_is_a_risk(self) -> None:
        """Not all users: a risk for the majority."""
        view = environment(
            Status.RED,
            service(Status.RED, DOWN),
            service(Status.GREEN, green(), name="nll", title=NLL),
        )
        assert environment_message(view, STOCKHOLM).sv.startswith(
            f"Testmiljön EXT5 riskerar att inte vara tillgänglig för flertalet användare {SINCE_SV}"
        )

    def test_yellow_by_a_red_service_is_reduced_function(self) -> None:
        """The worst service speaks, and all that are affected are named."""
        view = environment(
            Status.YELLOW,
            service(Status.YELLOW, SLOW, name="nll", title=NLL),
            service(Status.RED, DOWN),
            service(Status.GREEN, green(), name="a"),
        )
        assert environment_message(view, STOCKHOLM) == Text(
            sv="Testmiljön EXT5 har en konstaterad störning och fungerar med nedsatt"
            f" funktionalitet {SINCE_SV} 2 av 3 tjänster är berörda: Receptexpedition (EXPO) och"
            f" Nationella läkemedelslistan. {SHOWN_SV}",
            en="The test environment EXT5 has had a confirmed disturbance and worked with reduced"
            f" function {SINCE_EN} 2 of 3 services are affected: Dispensing (EXPO) and National"
            f" medication list. {SHOWN_EN}",
        )

    def test_yellow_by_slowness_is_an_indication(self) -> None:
        """Indications of disturbance."""
        view = environment(Status.YELLOW, service(Status.YELLOW, SLOW))
        assert environment_message(view, STOCKHOLM).sv.startswith(
            f"Det finns indikationer på störningar i testmiljön EXT5 {SINCE_SV}"
        )

    def test_what_is_unknown_beside_trouble_is_said(self) -> None:
        """Trouble does not hide that something is unknown."""
        view = environment(
            Status.YELLOW,
            service(Status.YELLOW, SLOW),
            service(Status.UNKNOWN, unknown(Rule.UNMEASURED), name="nll", title=NLL),
        )
        message = environment_message(view, STOCKHOLM)
        assert message.sv.endswith(
            " Läget är okänt för 1 av 2 tjänster: Nationella läkemedelslistan."
        )
        assert message.en.endswith(" Of 2 services 1 is unknown: National medication list.")

    def test_unknown_says_why(self) -> None:
        """We do not know, what we do not know, and why."""
        view = environment(
            Status.UNKNOWN,
            service(Status.GREEN, green()),
            service(Status.UNKNOWN, unknown(Rule.UNMEASURED), name="nll", title=NLL),
        )
        assert environment_message(view, STOCKHOLM) == Text(
            sv=f"Läget för testmiljön EXT5 är okänt {SINCE_SV} Läget är okänt för 1 av"
            " 2 tjänster: Nationella läkemedelslistan. Kontrollen api mot"
            f" https://expo.ext5.example.se/fhir/metadata har inte gett någon mätning {SINCE_SV}",
            en=f"The state of the test environment EXT5 has been unknown {SINCE_EN} Of 2 services"
            " 1 is unknown: National medication list. The api check of"
            f" https://expo.ext5.example.se/fhir/metadata has made no measurement {SINCE_EN}",
        )

    def test_without_services(self) -> None:
        """Of nothing, nothing is known."""
        message = environment_message(environment(Status.UNKNOWN), STOCKHOLM)
        assert message.sv.endswith(" Inga tjänster övervakas där.")


class TestOverall:
    FINE = environment(Status.GREEN, service(Status.GREEN, green()), name="ext6", title="EXT6")
    RED = environment(Status.RED, service(Status.RED, DOWN))
    BLIND = environment(Status.UNKNOWN, name="ext7", title="EXT7")

    def test_all_green(self) -> None:
        """One sentence for all."""
        assert overall_message(snapshot(Status.GREEN, self.FINE, self.FINE)) == Text(
            sv=f"Samtliga 2 testmiljöer är i full drift {TODAY_SV}",
            en=f"All 2 test environments have been in full operation {TODAY_EN}",
        )

    def test_the_worst_first(self) -> None:
        """A sentence for each that is not in full operation, and one for the rest."""
        assert overall_message(snapshot(Status.RED, self.FINE, self.BLIND, self.RED)) == Text(
            sv=f"Testmiljön EXT5 har inte varit tillgänglig {TODAY_SV} Läget för testmiljön EXT7 är"
            f" okänt {TODAY_SV} Den andra testmiljön är i full drift.",
            en=f"The test environment EXT5 has not been available {TODAY_EN} The state of the test"
            f" environment EXT7 has been unknown {TODAY_EN} The other test environment is in"
            " full operation.",
        )

    def test_many(self) -> None:
        """Four are told, the others counted."""
        message = overall_message(snapshot(Status.RED, *[self.RED] * 6, self.FINE, self.FINE))
        assert message.sv.count("Testmiljön EXT5 har inte varit tillgänglig") == 4
        assert message.sv.endswith(
            " Ytterligare 2 testmiljöer är inte i full drift. Övriga 2 testmiljöer är i full drift."
        )
        assert message.en.endswith(
            " Another 2 test environments are not in full operation."
            " The 2 other test environments are in full operation."
        )

    def test_a_single_environment_tells_all(self) -> None:
        """With one environment its own message is the whole."""
        assert overall_message(snapshot(Status.RED, self.RED)) == environment_message(
            self.RED, STOCKHOLM, now=SINCE
        )

    def test_none(self) -> None:
        """Nothing configured."""
        assert overall_message(snapshot(Status.UNKNOWN)) == Text(
            sv="Inga testmiljöer övervakas.", en="No test environments are monitored."
        )
