"""Reads a ``blackbox.yml``. Every fault has its place in that file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from monitor.blackbox.modules import Module, ModulesFile
from monitor.settings_faults import ConfigurationError, Fault, Report
from monitor.settings_source import MAX_BYTES, compose
from monitor.settings_validate import Validator


def read_modules(path: Path, report: Report) -> Mapping[str, Module]:
    """The modules by their names. What is wrong goes to ``report``, whatever the file holds; paths
    in it are relative to it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it cannot be opened"
        report.faults.append(Fault(str(path), 1, 1, "", f"the modules cannot be read: {why}"))
        return {}
    try:
        node = compose(data, str(path))
    except ConfigurationError as error:
        report.faults.extend(error.faults)
        return {}
    if node is None:
        report.faults.append(Fault(str(path), 1, 1, "", "there are no modules in this file"))
        return {}
    found = Validator(path.parent.absolute(), report).model(ModulesFile, node, ())
    return found.modules if found is not None else {}
