"""Character encodings that a server's text is read in: a closed list, whatever a server names.

Python also has codecs (punycode) that a long text stops, and XML libraries have some (UTF-7) that
hide what a text says.
"""

from __future__ import annotations

UTF8_BOM = b"\xef\xbb\xbf"
UTF8_NAMES = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
OTHER_CHARSETS = frozenset(
    {
        *(f"iso-8859-{part}" for part in (*range(1, 12), *range(13, 17))),
        *(f"windows-{page}" for page in range(1250, 1259)),
        "utf-16",
        "utf-16le",
        "utf-16be",
        "latin1",
        "cp1252",
    }
)


def as_utf8(body: bytes, charset: str | None) -> bytes:
    """The text of the body as UTF-8; what cannot be decoded is replaced."""
    name = (charset or "utf-8").lower()
    if name in OTHER_CHARSETS:
        return body.decode(name, "replace").encode("utf-8", "replace")
    text = body.removeprefix(UTF8_BOM)
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace").encode()
    return text
