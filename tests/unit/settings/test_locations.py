"""The places that checks are measured from: declared once, inherited, and each check's own."""

from __future__ import annotations

from tests.unit.settings.conftest import FaultsOf, LoadText

TOP = """
locations:
  - {name: sjunet, title: {sv: Sjunet, en: Sjunet}, weight: 2, critical: true}
  - {name: internet}
"""
CHECKS = """
environments:
  - name: ext5
    services:
      - name: expo
        checks:
          - {name: both, kind: tcp, host: a.example.se, port: 443}
          - {name: near, kind: tcp, host: a.example.se, port: 443, locations: [internet]}
          - {name: far, kind: tcp, host: a.example.se, port: 443, location: sjunet}
  - name: ext6
    locations: [sjunet]
    services:
      - name: nll
        checks:
          - {name: far, kind: tcp, host: a.example.se, port: 443}
      - name: near
        locations: [internet, sjunet]
        checks:
          - {name: both, kind: tcp, host: a.example.se, port: 443}
"""


def test_a_check_is_measured_from_all_declared_places_where_nobody_says_otherwise(
    load_text: LoadText,
) -> None:
    """The nearest word wins: the check's own, its service's, its environment's."""
    estate = load_text(TOP + CHECKS)
    places = {one.id: [place.name for place in one.locations] for one in estate.checks()}
    assert places == {
        "ext5/expo/both": ["sjunet", "internet"],
        "ext5/expo/near": ["internet"],
        "ext5/expo/far": ["sjunet"],
        "ext6/nll/far": ["sjunet"],
        "ext6/near/both": ["sjunet", "internet"],
    }


def test_defaults_say_where_checks_are_measured_from(load_text: LoadText) -> None:
    """``defaults.locations`` holds where nothing nearer is said."""
    estate = load_text(TOP + "defaults: {locations: [internet]}" + CHECKS)
    assert [one.name for one in next(estate.checks()).locations] == ["internet"]


def test_a_place_has_a_title_a_weight_and_may_be_critical(load_text: LoadText) -> None:
    """Without them it is called by its name, weighs 1 and is not."""
    sjunet, internet = load_text(TOP + CHECKS).locations
    assert (sjunet.title.sv, sjunet.weight, sjunet.critical) == ("Sjunet", 2.0, True)
    assert (internet.title.en, internet.weight, internet.critical) == ("internet", 1.0, False)


def test_what_is_measured_from_elsewhere_alone_is_not_probed_here(load_text: LoadText) -> None:
    """The check keeps the label of where it is measured from."""
    estate = load_text(TOP + CHECKS)
    assert [one.id for one in estate.probed()] == [
        "ext5/expo/both",
        "ext5/expo/near",
        "ext6/near/both",
    ]
    labels = {str(one.id): one.location for one in estate.checks()}
    assert (labels["ext5/expo/both"], labels["ext6/nll/far"]) == ("internet", "sjunet")


def test_without_declared_places_a_check_s_location_is_a_label(load_text: LoadText) -> None:
    """Every check is probed here, whatever it is called."""
    estate = load_text(CHECKS.replace(", locations: [internet]", "").split("  - name: ext6")[0])
    assert [(one.location, one.locations) for one in estate.probed()] == [
        ("internet", ()),
        ("internet", ()),
        ("sjunet", ()),
    ]


def test_our_own_place_may_be_named_without_any_declared(
    load_text: LoadText, faults_of: FaultsOf
) -> None:
    """Another one may not: nobody measures from there."""
    own = CHECKS.split("  - name: ext6")[0].replace(", location: sjunet", "")
    assert [one.locations for one in load_text(own).checks()] == [(), (), ()]
    faults = faults_of(own.replace("[internet]", "[sjunet]"))
    assert len(faults) == 1
    assert "'sjunet' is no location of this file - allowed: internet" in faults[0]


def test_a_location_that_is_left_out_must_be_declared_too(faults_of: FaultsOf) -> None:
    """The default counts like any other; the fault stands where the places are declared."""
    faults = faults_of(TOP.replace("name: internet", "name: abroad") + CHECKS.split("  - name")[0])
    assert "location: internet is not among the locations of this file" in faults[0]
    assert ":2:1:" in faults[0]


def test_the_environment_says_where_a_process_stands(
    load_text: LoadText, faults_of: FaultsOf
) -> None:
    """It goes before what is written, so that several processes can share a configuration; what it
    says is held to the locations, and is no secret.
    """
    estate = load_text("location: internet" + TOP + CHECKS, DRIFTVAKT_LOCATION="sjunet")
    assert estate.location == "sjunet"
    assert [one.id for one in estate.probed()][:1] == ["ext5/expo/both"]
    assert estate.variables == frozenset()
    assert load_text(TOP + CHECKS, DRIFTVAKT_LOCATION="").location == "internet"
    faults = faults_of("location: internet" + TOP + CHECKS, DRIFTVAKT_LOCATION="mars")
    assert len(faults) == 1
    assert ":1:11: location: ${DRIFTVAKT_LOCATION} is not among the locations" in faults[0]


def test_a_place_that_comes_from_the_environment_is_no_secret(load_text: LoadText) -> None:
    """Names and titles of places stand on the page."""
    text = TOP.replace("sv: Sjunet", 'sv: "${TITLE}"') + CHECKS
    assert load_text(text, TITLE="Sjunet i norr").variables == frozenset()
