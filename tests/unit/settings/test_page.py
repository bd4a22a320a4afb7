"""Whose page it is, and which environments are sides of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.configuration.loader import load
from monitor.settings.errors import ConfigurationError

CHECK = "checks: [{name: api, kind: tcp, host: a.example.se, port: 1}]"
PNG = b"\x89PNG\r\n\x1a\n"


def written(folder: Path, page: str, *sides: str) -> Path:
    environments = "\n".join(
        f"  - {{name: e{n}, {side} services: [{{name: s, {CHECK}}}]}}"
        for n, side in enumerate(sides)
    )
    file = folder / "driftvakt.yaml"
    file.write_text(f"page: {page}\nenvironments:\n{environments}\n")
    return file


@pytest.mark.parametrize(
    ("body", "type_"), [(PNG, "image/png"), (b"<svg xmlns='x'></svg>", "image/svg+xml")]
)
def test_a_logo_is_what_is_in_it(tmp_path: Path, body: bytes, type_: str) -> None:
    """PNG or SVG by its content; sides come with it."""
    (tmp_path / "logo").write_bytes(body)
    file = written(tmp_path, "{organisation: A, logo_file: logo}", "group: g, side: a,")
    estate = load(file, {}).estate
    assert estate.page.logo == (body, type_)
    assert estate.page.organisation == "A"
    assert (estate.environments[0].group, estate.environments[0].side) == ("g", "a")


@pytest.mark.parametrize(
    ("body", "said"), [(b"GIF89a", "neither PNG nor SVG"), (PNG + bytes(300_000), "256 KiB")]
)
def test_another_file_is_refused(tmp_path: Path, body: bytes, said: str) -> None:
    """A logo that is neither, or too large, is told with its place."""
    (tmp_path / "logo").write_bytes(body)
    with pytest.raises(ConfigurationError, match=rf"driftvakt.yaml:1:\d+: page.logo_file.*{said}"):
        load(written(tmp_path, "{logo_file: logo}", ""), {})


def test_sides_are_of_a_group_and_differ(tmp_path: Path) -> None:
    """A side without a group, and one that a group has twice, are refused."""
    with pytest.raises(ConfigurationError, match="side needs group"):
        load(written(tmp_path, "{}", "side: a,"), {})
    with pytest.raises(ConfigurationError, match="another side of the group: first at"):
        load(written(tmp_path, "{}", "group: g, side: a,", "group: g, side: a,"), {})
