"""Without options, a command finds what the shipped unit uses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.cli import installed, status
from monitor.cli.installed import default_config, history_folder


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose system's folders are below a temporary one."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.delenv("DRIFTVAKT_CONFIG", raising=False)
    etc = tmp_path / "etc"
    monkeypatch.setattr(installed, "SYSTEM_FOLDER", etc)
    monkeypatch.setattr(installed, "SYSTEM_CONFIG", etc / "driftvakt.yaml")
    monkeypatch.setattr(installed, "SYSTEM_DATA", tmp_path / "var")
    monkeypatch.setattr(status, "SYSTEM_DATA", tmp_path / "var")
    return tmp_path


def test_the_order_of_configurations(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable, the working directory's, the unit's file, the unit's folder."""
    own = Path("config/driftvakt.yaml")
    assert default_config() == own
    (machine / "etc").mkdir()
    assert default_config() == machine / "etc"
    (machine / "etc/driftvakt.yaml").touch()
    assert default_config() == machine / "etc/driftvakt.yaml"
    own.parent.mkdir()
    own.touch()
    assert default_config() == own
    monkeypatch.setenv("DRIFTVAKT_CONFIG", "other.yaml")
    assert default_config() == Path("other.yaml")


def test_the_history_of_the_unit_is_where_it_writes(machine: Path) -> None:
    """Only with its configuration, and only when it is there."""
    unit, var, configured = machine / "etc/driftvakt.yaml", machine / "var", Path("data")
    assert history_folder(unit, configured) == configured
    var.mkdir()
    assert history_folder(unit, configured) == var
    assert history_folder(Path("my.yaml"), configured) == configured


def test_the_status_file_of_the_unit_is_shown_when_nothing_answers(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And it says so, with the reason; without the file the reason alone is told."""
    monkeypatch.setattr(status, "DEFAULT_URL", "no address")
    with pytest.raises(status.StatusUnreadableError, match="no address"):
        status.read_default()
    (machine / "var").mkdir()
    body = {"status": "green", "environments": [], "generated_at": "2026-11-30T06:00:00Z"}
    body["stale_after"] = "2026-11-30T06:00:30Z"
    (machine / "var/status.json").write_text(json.dumps(body))
    assert status.read_default()["status"] == "green"
    told = capsys.readouterr().err
    assert "no address" in told
    assert str(machine / "var/status.json") in told
