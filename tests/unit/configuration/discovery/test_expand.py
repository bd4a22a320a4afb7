"""Discovered checks: what a template makes of targets, and what a document cannot make it do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.configuration.discovery.store import Documents
from monitor.configuration.loader import ConfigurationError, Loaded, load
from monitor.model.estate import Check
from probes.http.settings import HttpSettings

HTTP = {"kind": "http", "url": "https://{target}/", "interval": "1m"}


def config(
    template: Any, *, service: str = "expo", locations: tuple[str, ...] = (), **more: Any
) -> str:
    check = {"name": "api", "kind": "http", "url": "https://expo.ext5.example.se/"}
    section = {"name": "pods", "environment": "ext5", "service": service, "template": template}
    return json.dumps(
        {
            "environments": [{"name": "ext5", "services": [{"name": "expo", "checks": [check]}]}],
            "locations": [{"name": name} for name in locations],
            "discovery": [{**section, "file": "targets.json", **more}],
        }
    )


class Place:
    """A folder with a configuration and a list of targets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.documents = Documents(folder / "data", clock=lambda: 1000.0)

    def load(self, template: Any = HTTP, *groups: Any, **more: Any) -> Loaded:
        if groups:
            self.write(*groups)
        (self.folder / "my.yaml").write_text(config(template, **more), "utf-8")
        return load(self.folder / "my.yaml", {}, self.documents)

    def write(self, *groups: Any, name: str = "targets.json") -> None:
        (self.folder / name).write_text(json.dumps(groups), "utf-8")

    @property
    def error(self) -> str:
        return self.documents.outcomes["pods"].error


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def made(loaded: Loaded) -> dict[str, Check]:
    """All but the check that stands in the file."""
    return {c.id: c for c in loaded.estate.checks() if c.id != "ext5/expo/api"}


def group(*targets: str, **labels: str) -> dict[str, Any]:
    return {"targets": list(targets), "labels": labels}


def test_every_target_becomes_a_check(place: Place) -> None:
    """Beside those of the file, named after the source and the target."""
    loaded = place.load(HTTP, group("b.example.se:8443", "A.example.se"))
    checks = made(loaded)
    assert list(checks) == ["ext5/expo/pods-a-example-se", "ext5/expo/pods-b-example-se-8443"]
    assert checks["ext5/expo/pods-b-example-se-8443"].target == "https://b.example.se:8443/"
    assert {check.interval for check in checks.values()} == {60.0}
    assert (loaded.warnings, place.error) == ((), "")
    assert place.documents.outcomes["pods"].targets == 2
    assert place.documents.outcomes["pods"].at == 1000.0


def test_labels_host_and_port_go_where_the_template_has_them(place: Place) -> None:
    """A port is a number; a service is made where there is none."""
    template = {
        "name": "{node}-{target.port}",
        "kind": "tcp",
        "host": "{target.host}",
        "port": "{target.port}",
    }
    groups = (group("h1:1", node="A b"), group("h2:2", node="c"))
    loaded = place.load(template, *groups, service="tcp-{node}")
    found = made(loaded)
    assert {name: (c.host, c.port) for name, c in found.items()} == {
        "ext5/tcp-a-b/a-b-1": ("h1", 1),
        "ext5/tcp-c/c-2": ("h2", 2),
    }
    assert [service.id for service in loaded.estate.services()] == [
        "ext5/expo",
        "ext5/tcp-a-b",
        "ext5/tcp-c",
    ]


def test_plain_braces_are_doubled(place: Place) -> None:
    """A regular expression may have its own; a value in it matches itself."""
    template = {**HTTP, "expect": {"body_matches": ["{node} [0-9]{{3}}"]}}
    [check] = made(place.load(template, group("h", node="a.* b"))).values()
    assert isinstance(check.settings, HttpSettings)
    assert check.settings.expect.body_matches == ["a\\.\\*\\ b [0-9]{3}"]


def test_the_order_of_a_document_means_nothing(place: Place) -> None:
    """So that a source that shuffles changes nothing."""
    one = place.load(HTTP, group("a", "b"), group("c")).estate
    other = place.load(HTTP, group("c"), group("b", "a")).estate
    assert one == other


