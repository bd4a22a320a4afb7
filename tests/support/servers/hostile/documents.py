"""Documents and archives, well made: what is hostile about them is what they are made of."""

from __future__ import annotations

import io
import zipfile

from tests.support.servers.raw_server import Script, say


def body(content: bytes, kind: str) -> Script:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
    return say(head.encode() + content)


def json(content: bytes) -> Script:
    return body(content, "application/json")


def xml(content: bytes, kind: str = "application/xml") -> Script:
    return body(content, kind)


def entities(declared: bytes, content: bytes) -> bytes:
    return b'<?xml version="1.0"?><!DOCTYPE r [' + declared + b"]><r>" + content + b"</r>"


def archive(*members: tuple[str, bytes], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", packed) as made:
        for name, content in members:
            made.writestr(name, content)
    return stored.getvalue()
