"""What a usable configuration is still asked about: issue 3, point 4."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.configuration.loader import load
from monitor.settings.lint import is_own
from tests.unit.settings.conftest import Write

ROOT = Path(__file__).parents[3]
AdviceOf = Callable[..., list[str]]


@pytest.fixture
def advice_of(write: Write, tmp_path: Path) -> AdviceOf:
    """Every piece of advice on a configuration of these checks, the folder left out."""

    def advice_of(*checks: str, environment: str = "", top: str = "", **environ: str) -> list[str]:
        lines = "".join(f"          - {check}\n" for check in checks)
        text = (
            f"{top}\nenvironments:\n  - name: ext5\n    {environment}\n    services:\n"
            f"      - name: expo\n        checks:\n{lines}"
        )
        loaded = load(write(text), environ)
        assert loaded.warnings == ()
        return [str(one).replace(f"{tmp_path}/", "") for one in loaded.advice]

    return advice_of


def http(url: str = "https://127.0.0.1/", more: str = "") -> str:
    return f"{{name: api, kind: http, url: '{url}'{more}}}"


def tcp(name: str, more: str = "", host: str = "expo.example.se") -> str:
    return f"{{name: {name}, kind: tcp, host: '{host}', port: 443{more}}}"


CHECK = "environments[0].services[0].checks[0]"
PING = (
    "$ping must not be used for monitoring: it loads the service and says little of it;"
    " ask for something that its owner allows"
)
IN_FILE = "a secret stands in the file: "
OFTEN = "agree with its owner, or set interval or min_interval to 1m or more"


@pytest.mark.parametrize("path", ["/fhir/$ping", "/fhir/$ping/", "/fhir/%24ping", "/$ping?x=1"])
def test_ping_is_forbidden(advice_of: AdviceOf, path: str) -> None:
    """Wherever it stands in the path, and also at home."""
    assert advice_of(http(f"https://127.0.0.1{path}")) == [
        f"driftvakt.yaml:8:42: {CHECK}.url: {PING}"
    ]


def test_ping_is_forbidden_for_canaries_too(advice_of: AdviceOf) -> None:
    top = "canary: [{kind: http, url: 'https://127.0.0.1/$ping'}]"
    [said] = advice_of(http(), top=top)
    assert "canary[0].url: $ping" in said


def test_ping_in_a_query_is_something_else(advice_of: AdviceOf) -> None:
    assert advice_of(http("https://127.0.0.1/fhir?op=$ping")) == []


def test_a_host_that_is_not_our_own_is_not_asked_often(advice_of: AdviceOf) -> None:
    """One piece of advice a host, at its busiest check, with the sum of all."""
    said = advice_of(tcp("slow", ", interval: 5m"), tcp("port"), tcp("quick", ", interval: 20s"))
    place = "driftvakt.yaml:10:13: environments[0].services[0].checks[2]"
    often = "is asked every 20 s, every 5 s while unsettled; its 3 checks make 5.2 probes a minute"
    assert said == [f"{place}: expo.example.se is not our own and {often}: {OFTEN}"]


def test_a_promise_is_taken_into_account(advice_of: AdviceOf) -> None:
    """It bounds retries, and the sum; one of a minute is as good as an interval of one."""
    [said] = advice_of(tcp("a"), tcp("b"), environment="min_interval: 20s")
    assert "asked every 30 s, every 20 s while unsettled; its 2 checks make 3.0 probes" in said
    assert advice_of(tcp("a"), tcp("b"), environment="min_interval: 1m") == []


def test_once_a_minute_is_polite(advice_of: AdviceOf) -> None:
    assert advice_of(tcp("port", ", interval: 1m")) == []
    assert len(advice_of(tcp("port", ", interval: 59s"))) == 1


def test_hosts_of_our_own_are_our_own_matter(advice_of: AdviceOf) -> None:
    """By their name, or by the address that the check is pinned to; the system's resolver too."""
    for check in (
        tcp("port", host="10.1.2.3"),
        tcp("port", ", address: 127.0.0.1"),
        "{name: name, kind: dns, host: expo.example.se}",
    ):
        assert advice_of(check) == []
    [said] = advice_of("{name: n, kind: dns, host: expo.example.se, resolver: 192.0.2.53}")
    assert "192.0.2.53 is not our own" in said


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("api.localhost", True),
        ("127.8.0.1", True),
        ("172.31.255.255", True),
        ("192.168.0.1", True),
        ("::1", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("172.32.0.1", False),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
        ("localhost.example.se", False),
        ("10.example.se", False),
    ],
)
def test_what_is_our_own(host: str, own: bool) -> None:
    assert is_own(host) is own


