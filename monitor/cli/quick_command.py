"""Commands that start at once: an option that is text, a path or a flag is taken as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup


class _AsGiven:
    """Text as text, a path as a path, a flag as it stands."""

    def __init__(self, kind: type) -> None:
        self._kind = kind

    def coerce(self, value: Any, param: object, ctx: object) -> Any:
        """What typer asks for; ``None`` when the option was not given."""
        del param, ctx
        return None if value is None else self._kind(value)


def _quick(params: list[Any]) -> list[Any]:
    """Typer has pydantic convert each value, whose import takes longer than showing a status.
    Where there is nothing to convert it need not.
    """
    for param in params:
        kind: Any = getattr(getattr(param, "type_descriptor", None), "annotation", None)
        flag = kind is bool and getattr(param, "is_flag", False)
        if flag or kind in (str, Path):
            # typer makes its own when there is none yet; a version that has none is only slower
            vars(param)["_runtime_param"] = _AsGiven(kind)
    return params


class QuickCommand(TyperCommand):
    """One whose options are such."""

    def get_params(self, ctx: Any) -> list[Any]:
        """What it takes."""
        return _quick(super().get_params(ctx))


class QuickGroup(TyperGroup):
    """The program itself."""

    def get_params(self, ctx: Any) -> list[Any]:
        """What it takes before the command's name."""
        return _quick(super().get_params(ctx))
