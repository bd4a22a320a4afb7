"""Pure: what went wrong in an exchange of ours over HTTP, in words that hold no address."""

from __future__ import annotations

import re
import ssl

from probes.observation import clean

NO_ADDRESS = "the address is not an http or https URL"
_PLACE = re.compile(r"\s*\(_ssl\.c:\d+\)|\[[A-Z0-9_:! ]+\]\s*")


def fault_of(error: Exception) -> str:
    """Of what an aiohttp session raises: its own errors, ``OSError``, ``ValueError``."""
    import aiohttp  # whoever asks has it already; a daemon that asks nobody probes without it

    # a certificate's error is a ValueError, too: it comes first
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return clean(f"its certificate: {_bare(error.certificate_error)}")
    if isinstance(error, aiohttp.ClientConnectorError):
        why = error.os_error
        if isinstance(why, ssl.SSLError):
            return clean(f"no TLS: {_bare(why)}")
        return clean(f"no connection: {why.strerror or type(why).__name__}")
    if isinstance(error, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError)):
        return NO_ADDRESS
    return f"the exchange broke off: {type(error).__name__}"


def _bare(error: BaseException) -> str:
    """Without OpenSSL's names and the places in its source."""
    verified = getattr(error, "verify_message", "")
    return str(verified) or _PLACE.sub("", str(error)).strip() or type(error).__name__
