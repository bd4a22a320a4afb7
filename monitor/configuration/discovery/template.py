"""Pure: a check's keys with placeholders → the nodes of one check.

Placeholders are filled after YAML is parsed: a value never makes structure, it is one scalar or a
part of one. ``{target}``, ``{target.host}``, ``{target.port}`` and ``{LABEL}`` are all there is;
``{{`` and ``}}`` are plain braces, anything else with a brace is a fault.

Where a value stands decides what it may do:

==================================  ==============================================================
in ``name``                         it becomes a name: lower case, everything else is ``-``
in ``url`` and ``*_url``            before ``://`` a scheme, before the next ``/`` a host and a
                                    port, after it percent-encoded; alone it may be all of it
in a regular expression             it matches itself
in ``kind`` and ``*_file``          not at all: it would choose what runs, or which file is read
elsewhere                           it is text
==================================  ==============================================================
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from monitor.configuration.discovery.targets import LABEL, DiscoveryError, Found
from monitor.settings.env_vars import PLACEHOLDER
from monitor.settings.errors import Mark, Path, Report
from monitor.settings.yaml_tree import Mapping, Node, Scalar, Sequence, plain_value
from probes.observation import clean

_PIECE = re.compile(
    rf"(?P<open>\{{\{{)|(?P<close>\}}\}})|\{{(?P<name>target\.host|target\.port|{LABEL})\}}"
    r"|(?P<wrong>[{}])"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_AUTHORITY = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_PATTERNS = frozenset({"body_matches", "body_not_matches", "matches", "issuer_matches"})
_NEVER = frozenset({"kind"})
LONGEST_NAME = 100

WRONG = "a brace that is no placeholder: write {target} or {LABEL}, or {{ and }} for plain braces"


@dataclass(frozen=True, slots=True)
class Placeholder:
    name: str


Piece = str | Placeholder


@dataclass(slots=True)
class Template:
    """Made by :func:`compile_template`."""

    node: Mapping
    name: Scalar
    service: Scalar
    pieces: dict[int, list[Piece]] = field(default_factory=dict)
    """Of each scalar that has a placeholder or an escaped brace, by its identity."""
    marks: set[Mark] = field(default_factory=set)
    """Where placeholders stand."""

    def check(self, found: Found) -> tuple[str, Mapping]:
        """The service's name and the check's node. Raises :class:`DiscoveryError`."""
        values = _Values(found)
        service = _named(_joined(self._of(self.service), values, _name_value))
        node = self._fill(self.node, (), values)
        if not isinstance(node, Mapping):
            raise TypeError("a template is a mapping")
        name = _named(_joined(self._of(self.name), values, _name_value))
        node.entries["name"] = Scalar(self.name.mark, name, name)
        node.keys.setdefault("name", self.name.mark)
        return service, node

    def sample(self) -> Mapping:
        """A check of no target, to see faults of the template itself."""
        names = {
            piece.name
            for pieces in self.pieces.values()
            for piece in pieces
            if isinstance(piece, Placeholder)
        }
        found = Found(
            target="target.example.se:443",
            host="target.example.se",
            port=443,
            labels=dict.fromkeys(names, "label"),
        )
        return self.check(found)[1]

    def _of(self, scalar: Scalar) -> list[Piece]:
        return self.pieces.get(id(scalar), [str(scalar.value)])

    def _fill(self, node: Node, path: Path, values: _Values) -> Node:
        if isinstance(node, Scalar):
            pieces = self.pieces.get(id(node))
            return node if pieces is None else _scalar(node, pieces, path, values)
        if isinstance(node, Sequence):
            items = [self._fill(item, path, values) for item in node.items]
            return Sequence(node.mark, items, node.size, node.depth)
        entries = {
            key: value if path == () and key == "name" else self._fill(value, (*path, key), values)
            for key, value in node.entries.items()
        }
        return Mapping(node.mark, entries, dict(node.keys), node.size, node.depth)


def compile_template(
    name: str, node: Mapping, service: Scalar, path: Path, report: Report
) -> Template | None:
    """The template of the discovery ``name`` at ``path``; ``None`` after reporting its faults."""
    before = len(report.faults)
    written = node.entries.get("name")
    if isinstance(written, Scalar) and isinstance(written.value, str):
        template = Template(node, written, service)
    else:
        made = Scalar(node.mark, f"{name}-{{target}}", f"{name}-{{target}}")
        template = Template(node, made, service)
        if written is not None:
            report.fault(written.mark, (*path, "template", "name"), "must be text")
    _walk(node, (*path, "template"), template, report)
    for scalar, here in ((template.name, ("template", "name")), (service, ("service",))):
        if id(scalar) not in template.pieces:
            _look(scalar, (*path, *here), template, report)
    return template if len(report.faults) == before else None


def _walk(node: Node, path: Path, template: Template, report: Report) -> None:
    if isinstance(node, Scalar):
        _look(node, path, template, report)
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            _walk(item, (*path, index), template, report)
    else:
        for key, value in node.entries.items():
            if _is_unquoted(value):
                said = 'is a mapping to YAML: write a placeholder in quotes, such as "{target}"'
                report.fault(value.mark, (*path, key), said)
            else:
                _walk(value, (*path, key), template, report)


def _is_unquoted(node: Node) -> bool:
    """``{target}`` without quotes."""
    if not isinstance(node, Mapping) or len(node.entries) != 1:
        return False
    [value] = node.entries.values()
    return isinstance(value, Scalar) and not value.text and not value.quoted


def _look(scalar: Scalar, path: Path, template: Template, report: Report) -> None:
    """Takes the placeholders of one scalar down, or reports what is wrong with them."""
    if not isinstance(scalar.value, str) or scalar.broken:
        return
    if scalar.placeholder:
        if re.search("[{}]", re.sub(PLACEHOLDER, "", scalar.text)):
            report.fault(scalar.mark, path, "${…} and {…} cannot stand in one value")
        return
    if not re.search("[{}]", scalar.value):
        return
    pieces: list[Piece] = []
    end = 0
    for match in _PIECE.finditer(scalar.value):
        pieces.append(scalar.value[end : match.start()])
        end = match.end()
        if match["wrong"]:
            report.fault(scalar.mark, path, WRONG)
            return
        pieces.append(Placeholder(match["name"]) if match["name"] else match[0][0])
    pieces.append(scalar.value[end:])
    if any(isinstance(piece, Placeholder) for piece in pieces):
        key = _key(path)
        if key in _NEVER or key.endswith("_file"):
            report.fault(scalar.mark, path, "must be the same for every target")
            return
        template.marks.add(scalar.mark)
    template.pieces[id(scalar)] = [piece for piece in pieces if piece != ""]


def _key(path: Path) -> str:
    """The nearest key above a value, indexes of lists apart."""
    return next((step for step in reversed(path) if isinstance(step, str)), "")


class _Values:
    """What placeholders stand for, of one target."""

    def __init__(self, found: Found) -> None:
        self._found = found

    def of(self, name: str) -> str:
        found = self._found
        if name == "target":
            return found.target
        if name in ("target.host", "target.port"):
            value = found.host if name == "target.host" else found.port
            if value is None:
                raise DiscoveryError(f"it has no {name.removeprefix('target.')}")
            return str(value)
        if name not in found.labels:
            raise DiscoveryError(f"it has no label {name}")
        return found.labels[name]


def _scalar(node: Scalar, pieces: list[Piece], path: Path, values: _Values) -> Scalar:
    key = _key(path)
    if key == "url" or key.endswith("_url"):
        text = _url(pieces, values)
    elif key in _PATTERNS or path[:2] == ("expect", "headers"):
        text = _joined(pieces, values, re.escape)
    else:
        text = _joined(pieces, values, str)
    alone = len(pieces) == 1 and isinstance(pieces[0], Placeholder)
    other = plain_value(text) if alone and not node.tagged else text
    # as a value from the environment: in a message stands what the file says
    return Scalar(node.mark, node.text, text, node.quoted, node.tagged, other, placeholder=True)


def _joined(pieces: list[Piece], values: _Values, into: Callable[[str], str]) -> str:
    return "".join(
        into(values.of(piece.name)) if isinstance(piece, Placeholder) else piece for piece in pieces
    )


def _url(pieces: list[Piece], values: _Values) -> str:
    text = ""
    for index, piece in enumerate(pieces):
        if not isinstance(piece, Placeholder):
            text += piece
            continue
        value = values.of(piece.name)
        after = pieces[index + 1] if index + 1 < len(pieces) else ""
        scheme, separator, rest = text.partition("://")
        if not separator:
            before_scheme = isinstance(after, str) and after.startswith("://")
            if scheme or (before_scheme and not _SCHEME.fullmatch(value)):
                raise DiscoveryError(f"{_shown(value)} cannot stand before ://")
            text += value
        elif not re.search(r"[/?#]", rest):
            if not _AUTHORITY.fullmatch(value):
                raise DiscoveryError(f"{_shown(value)} is not a host, or host:port")
            text += value
        elif value in (".", ".."):
            raise DiscoveryError(f"{_shown(value)} cannot be a part of a path")
        else:
            text += quote(value, safe="")
    return text


def _name_value(value: str) -> str:
    """A value as a part of a name."""
    return re.sub(r"[^a-z0-9_]+", "-", value.lower()).strip("-")


def _named(text: str) -> str:
    """Not longer than a name may be here; what is cut off is told by a digest."""
    if len(text) <= LONGEST_NAME:
        return text
    digest = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
    return f"{text[: LONGEST_NAME - len(digest) - 1]}-{digest}"


def _shown(value: str) -> str:
    return repr(clean(value, 80))
