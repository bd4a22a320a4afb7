"""Loading a file: the example, what sections become, paths, and files that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from monitor.configuration.loader import ConfigurationError, load
from monitor.model.estate import Estate
from monitor.model.text import Text
from probes.http.settings import HttpSettings

Write = Callable[..., Path]
LoadText = Callable[..., Estate]
FaultsOf = Callable[..., list[str]]

ROOT = Path(__file__).parents[3]
SERVICE = """
environments:
  - name: ext5
    services:
      - name: expo
        checks: [{name: port, kind: tcp, host: expo.ext5.example.se, port: 443}]
"""


def test_the_example_loads_without_a_variable_and_without_a_warning() -> None:
    loaded = load(ROOT / "config" / "driftvakt.yaml", {})
    assert loaded.warnings == ()
    assert [one.name for one in loaded.estate.environments] == ["ext5", "ext6"]
    assert {"expo", "nll", "vara", "nef"} == {one.name for one in loaded.estate.services()}
    assert {"http", "certificate", "tcp", "dns"} == {one.kind for one in loaded.estate.checks()}


def test_a_minimal_file_gets_the_contract_s_defaults(load_text: LoadText) -> None:
    estate = load_text(SERVICE)
    assert (estate.language, estate.timezone.key) == ("sv", "Europe/Stockholm")
    assert (estate.location, estate.max_in_flight) == ("internet", 500)
    assert (estate.listen_host, estate.listen_port) == ("127.0.0.1", 9815)
    assert estate.user_agent.startswith("driftvakt/")
    assert "{" not in estate.user_agent
    assert estate.data_dir == Path("data")
    assert estate.environments[0].title == Text(sv="EXT5", en="EXT5")
    service = estate.environments[0].services[0]
    assert (service.title, service.help) == (Text(sv="expo", en="expo"), None)
    check = service.checks[0]
    assert (check.id, check.service_id) == ("ext5/expo/port", "ext5/expo")
    assert (check.target, check.host, check.port) == (
        "expo.ext5.example.se:443",
        "expo.ext5.example.se",
        443,
    )


def test_a_text_in_one_language_stands_for_both(load_text: LoadText) -> None:
    text = SERVICE.replace("name: expo\n", "name: expo\n        title: {sv: Recept}\n")
    assert load_text(text).environments[0].services[0].title == Text(sv="Recept", en="Recept")


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("'[::1]:9815'", "::1", 9815),
        ("localhost:80", "localhost", 80),
        ("0.0.0.0:65535", "0.0.0.0", 65535),
    ],
)
def test_where_to_listen(load_text: LoadText, listen: str, host: str, port: int) -> None:
    estate = load_text(f"listen: {listen}\n{SERVICE}")
    assert (estate.listen_host, estate.listen_port) == (host, port)


@pytest.mark.parametrize(
    "listen", ["'[127.0.0.1:1'", "'::1:9815'", "'[nohost]:1'", "a b:1", "a:-1"]
)
def test_where_not_to_listen(faults_of: FaultsOf, listen: str) -> None:
    assert "is not an address to listen on" in faults_of(f"listen: {listen}\n{SERVICE}")[0]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("https://drift.example.se", "https://drift.example.se/"),
        ("https://drift.example.se/", "https://drift.example.se/"),
        ("HTTPS://Drift.Example.SE:443/status", "https://drift.example.se/status/"),
        ("http://[2001:db8::1]:8080/a/b/", "http://[2001:db8::1]:8080/a/b/"),
    ],
)
def test_where_readers_find_the_page(load_text: LoadText, said: str, kept: str) -> None:
    """In its one form, with the slash that links go on from."""
    assert load_text(f"public_url: '{said}'\n{SERVICE}").public_url == kept


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("drift.example.se", "is not an http:// or https:// address"),
        ("https:///status", "names no host"),
        ("https://vakt:hemlig@drift.example.se/", "holds a user name or password"),
        ("https://drift.example.se/?lang=sv", "has a query or a fragment"),
        ("https://drift.example.se/#top", "has a query or a fragment"),
    ],
)
def test_where_they_cannot_find_it(faults_of: FaultsOf, said: str, fault: str) -> None:
    """What no path can follow, or nobody may know, is refused; a password is not repeated."""
    [told] = faults_of(f"public_url: '{said}'\n{SERVICE}")
    assert fault in told
    assert "hemlig" not in told


@pytest.mark.parametrize("where", ["max_in_flight: 7", "defaults: {max_in_flight: 7}"])
def test_max_in_flight_stands_at_the_top_or_in_defaults(load_text: LoadText, where: str) -> None:
    assert load_text(f"{where}\n{SERVICE}").max_in_flight == 7


def test_paths_start_from_the_file_s_folder_and_a_missing_file_is_a_warning(
    write: Write, tmp_path: Path
) -> None:
    write("x", "there.pem")
    file = write(
        f"""
