"""What went wrong in an exchange of ours, in words."""

from __future__ import annotations

import ssl
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from monitor.support.exchange_faults import NO_ADDRESS, fault_of

PLACE: Any = SimpleNamespace(host="drift.example.se", port=443, ssl=True)
SECRET = "https://drift.example.se/hemlig"


def verification(message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, f"certificate verify failed: {message} (_ssl.c:1006)")
    error.verify_message = message
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            aiohttp.ClientConnectorCertificateError(PLACE, verification("certificate has expired")),
            "its certificate: certificate has expired",
        ),
        (
            aiohttp.ClientConnectorSSLError(
                PLACE, ssl.SSLError(1, "[SSL: NO_CIPHERS] no ciphers in common (_ssl.c:1006)")
            ),
            "no TLS: no ciphers in common",
        ),
        (
            aiohttp.ClientConnectorError(PLACE, ConnectionRefusedError(111, "Connection refused")),
            "no connection: Connection refused",
        ),
        (aiohttp.InvalidURL(SECRET), NO_ADDRESS),
        (ValueError(SECRET), NO_ADDRESS),
        (aiohttp.ServerDisconnectedError(), "the exchange broke off: ServerDisconnectedError"),
        (ConnectionResetError(), "the exchange broke off: ConnectionResetError"),
    ],
)
def test_each_is_what_it_is(error: Exception, said: str) -> None:
    """A certificate's error is a ValueError in Python, and no fault of the address."""
    assert fault_of(error) == said
