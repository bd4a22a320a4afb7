"""A ``blackbox.yml`` → its modules, or every fault in it with its place."""

from __future__ import annotations

from pathlib import Path

from monitor.settings.blackbox.modules import Module
from monitor.settings.errors import ConfigurationError, Fault, Report, hint
from monitor.settings.go_yaml import compose_go, nothing
from monitor.settings.messages import describe
from monitor.settings.validate import Validator
from monitor.settings.yaml_tree import MAX_BYTES, Mapping, Node

ALLOWED = ("modules",)


def read_modules(path: Path, report: Report) -> dict[str, Module]:
    """The modules of a file, as far as they can be used; faults and warnings go to ``report``.

    Nothing is put in for ``${…}``: the exporter does not, and ``send`` has its own. Paths start from
    the folder of the file.
    """
    tree = composed(path, report)
    if tree is None:
        return {}
    for key in tree.entries.keys() - set(ALLOWED):
        report.fault(tree.keys[key], (key,), "unknown key" + hint(key, ALLOWED))
    modules = tree.entries.get("modules")
    if nothing(modules):  # the exporter takes that, and can do nothing with it
        report.warn(
            modules.mark if modules is not None else tree.mark, ("modules",), "has no module"
        )
        return {}
    if not isinstance(modules, Mapping):
        assert modules is not None  # noqa: S101 - nothing is nothing
        report.fault(modules.mark, ("modules",), "must be a mapping of modules")
        return {}
    validator = Validator(path.parent.absolute(), report)
    found = {
        name: validator.model(Module, node, ("modules", name))
        for name, node in modules.entries.items()
    }
    return {name: module for name, module in found.items() if module is not None}


def composed(path: Path, report: Report) -> Mapping | None:
    """The tree of a file of somebody else's; ``None`` after reporting why there is none."""
    try:
        with path.open("rb") as opened:
            node: Node | None = compose_go(opened.read(MAX_BYTES + 1), str(path))
    except ConfigurationError as error:
        report.faults.extend(error.faults)
        return None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "bad path"
        said = f"the file cannot be read: {why}"
        report.faults.append(Fault(str(path), 1, 1, "", said))
        return None
    if node is None:
        report.faults.append(Fault(str(path), 1, 1, "", "the file is empty"))
    elif not isinstance(node, Mapping):
        report.fault(node.mark, (), f"must be a mapping, not {describe(node)}")
    else:
        return node
    return None
