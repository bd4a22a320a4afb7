"""What a settings model's type annotations tell: its keys, the models inside it, its paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path as FilePath
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from monitor.settings.errors import Step

Model = type[BaseModel]


@cache
def fields(model: Model) -> Mapping[str, Any]:
    """Keys as they are written in the file, each with its annotation."""
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}


def leaves(annotation: Any) -> Iterator[Any]:
    """The plain types inside an annotation, however deep in unions, lists and ``Annotated``."""
    if get_origin(annotation) is Literal:
        yield annotation
        return
    inner = get_args(annotation)
    if not inner:
        yield annotation
    for part in inner:
        yield from leaves(part)


def models(annotation: Any) -> list[Model]:
    """The models inside an annotation."""
    return [
        leaf
        for leaf in leaves(annotation)
        if isinstance(leaf, type) and issubclass(leaf, BaseModel)
    ]


def allowed_keys(model: Model, steps: tuple[Step, ...]) -> set[str]:
    """The keys that the model at ``steps`` below ``model`` has.

    ``steps`` are pydantic's: a union's branch is a step too, named by its tag or its model.
    """
    found = [model]
    for step in steps:
        if isinstance(step, int):
            continue
        below = [inner for one in found for inner in models(fields(one).get(step))]
        found = below or [one for one in found if _is_branch(one, step)] or found
    return {key for one in found for key in fields(one)}


def _is_branch(model: Model, step: str) -> bool:
    return step == model.__name__ or step in get_args(fields(model).get("kind"))


Plan = Mapping[str, Any]
"""Keys that hold a path (``None``), or a mapping or list with such keys (their plan)."""


@cache
def path_plan(model: Model) -> Plan:
    """Where below ``model`` paths of files are."""
    plan: dict[str, Plan | None] = {}
    for key, annotation in fields(model).items():
        kinds = set(leaves(annotation))
        inner = {
            below: deeper for one in models(annotation) for below, deeper in path_plan(one).items()
        }
        if FilePath in kinds:
            plan[key] = None
        elif inner:
            plan[key] = inner
    return plan
