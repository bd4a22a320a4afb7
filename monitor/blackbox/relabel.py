"""Prometheus' ``relabel_configs``, as far as they make labels of labels."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as MappingType
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from monitor.blackbox.tcp_talk import filled
from monitor.settings.blackbox.values import GoInt, GoModel, GoText
from probes.expect.patterns import PatternText, compile_pattern


def _whole(source: str) -> str:
    return f"^(?s:{source})$"


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class RelabelRule(GoModel):
    """One rule."""

    source_labels: list[GoText] = Field(default_factory=list)
    separator: str = ";"
    regex: Annotated[PatternText, AfterValidator(_whole)] = "^(?s:(.*))$"
    target_label: str = ""
    replacement: str = "$1"
    modulus: Annotated[GoInt, Field(ge=0)] = 0
    action: Annotated[
        Literal[
            "replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "lowercase", "uppercase",
            "labelmap", "labeldrop", "labelkeep",
        ],
        BeforeValidator(_lower),
    ] = "replace"  # fmt: skip

    @model_validator(mode="after")
    def _whole_rule(self) -> Self:
        if self.action == "hashmod" and not self.modulus:
            raise PydanticCustomError("relabel", "hashmod needs a modulus")
        return self

    def applied(self, labels: dict[str, str]) -> dict[str, str] | None:
        """The labels after it; ``None`` when it drops the target."""
        pattern = compile_pattern(self.regex)
        joined = self.separator.join(labels.get(name, "") for name in self.source_labels)
        match = pattern.search(joined.encode())
        match self.action:
            case "replace":
                if match is None:
                    return labels
                name = filled(self.target_label, match).decode()
                return _with(labels, name, filled(self.replacement, match).decode())
            case "keep" | "drop":
                return labels if (match is not None) == (self.action == "keep") else None
            case "keepequal" | "dropequal":
                equal = labels.get(self.target_label, "") == joined
                return labels if equal == (self.action == "keepequal") else None
            case "hashmod":
                digest = hashlib.md5(joined.encode(), usedforsecurity=False).digest()
                hashed = int.from_bytes(digest[8:], "big") % self.modulus
                return _with(labels, self.target_label, str(hashed))
            case "lowercase":
                return _with(labels, self.target_label, joined.lower())
            case "uppercase":
                return _with(labels, self.target_label, joined.upper())
            case "labelmap":
                found = dict(labels)
                for name, value in labels.items():
                    if (hit := pattern.search(name.encode())) is not None:
                        found[filled(self.replacement, hit).decode()] = value
                return found
        kept = self.action == "labelkeep"
        return {
            name: value
            for name, value in labels.items()
            if (pattern.search(name.encode()) is not None) == kept
        }


def relabelled(labels: MappingType[str, str], rules: list[RelabelRule]) -> dict[str, str] | None:
    """The labels after every rule; ``None`` when one drops the target."""
    found: dict[str, str] | None = dict(labels)
    for rule in rules:
        if found is None:
            return None
        found = rule.applied(found)
    return found


def _with(labels: dict[str, str], name: str, value: str) -> dict[str, str]:
    found = {**labels, name: value}
    if not value:
        del found[name]
    return found