def test_all_files_of_a_pattern(place: Place) -> None:
    """Hidden ones are none of them; that there are none is no fault."""
    place.write(group("a"), name="one.json")
    place.write(group("b"), name="two.json")
    place.write(group("c"), name=".three.json")
    assert len(made(place.load(file="*.json"))) == 2
    assert not made(place.load(file="no-*.json"))
    assert place.error == ""


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([group("a b")], "target 'a b': 'a b' is not a host, or host:port"),
        ([group("h/../admin")], "'h/../admin' is not a host"),
        ([group("u:p@evil.example.se")], "is not a host"),
        ([group("evil.example.se/?")], "is not a host"),
        ([group("h"), group("h", node="x")], None),
        ([group("a.b", "a-b")], "another target makes a check expo/pods-a-b too"),
        ([group("h:99999")], "discovery[0].template.url"),
        ([{"targets": ["h"], "label": {}}], "unknown key"),
    ],
)
def test_a_document_that_does_not_fit_is_not_used(
    place: Place, groups: list[Any], said: str | None
) -> None:
    """None of it: the one before is, and the source says what is wrong."""
    place.load(HTTP, group("good"))
    loaded = place.load(HTTP, *groups)
    if said is None:
        assert place.error == ""
        return
    assert list(made(loaded)) == ["ext5/expo/pods-good"]
    assert said in place.error
    assert said in str(loaded.warnings[0])
    assert place.documents.outcomes["pods"].targets == 1
    assert place.documents.outcomes["pods"].at == 1000.0
    assert list(made(place.load(HTTP, group("again")))) == ["ext5/expo/pods-again"]
    assert place.error == ""


def test_a_check_of_the_file_is_never_replaced(place: Place) -> None:
    """A name that is taken is a fault of the document."""
    place.load({**HTTP, "name": "{node}"}, group("h", node="api"))
    assert "there is a check expo/api already" in place.error


def test_a_file_that_vanishes_leaves_its_checks(place: Place) -> None:
    """It is named, so it should be there."""
    place.load(HTTP, group("h"))
    (place.folder / "targets.json").unlink()
    assert list(made(place.load())) == ["ext5/expo/pods-h"]
    assert place.error == "the file targets.json does not exist"


def test_a_start_without_a_good_document_is_a_start(place: Place) -> None:
    """What the file says is watched."""
    (place.folder / "targets.json").write_text("nonsense")
    assert not made(place.load())
    assert place.error.startswith("not JSON")
    assert place.documents.outcomes["pods"].at is None


def test_another_template_that_fits_nothing_refuses_the_configuration(place: Place) -> None:
    """All its checks would be gone by a slip of the pen."""
    place.load(HTTP, group("h"))
    with pytest.raises(ConfigurationError, match="does not fit any more: target 'h': it has no"):
        place.load({**HTTP, "url": "https://{target}/{noed}"})
    assert list(made(place.load())) == ["ext5/expo/pods-h"], "as before"


def test_another_refresh_is_the_same_source(place: Place) -> None:
    """What was found stays: only the name and the place make a source another."""
    [source] = from_url(place).estate.discovery
    place.documents.put(source, json.dumps([group("h")]).encode())
    from_url(place)
    for path in (place.folder / "data" / "discovery").iterdir():
        path.unlink()
    assert made(from_url(place, refresh="5m"))
    assert not made(from_url(place, url="https://other.example.se/"))


URL = "https://sd.example.se/targets"


def from_url(place: Place, **more: Any) -> Loaded:
    text = json.loads(config(HTTP))
    [section] = text["discovery"]
    del section["file"]
    section.update({"url": URL, **more})
    (place.folder / "my.yaml").write_text(json.dumps(text), "utf-8")
    return load(place.folder / "my.yaml", {}, place.documents)


def test_what_was_fetched_outlives_a_restart(place: Place) -> None:
    """It is kept in the data folder; only what was fetched here is written, and only for its own
    address.
    """
    loaded = from_url(place)
    assert not made(loaded)
    [source] = loaded.estate.discovery
    place.documents.put(source, json.dumps([group("h")]).encode())
    assert list(made(from_url(place))) == ["ext5/expo/pods-h"]
    [kept] = (place.folder / "data" / "discovery").iterdir()
    after = Place(place.folder)
    written = kept.stat().st_mtime_ns
    assert list(made(from_url(after))) == ["ext5/expo/pods-h"]
    assert kept.stat().st_mtime_ns == written
    assert after.documents.outcomes["pods"].at is None, "nobody has asked it yet"
    kept.write_text(kept.read_text().replace("sd.example.se", "other.example.se"))
    assert not made(from_url(Place(place.folder)))


