"""Values as the exporter's file writes them: Go's durations and booleans, and what is refused."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

_UNITS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0,
}  # fmt: skip
_PART = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)"
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]i?)?B?")
_BOOL = {
    **dict.fromkeys(("y", "yes", "on", "true"), True),
    **dict.fromkeys(("n", "no", "off", "false"), False),
}


def go_duration(value: object) -> float:
    """Seconds of ``5s``, ``1m30s``, ``500ms`` or ``0``. Raises ``PydanticCustomError``."""
    if value == 0 and not isinstance(value, bool):
        return 0.0
    if isinstance(value, str):
        if value == "0":
            return 0.0
        if re.fullmatch(f"(?:{_PART})+", value):
            return sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, value))
    raise PydanticCustomError(
        "duration",
        "{shown} is not a duration: write such as 5s, 500ms or 1m30s",
        {"shown": repr(value)},
    )


def _go_bool(value: object) -> object:
    # Go's reader takes the words of YAML 1.1 for a boolean where one is wanted
    return _BOOL.get(value.lower(), value) if isinstance(value, str) else value


def _size(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError(
            "size", "{shown} is not a size: write such as 1MB or 512KiB", {"shown": repr(value)}
        )
    unit = found[2] or ""
    power = "KMGT".index(unit[0]) + 1 if unit else 0
    # alecthomas/units, which the exporter reads with: KB and KiB are both of 1024
    return int(float(found[1]) * 1024**power)


GoDuration = Annotated[float, BeforeValidator(go_duration)]
GoBool = Annotated[bool, BeforeValidator(_go_bool)]
Size = Annotated[int, BeforeValidator(_size)]


def refused(name: str, why: str = "") -> Any:
    """The type of a key of the exporter's that we do not do: refused by name, whatever its value."""

    def refuse(_: object) -> None:
        raise PydanticCustomError(
            "not_supported",
            "{what}",
            {"what": f"{name} is not supported by driftvakt{f': {why}' if why else ''}"},
        )

    return Annotated[None, BeforeValidator(refuse)]
