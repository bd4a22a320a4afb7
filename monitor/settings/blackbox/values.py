"""Values as the exporter's file writes them, by :mod:`monitor.settings.go_yaml` all text: Go's numbers,
durations and booleans, and what is refused.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from monitor.settings.yaml_tree import is_text
from probes.settings import Strict

_UNITS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0,
}  # fmt: skip
_PART = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)"
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]i?)?B?")
_BOOL = {
    **dict.fromkeys(("y", "yes", "on", "true"), True),
    **dict.fromkeys(("n", "no", "off", "false"), False),
}


class GoModel(Strict):
    """A struct of Go's: a key without a value is as good as no key."""

    @model_validator(mode="before")
    @classmethod
    def _without_nothing(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        for key, one in value.items():
            if isinstance(one, str) and key != "send" and not one.isascii() and not is_text(one):
                raise PydanticCustomError(
                    "bytes",
                    "{what}: bytes that are not UTF-8 text are not supported by driftvakt but in send",
                    {"what": key},
                )
        return {key: one for key, one in value.items() if not cls._says_nothing(key, one)}

    @classmethod
    def _says_nothing(cls, key: str, value: object) -> bool:
        return value is None and key in cls.model_fields


class ZeroModel(GoModel):
    """One of the exporter's, which cannot tell an empty text from none."""

    @classmethod
    def _says_nothing(cls, key: str, value: object) -> bool:
        return value in (None, "") and key in cls.model_fields


def go_duration(value: object) -> float:
    """Seconds of ``5s``, ``1m30s``, ``500ms`` or ``0``. Raises ``PydanticCustomError``."""
    if value == 0 and not isinstance(value, bool):
        return 0.0
    if isinstance(value, str):
        bare = value.removeprefix("+")
        if bare in ("0", "-0"):
            return 0.0
        if re.fullmatch(f"(?:{_PART})+", bare):
            return sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, bare))
    raise PydanticCustomError(
        "duration",
        "{shown} is not a duration: write such as 5s, 500ms or 1m30s",
        {"shown": repr(value)},
    )


def _go_bool(value: object) -> object:
    # Go's reader takes the words of YAML 1.1 for a boolean where one is wanted
    return _BOOL.get(value.lower(), value) if isinstance(value, str) else value


def _go_text(value: object) -> object:
    return "" if value is None else value


def _go_int(value: object) -> object:
    """``200``, ``0xC8``, ``0o310``, ``0310``, ``2_00``, ``2e2``."""
    if not isinstance(value, str):
        return value
    bare = value.replace("_", "")
    for pattern, base in ((r"0[0-7]+", 8), (r"[0-9]+", 10), (r"0o[0-7]+", 8), (r"0x[0-9a-fA-F]+", 16),
                          (r"0b[01]+", 2)):  # fmt: skip
        if len(bare) < 20 and re.fullmatch(rf"[+-]?{pattern}", bare):
            return int(bare.replace("0o", "").replace("0x", "").replace("0b", ""), base)
    if len(bare) < 20 and re.fullmatch(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,2})?", bare):
        return int(float(bare))
    return value


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
GoText = Annotated[str, BeforeValidator(_go_text)]
"""Of a list or a mapping, where nothing stands for empty text."""
GoInt = Annotated[int, BeforeValidator(_go_int)]
GoBool = Annotated[bool, BeforeValidator(_go_bool)]
Size = Annotated[int, BeforeValidator(_size)]


def refused(name: str, why: str = "") -> Any:
    """The type of a key of the exporter's that we do not do: refused by name, whatever its value; but
    for one that says that it is not wanted.
    """

    def refuse(value: object) -> None:
        if value in (None, "", [], {}, False) or _go_bool(value) is False:
            return
        raise PydanticCustomError(
            "not_supported",
            "{what}",
            {"what": f"{name} is not supported by driftvakt{f': {why}' if why else ''}"},
        )

    return Annotated[None, BeforeValidator(refuse)]