def test_what_is_kept_is_on_the_disk_before_it_has_its_name(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut leaves the copy before or this one, and no empty one."""
    [source] = from_url(place).estate.discovery
    forced: list[bool] = []
    force = os.fsync
    kept = place.folder / "data" / "discovery" / "pods.json"

    def remember(descriptor: int) -> None:
        forced.append(kept.exists())
        force(descriptor)

    monkeypatch.setattr(os, "fsync", remember)
    place.documents.put(source, json.dumps([group("h")]).encode())
    assert made(from_url(place))
    assert forced == [False, True], "the file before its name, the folder after it"


@pytest.mark.parametrize(
    "kept", ["", "[]", "{}", '{"url": 1}', '{"url": "https://sd.example.se/targets"}']
)
def test_a_broken_copy_is_no_copy(place: Place, kept: str) -> None:
    """It is read like anything else that lies about."""
    folder = place.folder / "data" / "discovery"
    folder.mkdir(parents=True)
    (folder / "pods.json").write_text(kept)
    assert not made(from_url(place))


GUARDED = {
    "kind": "http",
    "url": "https://fixed.example.se/{node}/x?q={node}",
    "headers": {"X-Node": "{node}", "Authorization": "Bearer secret"},
    "expect": {"body_matches": ["^{node}$"], "jsonpath": [{"path": "$.a", "equals": "{node}"}]},
}


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(value=st.text(max_size=60) | st.text(alphabet="{}$[]:/?#@.\\'\"\n%&*!|>-, ", max_size=20))
def test_no_value_breaks_out_of_the_template(tmp_path: Path, value: str) -> None:
    """Whatever a label holds: the document is refused, or there is the one check of the template,
    that asks the template's host for a path below the template's, with the template's other values.
    """
    place = Place(tmp_path)
    try:
        place.write(group("target", node=value))
    except UnicodeEncodeError:
        return
    checks = made(place.load(GUARDED))
    if not checks:
        assert place.error
        return
    [check] = checks.values()
    assert check.id == "ext5/expo/pods-target"
    assert isinstance(check.settings, HttpSettings)
    assert (check.host, check.port) == ("fixed.example.se", 443)
    path, _, query = check.settings.url.removeprefix("https://fixed.example.se/").partition("?")
    assert path.count("/") == 1
    assert path.endswith("/x")
    assert query.startswith("q=")
    assert "&" not in query
    assert "#" not in check.settings.url
    assert dict(check.settings.headers)["X-Node"] == value
    assert len(check.settings.headers) == 2


def test_a_scheme_from_a_label_is_a_scheme(place: Place) -> None:
    """``http`` or ``https``, and no address of somebody else."""
    template = {**HTTP, "url": "{scheme}://fixed.example.se/"}
    [check] = made(place.load(template, group("h", scheme="http"))).values()
    assert check.target == "http://fixed.example.se/"
    place.load(template, group("h", scheme="https://evil.example.se/?"))
    assert "cannot stand before ://" in place.error


def test_a_target_that_is_an_address(place: Place) -> None:
    """As blackbox's targets are: alone it may be all of it."""
    [check] = made(
        place.load({**HTTP, "url": "{target}"}, group("https://h.example.se:1/a?b"))
    ).values()
    assert check.host == "h.example.se"
    place.load({**HTTP, "url": "{target}"}, group("ftp://h.example.se/"))
    assert "target 'ftp://h.example.se/': discovery[0].template.url" in place.error


def test_a_long_name_is_cut_and_stays_its_own(place: Place) -> None:
    """Two that differ only at their ends are two."""
    long = "x" * 300
    names = list(made(place.load(HTTP, group(f"{long}a.se", f"{long}b.se"))))
    assert len(names) == 2
    assert {len(name) for name in names} == {len("ext5/expo/") + 100}


def test_values_of_the_environment_are_never_looked_through(tmp_path: Path) -> None:
    """A secret with braces is a secret; a value from a document is no ``${NAME}``."""
    template = {**HTTP, "headers": {"A": "${SECRET}", "B": "{node}"}}
    (tmp_path / "my.yaml").write_text(config(template), "utf-8")
    (tmp_path / "targets.json").write_text(json.dumps([group("h", node="${SECRET}")]))
    loaded = load(tmp_path / "my.yaml", {"SECRET": "{target}-{x"}, Documents())
    [check] = made(loaded).values()
    assert isinstance(check.settings, HttpSettings)
    assert dict(check.settings.headers) == {"A": "{target}-{x", "B": "${SECRET}"}


@pytest.mark.parametrize("key", ["location", "locations"])
@pytest.mark.parametrize("site", ["kalmar", "A B", ""])
def test_a_place_that_nobody_declares_leaves_the_list_out(
    place: Place, key: str, site: str
) -> None:
    """Whoever writes the list cannot stop the configuration with it."""
    said = "{site}" if key == "location" else ["{site}"]
    template = {**HTTP, key: said}
    places = ("internet", "sjunet")
    good = {"targets": ["a.example.se"], "labels": {"site": "sjunet"}}
    [check] = made(place.load(template, good, locations=places)).values()
    assert [one.name for one in check.locations] == ["sjunet"]
    other = {"targets": ["b.example.se"], "labels": {"site": site}}
    assert list(made(place.load(template, other, locations=places)).values()) == [check]
    assert "is no location of this file" in place.error
