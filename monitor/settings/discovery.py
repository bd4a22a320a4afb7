"""The section ``discovery``: where lists of targets are, and the check that each target becomes."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from monitor.settings.text import Name, NonEmpty
from probes.net.urls import Url
from probes.settings import (
    POSITIVE_DURATION_PATTERN,
    FilePath,
    Strict,
    parse_duration,
)

FILE_PATTERN = r"^[^*?\[\]]*(?:\*[^*?/\[\]]*)?\.(?:json|ya?ml)$"
SHORTEST_REFRESH = 1.0
"""Seconds."""


def _pattern(value: str) -> str:
    if not re.fullmatch(FILE_PATTERN[1:-1], value) or "\0" in value:
        raise PydanticCustomError(
            "pattern",
            "{shown} is not the path of a .json, .yml or .yaml file; one * may stand in the file's name",
            {"shown": repr(value)},
        )
    return value


def _refresh(value: object) -> float:
    seconds = parse_duration(value)
    if seconds < SHORTEST_REFRESH:
        raise PydanticCustomError("duration", "a refresh must be at least 1s")
    return seconds


class Discovery(
    Strict, json_schema_extra={"oneOf": [{"required": ["url"]}, {"required": ["file"]}]}
):
    """A list of targets, and what is made of each."""

    name: Name
    file: (
        Annotated[
            NonEmpty,
            AfterValidator(_pattern),
            WithJsonSchema({"type": "string", "pattern": FILE_PATTERN}),
        ]
        | None
    ) = None
    """One file, or with ``*`` all that there are; relative to the configuration's folder."""
    url: Url | None = None
    refresh: Annotated[
        float,
        BeforeValidator(_refresh),
        WithJsonSchema({"type": "string", "pattern": POSITIVE_DURATION_PATTERN}),
    ] = 60.0
    """Seconds between two requests; files are read when they change."""
    bearer_token_file: FilePath | None = None
    ca_file: FilePath | None = None
    max_targets: Annotated[int, Field(ge=1, le=100_000)] = 1000
    environment: Name
    service: NonEmpty
    template: Annotated[
        dict[str, Any],
        WithJsonSchema({"type": "object", "required": ["kind"], "minProperties": 1}),
    ]
    """The keys of a check, with placeholders."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.url is None) == (self.file is None):
            raise PydanticCustomError("discovery", "needs url or file, one of them")
        if self.url is None and (self.bearer_token_file or self.ca_file):
            raise PydanticCustomError(
                "discovery", "bearer_token_file and ca_file need url beside them"
            )
        return self
