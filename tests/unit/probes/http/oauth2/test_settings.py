"""Settings of ``oauth2`` and ``proxy_url``: what is taken, and what they are read as."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from probes.http.oauth2.settings import OAuth2Settings
from probes.http.settings import HttpSettings
from probes.net.proxy_address import Proxy
from probes.settings import TlsSettings

TOKEN = {"token_url": "https://idp.example.se/token", "client_id": "expo"}


def http(**more: Any) -> HttpSettings:
    return HttpSettings.model_validate({"url": "https://expo.example.se/", **more})


@pytest.mark.parametrize(
    ("url", "host", "port", "credentials"),
    [
        ("http://proxy.example.se:3128", "proxy.example.se", 3128, None),
        ("http://proxy.example.se", "proxy.example.se", 80, None),
        ("http://proxy.example.se:3128/", "proxy.example.se", 3128, None),
        ("http://[2001:db8::1]:3128", "2001:db8::1", 3128, None),
        ("http://u:p%40%C3%A5%25@192.0.2.1:8080", "192.0.2.1", 8080, "u:p@å%"),
        ("http://u@proxy:1", "proxy", 1, "u:"),
        ("http://u:p:q@proxy:1", "proxy", 1, "u:p:q"),
    ],
)
def test_a_proxy_s_address(url: str, host: str, port: int, credentials: str | None) -> None:
    """Host, port and what is told it; never in its representation."""
    proxy = Proxy.of(http(proxy_url=url).proxy_url)
    assert proxy is not None
    assert (proxy.host, proxy.port) == (host, port)
    headers = proxy.headers()
    if credentials is None:
        assert headers == {}
    else:
        sent = headers["Proxy-Authorization"].removeprefix("Basic ")
        assert b64decode(sent).decode() == credentials
        assert sent not in repr(proxy)


def test_a_proxy_changes_nothing_of_who_is_measured() -> None:
    """Target and endpoint are the target's."""
    settings = http(proxy_url="http://proxy.example.se:3128")
    assert settings.target() == "https://expo.example.se/"
    assert settings.endpoint() == ("expo.example.se", 443)


def test_of_the_check_s_tls_what_is_not_the_target_s_alone() -> None:
    """Authorities and our certificate go along to the token service; name and versions do not."""
    check = TlsSettings(
        ca_file=Path("ca"),
        cert_file=Path("c"),
        key_file=Path("k"),
        server_name="expo.example.se",
        max_version="TLSv1.2",
    )
    asked = OAuth2Settings.model_validate(TOKEN | {"client_secret": "s"})
    assert asked.towards_service(check) == TlsSettings(
        ca_file=Path("ca"), cert_file=Path("c"), key_file=Path("k")
    )
    own = TlsSettings(ca_file=Path("other"))
    assert asked.model_copy(update={"tls": own}).towards_service(check) == own


@pytest.mark.parametrize(
    ("more", "tls"),
    [
        ({"client_secret": "s"}, {}),
        ({"client_secret_file": "s"}, {}),
        ({"private_key_file": "k"}, {}),
        ({"grant": "saml2-bearer", "assertion_file": "a"}, {}),
        ({"tls": {"cert_file": "c"}}, {}),
        ({}, {"cert_file": "c"}),
    ],
)
def test_ways_to_say_who_we_are(more: dict[str, Any], tls: dict[str, Any]) -> None:
    """Each of them will do."""
    assert http(oauth2=TOKEN | more, tls=tls).oauth2 is not None


def test_somebody_who_does_not_say_who_he_is() -> None:
    """Also when ``oauth2.tls`` takes the check's certificate out of the way."""
    for more, tls in (({}, {}), ({"tls": {"ca_file": "a"}}, {"cert_file": "c"})):
        with pytest.raises(ValidationError, match="oauth2 needs one of client_secret_file"):
            http(oauth2=TOKEN | more, tls=tls)
