"""``${NAME}`` and ``${NAME:-default}``: values from the environment, put in after YAML is parsed.

A variable therefore never makes structure: whatever it holds, it is one scalar.

- Inside a longer text a placeholder is text: ``Bearer ${TOKEN}``.
- A scalar that is one placeholder and nothing else is read as YAML would read the value:
  ``port: ${PORT}`` is a number. Where text is expected, ``12345`` from a variable is text all the
  same; where a number is expected, so is a quoted ``"${PORT}"``
  (:class:`monitor.settings.validate.Validator` tries the other reading).
- The default stands for a variable that is unset or empty, as in a shell; it cannot hold ``}``.
- ``$${`` is a plain ``${``. Keys are not expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as MappingType

from monitor.settings.errors import Path, Report, Step
from monitor.settings.yaml_tree import Mapping, Node, Scalar, Sequence, is_text, plain_value

PLACEHOLDER = r"\$\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?\}"
_PLACEHOLDER = re.compile(
    r"(?P<escaped>\$\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}"
    r"|(?P<wrong>\$\{)"
)


def expand(tree: Node, environ: MappingType[str, str], report: Report) -> None:
    """Puts the variables of ``environ`` into every value of ``tree``, in place.

    A missing variable, and a ``${`` that is no placeholder, is a fault; the value is then marked
    broken, so that nothing more is said of it.
    """
    if not isinstance(tree, Scalar):
        _walk(tree, (), environ, report, set())
    elif "${" in tree.text:
        _expand_scalar(tree, (), environ, report)


def _walk(
    node: Sequence | Mapping,
    path: Path,
    environ: MappingType[str, str],
    report: Report,
    seen: set[int],
) -> None:
    """``seen`` are the ids of what an alias may lead to once more."""
    if id(node) in seen:
        return
    seen.add(id(node))
    inner: Iterable[tuple[Step, Node]]
    inner = enumerate(node.items) if isinstance(node, Sequence) else node.entries.items()
    for key, value in inner:
        if not isinstance(value, Scalar):
            _walk(value, (*path, key), environ, report, seen)
        elif "${" in value.text and id(value) not in seen:
            seen.add(id(value))
            _expand_scalar(value, (*path, key), environ, report)


def _expand_scalar(
    node: Scalar, path: Path, environ: MappingType[str, str], report: Report
) -> None:
    wrong: list[str] = []
    taken = False

    def put(match: re.Match[str]) -> str:
        nonlocal taken
        if match["escaped"]:
            return "${"
        if match["wrong"]:
            wrong.append(
                "a ${ that is no placeholder: write ${NAME} or ${NAME:-default},"
                " or $${ for a plain ${"
            )
            return match[0]
        taken = True
        name, default = match["name"], match["default"]
        value = environ.get(name)
        if default is not None and not value:
            return str(default)
        if value is None:
            wrong.append(
                f"the environment variable {name} is not set:"
                f" set it, or write a default as ${{{name}:-default}}"
            )
            return match[0]
        if not is_text(value):
            wrong.append(f"the environment variable {name} is not UTF-8 text")
        report.variables.add(value)
        return value

    text = _PLACEHOLDER.sub(put, node.text)
    for message in dict.fromkeys(wrong):
        report.fault(node.mark, path, message)
    node.broken = bool(wrong)
    if node.broken:
        return
    node.placeholder = taken
    node.value = node.other = text
    whole = _PLACEHOLDER.fullmatch(node.text)
    if whole and whole["name"] and not node.tagged:
        if node.quoted:
            node.other = plain_value(text)
        else:
            node.value = plain_value(text)
