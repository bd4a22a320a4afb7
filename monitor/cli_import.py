"""``driftvakt import blackbox``: from the exporter's files to a configuration of ours."""

from __future__ import annotations

from pathlib import Path

from monitor.blackbox.importing import imported
from monitor.blackbox.reading import read_modules
from monitor.export.yaml_text import yaml_text
from monitor.settings_faults import ConfigurationError, Fault, Report
from monitor.settings_source import MAX_BYTES, Node, compose

MANY_SECRETS = "it may hold passwords: keep it from others, or move them into files"


def import_blackbox(modules: Path, targets: Path, environment: str) -> str:
    """The configuration as YAML, with what a person has to look at above it.

    Raises :class:`ConfigurationError` with every fault of both files.
    """
    report = Report()
    known = read_modules(modules, report)
    node = _read(targets, report)
    if report.faults or node is None:
        raise ConfigurationError(report.faults)
    found = imported(known, node, report, environment=environment)
    if found is None:
        raise ConfigurationError(report.faults)
    text = yaml_text(found.document)
    notes = list(found.notes)
    if any(word in text for word in ("password:", "Authorization:", "proxy_url:")):
        notes.append(MANY_SECRETS)
    head = f"# From {modules.name} and {targets.name} by `driftvakt import blackbox`.\n"
    return head + "".join(f"# {' '.join(note.split())}\n" for note in notes) + text


def _read(file: Path, report: Report) -> Node | None:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
        node = compose(data, str(file))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it cannot be opened"
        report.faults.append(Fault(str(file), 1, 1, "", f"the targets cannot be read: {why}"))
        return None
    except ConfigurationError as error:
        report.faults.extend(error.faults)
        return None
    if node is None:
        report.faults.append(Fault(str(file), 1, 1, "", "there are no targets in this file"))
    return node
