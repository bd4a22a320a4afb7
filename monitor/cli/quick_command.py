"""Commands that start at once: an option that is text, a path or a flag is taken as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup

from monitor.cli.options import EXIT_UNKNOWN, EXIT_USAGE


class _AsGiven:
    """A converter that keeps text as text, a path as a path, a flag as it stands."""

    def __init__(self, kind: type) -> None:
        self._kind = kind

    def coerce(self, value: Any, param: object, ctx: object) -> Any:
        """Convert a value, as typer calls it; ``None`` when the option was not given."""
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
    """A command of the program."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its arguments and options."""
        return _quick(super().get_params(ctx))


class StatusCommand(QuickCommand):
    """The command ``status``: its exit code 2 means red, so its usage errors have 3."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Parse its words."""
        try:
            return super().make_context(*args, **kwargs)
        except Exception as error:
            # a usage error, whether of click or of what typer has of it inside
            if getattr(error, "exit_code", None) == EXIT_USAGE:
                error.exit_code = EXIT_UNKNOWN  # type: ignore[attr-defined]
            raise


class QuickGroup(TyperGroup):
    """The program itself."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The options before the command's name."""
        return _quick(super().get_params(ctx))
