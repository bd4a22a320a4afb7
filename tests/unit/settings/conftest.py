"""Ways to load a configuration in a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from monitor.configuration.loader import ConfigurationError, load
from monitor.model.estate import Check, Estate

Write = Callable[..., Path]
LoadText = Callable[..., Estate]
FaultsOf = Callable[..., list[str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file into the test's folder."""

    def write(text: str, name: str = "driftvakt.yaml") -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
        return file

    return write


@pytest.fixture
def load_text(write: Write) -> LoadText:
    """The estate of a text."""

    def load_text(text: str, **environ: str) -> Estate:
        return load(write(text), environ).estate

    return load_text


@pytest.fixture
def faults_of(write: Write, tmp_path: Path) -> FaultsOf:
    """Every fault of a text, as printed, the folder left out."""

    def faults_of(text: str, **environ: str) -> list[str]:
        with pytest.raises(ConfigurationError) as refused:
            load(write(text), environ)
        return [str(fault).replace(f"{tmp_path}/", "") for fault in refused.value.faults]

    return faults_of


@pytest.fixture
def one_check(load_text: LoadText) -> Callable[..., Check]:
    """The check of an estate of one, made of keys for each level."""

    def one_check(
        check: str = "",
        *,
        service: str = "",
        environment: str = "",
        defaults: str = "",
        kind: str = "kind: http, url: 'https://expo.ext5.example.se/'",
        **environ: str,
    ) -> Check:
        check = f", {check}" if check else ""
        service = f"{service}, " if service else ""
        environment = f"{environment}, " if environment else ""
        text = (
            f"defaults: {{{defaults}}}\n"
            f"environments:\n"
            f"  - {{name: ext5, {environment}services: [\n"
            f"    {{name: expo, {service}checks: [{{name: api, {kind}{check}}}]}}]}}\n"
        )
        return next(iter(load_text(text, **environ).checks()))

    return one_check
