"""The web server's own certificate and credentials, read from the files that the settings name."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from monitor.model.estate import WebSettings
from probes.net.watched_file import text_in


class WebAccessError(Exception):
    """A file of ``web:`` is missing or bad. The text says which, and holds no secret."""


@dataclass(frozen=True, slots=True)
class WebAccess:
    ssl: ssl.SSLContext | None = None
    credentials: tuple[str, str] | None = None


def load_access(settings: WebSettings) -> WebAccess:
    """Reads the files. Raises :class:`WebAccessError`: to serve openly what should be closed is
    no way out.
    """
    context = None
    if settings.cert_file is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(settings.cert_file, settings.key_file, password=lambda: "")
        except OSError as error:
            raise WebAccessError(
                f"web.tls: cannot use {settings.cert_file}: {error.strerror or error}"
            ) from None
    credentials = None
    if settings.username is not None and settings.password_file is not None:
        try:
            password = text_in(settings.password_file.read_bytes()).rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise WebAccessError(
                f"web.basic_auth: cannot read {settings.password_file}: {error}"
            ) from None
        if not password:
            raise WebAccessError(f"web.basic_auth: {settings.password_file} is empty")
        credentials = settings.username, password
    return WebAccess(context, credentials)
