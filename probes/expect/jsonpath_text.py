"""The text of an RFC 9535 query, as a setting."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from probes.expect.patterns import PATH_LIMIT


def _checked(source: str) -> str:
    # a configuration without any need not import what reads them
    from probes.expect.jsonpath import JsonPathQuery

    try:
        JsonPathQuery(source)
    except ValueError as error:
        raise PydanticCustomError(
            "jsonpath",
            "{shown} is not a JSONPath (RFC 9535): {error}",
            {"shown": repr(source), "error": str(error)},
        ) from None
    return source


JsonPathText = Annotated[
    str,
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "pattern": r"^\$", "maxLength": PATH_LIMIT}),
]
"""The source of a query, known to compile."""