def test_certificates_that_are_not_verified(advice_of: AdviceOf) -> None:
    [said] = advice_of(http(more=", tls: {insecure_skip_verify: true}"))
    assert f"{CHECK}.tls.insecure_skip_verify: no certificate is verified" in said
    assert advice_of(http(more=", tls: {insecure_skip_verify: false}")) == []


def test_an_anchor_is_told_of_once(advice_of: AdviceOf) -> None:
    top = "x-tls: &tls {insecure_skip_verify: true}"
    twice = (http(more=", tls: *tls"), http(more=", tls: *tls").replace("api", "other"))
    assert len(advice_of(*twice, top=top)) == 1


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            "basic_auth: {username: u, password: hemligt}",
            "basic_auth.password: " + IN_FILE + "use password_file, or ${NAME}",
        ),
        (
            "headers: {Authorization: Bearer hemligt}",
            "headers.Authorization: "
            + IN_FILE
            + "take it from the environment as ${NAME}, or use bearer_token_file",
        ),
        (
            "headers: {X-Api-Key: hemligt}",
            "headers.X-Api-Key: "
            + IN_FILE
            + "take it from the environment as ${NAME}, or use bearer_token_file",
        ),
    ],
)
def test_secrets_in_the_file(advice_of: AdviceOf, more: str, expected: str) -> None:
    """They are told of, and not shown."""
    [said] = advice_of(http(more=f", {more}"))
    assert said.endswith(f": {CHECK}.{expected}")
    assert "hemligt" not in said


def test_a_password_in_an_address(advice_of: AdviceOf) -> None:
    [said] = advice_of(http(), top="store: postgresql://driftvakt:hemligt@db.example.se/driftvakt")
    assert said == f"driftvakt.yaml:1:8: store: {IN_FILE}take it from the environment as ${{NAME}}"


def test_secrets_from_the_environment_or_a_file_are_well_kept(
    advice_of: AdviceOf, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("hemligt")
    for more in (
        "headers: {Authorization: 'Bearer ${TOKEN}', Accept: text/xml}",
        "basic_auth: {username: u, password: '${TOKEN}'}",
        "bearer_token_file: token",
    ):
        assert advice_of(http(more=f", {more}"), TOKEN="hemligt") == []


def test_credentials_in_the_clear(advice_of: AdviceOf, tmp_path: Path) -> None:
    """Not on loopback, where nobody is on the way."""
    (tmp_path / "token").write_text("hemligt")
    with_token = ", bearer_token_file: token"
    [said] = advice_of(http("http://10.0.0.1/", with_token))
    assert said.endswith(
        f"{CHECK}.url: credentials are sent over http://, in the clear: use https://"
    )
    assert (
        len(advice_of(http("http://10.0.0.1/", ", headers: {Cookie: '${TOKEN}'}"), TOKEN="x")) == 1
    )
    assert advice_of(http("http://127.0.0.1/", with_token)) == []
    assert advice_of(http("http://10.0.0.1/")) == []


def test_a_folder_tells_the_file(write: Write, tmp_path: Path) -> None:
    """An environment that is spread over files: each check has the place where it stands."""
    for name in ("one", "two"):
        write(
            f"""
environments:
  - name: ext5
    services:
      - name: {name}
        checks: [{tcp("port", host=f"{name}.example.se")}]
""",
            f"conf/{name}.yaml",
        )
    said = [str(one) for one in load(tmp_path / "conf", {}).advice]
    assert [one.replace(f"{tmp_path}/", "").partition(" is ")[0] for one in said] == [
        "conf/one.yaml:6:18: environments[0].services[0].checks[0]: one.example.se",
        "conf/two.yaml:6:18: environments[0].services[1].checks[0]: two.example.se",
    ]


def test_the_example_is_polite() -> None:
    assert load(ROOT / "config" / "driftvakt.yaml", {}).advice == ()
