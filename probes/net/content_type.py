"""What a ``Content-Type`` says of a text (RFC 9110, 8.3)."""

from __future__ import annotations

import re
from functools import lru_cache

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a token of RFC 9110, 5.6.2
_PARAMETER = re.compile(rf';\s*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))')
_ESCAPED = re.compile(r"\\(.)")


@lru_cache(maxsize=64)
def charset_of(field: str | None) -> str | None:
    """The charset as it is written, the first where there are several; ``None`` where none is named."""
    for name, quoted, plain in _PARAMETER.findall(field or ""):
        if name.lower() == "charset":
            return plain or _ESCAPED.sub(r"\1", quoted)
    return None