web: {{tls: {{cert_file: there.pem, key_file: gone.key}}}}
environments:
  - name: ext5
    services:
      - name: expo
        checks:
          - name: api
            kind: http
            url: https://expo.ext5.example.se/
            headers: {{X-File: there.pem, some_file: x}}
            bearer_token_file: /nowhere/token
            tls: {{ca_file: ./there.pem, cert_file: sub/client.pem, key_file: {tmp_path}}}
calendars: [{{file: windows.ics}}]
""",
        "etc/driftvakt.yaml",
    )
    write("x", "etc/there.pem")
    loaded = load(file, {})
    settings = next(iter(loaded.estate.checks())).settings
    assert isinstance(settings, HttpSettings)
    assert settings.tls.ca_file == tmp_path / "etc" / "there.pem"
    assert settings.tls.cert_file == tmp_path / "etc" / "sub" / "client.pem"
    assert settings.headers == {"X-File": "there.pem", "some_file": "x"}
    assert loaded.estate.web.cert_file == tmp_path / "etc" / "there.pem"
    assert loaded.estate.later["calendars"][0].file == tmp_path / "etc" / "windows.ics"
    told = [
        str(one).replace(f"{tmp_path}/", "").replace(str(tmp_path), "DIR")
        for one in loaded.warnings
    ]
    check = "environments[0].services[0].checks[0]"
    assert told == [
        "etc/driftvakt.yaml:2:45: web.tls.key_file: gone.key does not exist",
        f"etc/driftvakt.yaml:12:32: {check}.bearer_token_file: /nowhere/token does not exist",
        f"etc/driftvakt.yaml:13:52: {check}.tls.cert_file: sub/client.pem does not exist",
        f"etc/driftvakt.yaml:13:78: {check}.tls.key_file: DIR is not a file",
        "etc/driftvakt.yaml:14:20: calendars[0].file: windows.ics does not exist",
    ]


def test_sections_for_later_versions_are_kept_as_they_were_read(load_text: LoadText) -> None:
    estate = load_text(
        f"""
store: postgresql://driftvakt@db.example.se/driftvakt
retention: {{observations: 1d}}
service_windows:
  - {{id: a, title: A, impact: outage, start: 2026-11-24T20:00, end: 2026-11-24T21:00Z,
     rrule: "FREQ=MONTHLY;BYDAY=3WE,-1FR;COUNT=5", services: [ext5/expo]}}
upgrades: [{{package: "16.1", retires: 2020-05-29, absent_after_retirement: [ext5/expo/port]}}]
notices: [{{id: n, message: {{en: Hello}}, from: 2026-11-24 20:00}}]
notifications:
  - {{name: hook, kind: webhook, url: "https://hook.example.se/", on: [red, window]}}
  - {{name: mail, kind: apprise, url: "mailto://a"}}
{SERVICE}"""
    )
    later = estate.later
    assert set(later) == {
        "service_windows", "calendars", "upgrades", "notices",
    }  # fmt: skip
    window = later["service_windows"][0]
    assert window.start == datetime(2026, 11, 24, 20)  # noqa: DTZ001
    assert window.end == datetime(2026, 11, 24, 21, tzinfo=UTC)
    assert later["upgrades"][0].retires == date(2020, 5, 29)
    assert later["notices"][0].message.text() == Text(sv="Hello", en="Hello")
    assert estate.notifications[0].on == {"red", "window"}
    assert estate.notifications[1].on == {"red", "yellow", "recovery"}
    assert estate.store == "postgresql://driftvakt@db.example.se/driftvakt"
    kept = estate.retention
    assert (kept.observations, kept.transitions) == (86400, 34560000)


def test_canaries(load_text: LoadText) -> None:
    canaries = load_text(
        f"canary: [{{kind: tcp, host: a.example.se, port: 1, timeout: 2s}},"
        f" {{kind: http, url: 'https://b.example.se/?a=b'}}]\n{SERVICE}"
    ).canaries
    assert [(one.kind, one.target, one.timeout) for one in canaries] == [
        ("tcp", "a.example.se:1", 2.0),
        ("http", "https://b.example.se/?a=…", 5.0),
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path / "none.yaml", {})
    assert str(refused.value) == f"{tmp_path}/none.yaml:1:1: the file does not exist"


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_a_path_that_cannot_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path / name, {})
    assert "the file cannot be read" in str(refused.value)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"# " + b"x" * (10 * 1024 * 1024))
    with pytest.raises(ConfigurationError) as refused:
        load(file, {})
    assert str(refused.value) == f"{file}:1:1: the file is larger than 10 MiB"
