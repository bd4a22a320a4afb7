"""What a name in a certificate means: RFC 9525, as Go and browsers have it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from cryptography import x509

from probes.net.reference_identity import is_for
from probes.net.urls import ascii_host
from probes.net.x509 import server_names
from tests.support.servers.chains import make
from tests.support.servers.odd_certificates import REFUSED, resigned


@pytest.mark.parametrize(
    ("host", "name", "right"),
    [
        ("expo.example.se", "expo.example.se", True),
        ("expo.example.se", "EXPO.Example.se", True),
        ("Expo.Example.SE", "expo.example.se", True),
        ("expo.example.se.", "expo.example.se", True),
        ("expo.example.se", "expo.example.se.", True),
        ("expo.example.se.", "expo.example.se.", True),
        ("expo.example.se", "other.example.se", False),
        ("expo.example.se", "example.se", False),
        ("example.se", "expo.example.se", False),
        ("expo.example.se", " expo.example.se", False),
        ("expo.example.se", ".example.se", False),
        ("a_b.example.se", "a_b.example.se", True),
        # wildcards: one whole label, the first (6.3)
        ("expo.example.se", "*.example.se", True),
        ("expo.example.se.", "*.EXAMPLE.se", True),
        ("a_b.example.se", "*.example.se", True),
        ("xn--lkare-gra.example.se", "*.example.se", True),
        ("a.expo.example.se", "*.example.se", False),
        ("example.se", "*.example.se", False),
        (".example.se", "*.example.se", False),
        ("expo.example.se", "ex*.example.se", False),
        ("expo.example.se", "*o.example.se", False),
        ("expo.example.se", "e*o.example.se", False),
        ("a.expo.example.se", "a.*.example.se", False),
        ("a.expo.example.se", "*.*.example.se", False),
        ("expo.example.se", "*", False),
        ("localhost", "*", False),
        ("expo.test", "*.test", True),
        # other scripts, in ASCII (RFC 5280, 7.2)
        ("läkare.example.se", "xn--lkare-gra.example.se", True),
        ("LÄKARE.example.se", "XN--LKARE-GRA.example.se", True),
        ("straße.example.se", "xn--strae-oqa.example.se", True),
        ("strasse.example.se", "xn--strae-oqa.example.se", False),
        # an address is no name, and no name an address (6.4)
        ("192.0.2.10", "192.0.2.10", False),
        ("192.0.2.10", "*.0.2.10", False),
        ("::1", "::1", False),
    ],
)
def test_a_dns_name(host: str, name: str, right: bool) -> None:
    """A certificate for ``name`` is ``host``'s, or is not."""
    alternative = x509.SubjectAlternativeName([x509.DNSName(name)])
    made = make("x", extensions=(alternative,))
    assert is_for(ascii_host(host), server_names(made.der, {})) is right


@pytest.mark.parametrize(
    ("host", "address", "right"),
    [
        ("192.0.2.10", "192.0.2.10", True),
        ("192.0.2.10", "192.0.2.11", False),
        ("2001:DB8:0::1", "2001:db8::1", True),
        ("expo.example.se", "192.0.2.10", False),
    ],
)
def test_an_address(host: str, address: str, right: bool) -> None:
    """An iPAddress is one, at whatever length it is written."""
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    made = make("x", extensions=(alternative,))
    assert is_for(ascii_host(host), server_names(made.der, {})) is right


def test_the_common_name_is_no_name() -> None:
    """Not even where there is no other (RFC 9525, 2)."""
    made = make("expo.example.se")
    assert server_names(made.der, {}) == frozenset()
    mail = x509.SubjectAlternativeName([x509.RFC822Name("it@expo.example.se")])
    assert server_names(make("expo.example.se", extensions=(mail,)).der, {}) == frozenset()


def test_every_name_counts() -> None:
    """More than are kept for showing, and those beside what cannot be read."""
    many = make("x", hosts=tuple(f"a{n}.example.se" for n in range(500)))
    assert is_for("a499.example.se", server_names(many.der, {}))
    root, leaf = make("Root"), make("localhost", make("Root"), hosts=("localhost",))
    der = resigned(leaf, root, REFUSED["a name of eight bits"])
    assert server_names(der, {}) == {"localhost"}


def test_openssl_is_asked_for_what_cannot_be_read() -> None:
    """In the form of ``getpeercert``."""
    told = {
        "subjectAltName": (
            ("DNS", "Expo.Example.se"),
            ("IP Address", "2001:DB8:0:0:0:0:0:1"),
            ("IP Address", "<invalid>"),
            ("email", "it@example.se"),
        )
    }
    assert server_names(b"\x30\x00", told) == {"expo.example.se", "2001:db8::1"}
