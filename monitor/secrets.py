"""Which texts of an estate are secrets, so that logs can blank them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from monitor.estate import Estate
from probes.http_settings import HttpSettings

_NOT_SECRET = frozenset({"accept", "accept-language", "content-type", "soapaction", "user-agent"})


def secrets_of(estate: Estate) -> frozenset[str]:
    """Header values, passwords, tokens and query values, those in files as they are now."""
    found: set[str] = set()
    for check in estate.checks():
        if isinstance(check.settings, HttpSettings):
            found |= _of_http(check.settings)
    if estate.web.password_file is not None:
        found |= _in_file(estate.web.password_file)
    return frozenset(found)


def _of_http(settings: HttpSettings) -> set[str]:
    found = {value for name, value in settings.headers.items() if name.lower() not in _NOT_SECRET}
    found |= {word for value in found for word in value.split()[1:]}
    found |= {value for _, value in parse_qsl(urlsplit(settings.url).query)}
    files = [settings.bearer_token_file]
    if settings.basic_auth is not None:
        if settings.basic_auth.password is not None:
            found.add(settings.basic_auth.password)
        files.append(settings.basic_auth.password_file)
    for path in files:
        if path is not None:
            found |= _in_file(path)
    return found


def _in_file(path: Path) -> set[str]:
    try:
        return {path.read_text("utf-8").strip()}
    except (OSError, UnicodeDecodeError):
        return set()  # the check that needs it says so
