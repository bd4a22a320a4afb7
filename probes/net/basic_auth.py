"""Basic credentials as they are sent (RFC 7617)."""

from __future__ import annotations

from base64 import b64encode


def basic_credentials(user: str, password: str) -> str:
    """What follows the word ``Basic``; the user's name holds no colon."""
    return b64encode(f"{user}:{password}".encode()).decode()
