"""The configuration: a file, or a folder of them, → an :class:`~monitor.model.estate.Estate`.

    loaded = load(Path("config/driftvakt.yaml"), os.environ)
    loaded.estate.environments

Contract, section 3. The way of a value: bytes → nodes with places (``settings.yaml_tree``) → variables
put in (``settings.env_vars``) → one tree (``settings.merge``) → checks that were discovered put in
(``discovery.expand``) → strict models (``settings.models``,
``settings.sections``, ``probes.*.settings``, through ``settings.validate``) → inherited and
frozen (``settings.inherit``, ``settings.build``).

Paths of files start from the folder of the file that names them; ``data_dir`` from the working
directory. Top-level keys that begin with ``x-`` are a place for anchors, and are not read.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.configuration.discovery.expand import data_dir_of, expand_discovery
from monitor.configuration.discovery.store import Documents
from monitor.model.estate import Estate
from monitor.settings.build import Builder
from monitor.settings.env_vars import expand
from monitor.settings.errors import ConfigurationError, Fault, Report
from monitor.settings.lint import advice
from monitor.settings.merge import merge
from monitor.settings.messages import describe
from monitor.settings.schema import json_schema
from monitor.settings.secret_variables import with_variables
from monitor.settings.validate import Validator
from monitor.settings.yaml_tree import MAX_BYTES, Mapping, Node, Scalar, compose
from probes.kinds import load_kinds

__all__ = ["ConfigurationError", "Fault", "Loaded", "files_of", "json_schema", "load"]


LOCATION_VARIABLE = "DRIFTVAKT_LOCATION"
"""The environment variable that goes before the key ``location``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A configuration that can be used, and what a person should still know about it."""

    estate: Estate
    warnings: tuple[Fault, ...] = ()
    """Files that are named and cannot be read: their checks will say so as the monitor's trouble."""
    advice: tuple[Fault, ...] = ()
    """What is impolite or unwise: see :mod:`monitor.settings.lint`."""


def load(path: Path, environ: MappingType[str, str], documents: Documents | None = None) -> Loaded:
    """Reads ``path``, a file or a folder of ``*.yaml`` and ``*.yml``, merged in name order.

    ``environ`` gives the values of ``${NAME}``, ``documents`` what sources of checks have found; they
    are told what was used. Raises :class:`ConfigurationError` with every
    fault, sorted by file, line and column; nothing else, whatever the files hold.
    """
    report = Report()
    trees: list[Mapping] = []
    for file in _files(path):
        node = _compose(file, report)
        if node is None:
            continue
        expand(node, environ, report)
        if isinstance(node, Mapping):
            trees.append(node)
        else:
            said = f"must be a mapping of sections such as environments, not {describe(node)}"
            report.fault(node.mark, (), said)
    if not trees:
        if not report.faults:
            report.faults.append(Fault(str(path), 1, 1, "", "the configuration is empty"))
        raise ConfigurationError(report.faults)
    tree = merge(trees, report)
    _stand_where_told(tree, environ, report)
    folder = (path if path.is_dir() else path.parent).absolute()
    kinds = load_kinds()
    documents = documents if documents is not None else Documents()
    data_dir = data_dir_of(tree)
    found = expand_discovery(
        tree, documents, kinds=kinds, folder=folder, data_dir=data_dir, report=report
    )
    tree = found.tree
    estate = Builder(kinds, Validator(folder, report), report).estate(tree)
    if estate is None or report.faults:
        raise ConfigurationError(report.faults)
    documents.settle(found.good, found.outcomes, data_dir)
    estate = replace(estate, discovery=tuple(found.sources))
    return Loaded(
        estate=with_variables(estate, report.variables),
        warnings=tuple(sorted({*report.warnings, *found.warnings})),
        advice=advice(tree, estate),
    )


def _stand_where_told(tree: Mapping, environ: MappingType[str, str], report: Report) -> None:
    """Several processes may share one configuration: each is told by its environment where it
    stands. That is as if ``location`` were written as that variable.
    """
    if environ.get(LOCATION_VARIABLE):
        said = tree.entries.get("location")
        mark = said.mark if said is not None else tree.mark
        named = Scalar(mark, f"${{{LOCATION_VARIABLE}}}", None)
        expand(named, environ, report)
        tree.entries["location"] = named
        tree.keys.setdefault("location", mark)


def files_of(path: Path) -> list[Path]:
    """The files that :func:`load` would read now; none where there are none."""
    try:
        return _files(path)
    except ConfigurationError:
        return []


def _files(path: Path) -> list[Path]:
    """The files to read. A folder without any is a fault."""
    try:
        if not path.is_dir():
            return [path]
        found = sorted(
            one
            for one in path.iterdir()
            if one.suffix in (".yaml", ".yml") and not one.name.startswith(".")
        )
    except (OSError, ValueError) as error:
        raise ConfigurationError([_unreadable(path, error)]) from None
    if not found:
        raise ConfigurationError(
            [Fault(str(path), 1, 1, "", "there is no *.yaml or *.yml file in this folder")]
        )
    return found


def _compose(file: Path, report: Report) -> Node | None:
    """The tree of one file; its faults go to ``report``, so that the other files are read too."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        report.faults.append(_unreadable(file, error))
        return None
    try:
        return compose(data, str(file))
    except ConfigurationError as error:
        report.faults.extend(error.faults)
        return None


def _unreadable(path: Path, error: Exception) -> Fault:
    if isinstance(error, FileNotFoundError):
        why = "the file does not exist"
    elif isinstance(error, IsADirectoryError):
        why = "this is a folder, not a file"
    else:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "bad path"
        why = f"the file cannot be read: {reason}"
    return Fault(str(path), 1, 1, "", why)
