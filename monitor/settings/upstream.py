"""Settings of ``stated_url``: where an agency publishes its own colour, and what it means here."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from monitor.model.estate import StatedSource
from probes.expect.content_settings import NamespaceName, Prefix
from probes.expect.jsonpath_text import JsonPathText
from probes.expect.xpath import XPathQuery, XPathText
from probes.net.urls import Url
from probes.settings import Strict


class StatedUrl(
    Strict, json_schema_extra={"oneOf": [{"required": ["jsonpath"]}, {"required": ["xpath"]}]}
):
    """An address that says how the owner of the target thinks that it is."""

    url: Url
    jsonpath: JsonPathText | None = None
    xpath: XPathText | None = None
    namespaces: dict[Prefix, NamespaceName] = Field(default_factory=dict)
    """What the prefixes of ``xpath`` stand for."""
    map: Annotated[
        dict[
            Annotated[str, Field(min_length=1, max_length=200)], Literal["green", "yellow", "red"]
        ],
        Field(min_length=1, max_length=100),
    ]
    """Its words and ours."""

    @model_validator(mode="after")
    def _one_path(self) -> Self:
        if (self.jsonpath is None) == (self.xpath is None):
            raise PydanticCustomError("stated", "needs jsonpath or xpath, one of them")
        if self.xpath is not None:
            unknown = sorted(
                XPathQuery(self.xpath, self.namespaces).prefixes - set(self.namespaces)
            )
            if unknown:
                raise PydanticCustomError(
                    "stated", "xpath uses the prefix {name}, which namespaces does not have",
                    {"name": unknown[0]},
                )  # fmt: skip
        return self

    def source(self) -> StatedSource:
        return StatedSource(
            url=self.url,
            jsonpath=self.jsonpath,
            xpath=self.xpath,
            namespaces=tuple(sorted(self.namespaces.items())),
            words=tuple(sorted(self.map.items())),
        )
