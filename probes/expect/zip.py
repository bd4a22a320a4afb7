"""``expect.zip``: an export file that is whole, holds what it must, and whose XML is well-formed.

Nothing is extracted: each member is read as a stream, its CRC checked, and thrown away. What a
member says of itself is not believed: sizes are counted, and only the two usual methods are read,
whose decompression is bounded.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from fnmatch import fnmatchcase
from typing import IO

from probes.expect.content_settings import ZipSettings
from probes.expect.json_body import NotAnswered
from probes.expect.response import QUOTED, Shortfall, quoted
from probes.expect.xml_body import XmlChecker
from probes.net.work_threads import Stop
from probes.observation import Reason, clean

MAX_MEMBERS = 10_000
MAX_RATIO = 250
"""Times that all members together may be larger than the file, above ``RATIO_FREE`` bytes."""
RATIO_FREE = 16 * 1024 * 1024
CHUNK = 64 * 1024
_ENTRY = b"PK\x01\x02"
_LOCAL_HEADER = 30
_ENCRYPTED = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,  # also UnicodeDecodeError
    LookupError,
    ArithmeticError,
    NotImplementedError,
    RuntimeError,
)
"""What the library raises of a broken file."""


class _TooLarge(Exception):
    """More bytes come out than are allowed; says how many."""


class _Stopped(Exception):
    """Nobody waits for the result."""


def zip_shortfall(body: bytes, settings: ZipSettings, stop: Stop) -> Shortfall | None:
    """What is wrong with the file. When ``stop`` says so it ends early, with nothing found."""
    if body.count(_ENTRY) > MAX_MEMBERS:
        return _told(f"the zip file has more than {MAX_MEMBERS} members")
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except _BROKEN as error:
        if "not a zip file" in str(error):
            return _told("the body is no zip file, or its end is missing")
        return _told(f"the body is no whole zip file: {clean(_words(error), QUOTED)}")
    with archive:
        try:
            return _Archive(archive, len(body), settings, stop).shortfall()
        except _TooLarge as error:
            return Shortfall(reason=Reason.TOO_LARGE, detail=str(error))
        except _Stopped:
            return None


class _Archive:
    """One file while it is read."""

    def __init__(
        self, archive: zipfile.ZipFile, size: int, settings: ZipSettings, stop: Stop
    ) -> None:
        self._archive = archive
        self._settings = settings
        self._stop = stop
        self._xml = XmlChecker()
        self._read = 0
        self._most = settings.max_bytes
        self._most_by_ratio = max(RATIO_FREE, MAX_RATIO * size)

    def shortfall(self) -> Shortfall | None:
        members = self._archive.infolist()
        fault = _overlap(members, self._archive.start_dir)
        if fault is not None:
            return _told(fault)
        # not `is_dir`: it fails where a stranger's file gives a member no name
        names = [one.filename for one in members if not one.filename.endswith("/")]
        wanted = set()
        for pattern in self._settings.contains:
            if self._stop():
                raise _Stopped
            matched = {name for name in names if fnmatchcase(name, pattern)}
            if not matched:
                return _told(f"no member of the zip file matches {quoted(pattern)}")
            wanted |= matched
        for member in members:
            fault = self._fault_of(member, xml=member.filename in wanted)
            if fault is not None:
                return _told(f"{clean(member.filename, QUOTED)} in the zip file {fault}")
        return None

    def _fault_of(self, member: zipfile.ZipInfo, *, xml: bool) -> str | None:
        if member.flag_bits & _ENCRYPTED:
            return "is encrypted"
        if member.compress_type not in _METHODS:
            return f"is compressed by method {member.compress_type}, which is not read"
        try:
            with self._archive.open(member) as stream:
                source = _Member(self, stream)
                if xml and member.filename.lower().endswith(".xml"):
                    self._xml.check(source)
                while source.read(CHUNK):
                    pass
        except NotAnswered as trouble:
            return f"is not well-formed: {trouble}"
        except _BROKEN as error:
            return f"is broken: {clean(_words(error), QUOTED)}"
        return None

    def count(self, size: int) -> None:
        """Adds bytes that came out. Raises when they are too many, or nobody waits."""
        self._read += size
        if self._read > self._most:
            raise _TooLarge(f"the members of the zip file have more than {self._most} bytes")
        if self._read > self._most_by_ratio:
            raise _TooLarge(f"the members of the zip file are over {MAX_RATIO} times its size")
        if self._stop():
            raise _Stopped


class _Member:
    """A member's bytes, counted."""

    def __init__(self, archive: _Archive, stream: IO[bytes]) -> None:
        self._archive = archive
        self._stream = stream

    def read(self, size: int) -> bytes:
        part = self._stream.read(min(size, CHUNK))
        self._archive.count(len(part))
        return part


def _overlap(members: list[zipfile.ZipInfo], end: int) -> str | None:
    """Members that share bytes make a small file endless."""
    for member in sorted(members, key=lambda one: -one.header_offset):
        if member.header_offset < 0:
            return f"{clean(member.filename, QUOTED)} in the zip file begins before the file does"
        if member.header_offset + _LOCAL_HEADER + member.compress_size > end:
            return f"{clean(member.filename, QUOTED)} in the zip file overlaps what follows it"
        end = member.header_offset
    return None


def _told(detail: str) -> Shortfall:
    return Shortfall(reason=Reason.BODY, detail=detail)


def _words(error: BaseException) -> str:
    text = str(error)
    return f"{text[:1].lower()}{text[1:]}" if text else type(error).__name__
