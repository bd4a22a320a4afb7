"""The logo of the page, read once with the configuration."""

from __future__ import annotations

from pathlib import Path as FilePath

from monitor.settings.errors import Mark, Path, Report

LARGEST = 256 * 1024
"""Bytes."""
_PNG = b"\x89PNG\r\n\x1a\n"


def read_logo(file: FilePath, mark: Mark, path: Path, report: Report) -> tuple[bytes, str] | None:
    """The bytes and the content type, by what is in the file and not by its name; ``None`` with a
    fault where it cannot be used.
    """
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for
            report.fault(mark, path, "is not a file")
            return None
        with file.open("rb") as opened:
            body = opened.read(LARGEST + 1)
    except OSError as error:
        report.fault(mark, path, f"cannot be read: {error.strerror or 'an error'}")
        return None
    if len(body) > LARGEST:
        report.fault(mark, path, "is larger than 256 KiB: use a smaller picture")
        return None
    if body.startswith(_PNG):
        return body, "image/png"
    start = body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"<svg", b"<?xml", b"<!--", b"<!DOCTYPE svg")) and b"<svg" in start:
        return body, "image/svg+xml"
    report.fault(mark, path, "is neither PNG nor SVG: use one of them")
    return None
