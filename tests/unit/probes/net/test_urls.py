"""Hosts and addresses of a configuration: one form of each, and what is none."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from probes.certificate.settings import CertificateSettings
from probes.dns.settings import DnsSettings, normal_answer
from probes.http.settings import HttpSettings
from probes.net.urls import ascii_host, endpoint_of, mended, parsed_url, percent_encoded, split_url
from probes.settings import ProbeSettings, is_ip
from probes.tcp import TcpSettings


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("Expo.Example.SE", "expo.example.se"),
        ("expo.example.se.", "expo.example.se."),
        ("läkare.example.se", "xn--lkare-gra.example.se"),
        ("straße.example.se", "xn--strae-oqa.example.se"),
        ("a_b.example.se", "a_b.example.se"),
        ("0:0:0::1", "::1"),
        ("2001:DB8::A", "2001:db8::a"),
        ("192.0.2.10", "192.0.2.10"),
    ],
)
def test_a_host_has_one_form(written: str, form: str) -> None:
    """And the form is its own."""
    assert ascii_host(written) == form
    assert ascii_host(form) == form


@pytest.mark.parametrize("written", ["\u202e.test", "a" * 70 + "å.test"])
def test_what_cannot_be_a_name_is_refused(written: str) -> None:
    """Where it is read, with a reason."""
    with pytest.raises(ValueError, match=r"."):
        ascii_host(written)
    assert split_url(f"http://{written}/") == (
        None,
        "is not an address: its host cannot be a name",
    )


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("HTTP://Expo.Example.SE:80/A", "http://expo.example.se/A"),
        ("https://expo.example.se:443", "https://expo.example.se/"),
        ("https://expo.example.se:", "https://expo.example.se/"),
        ("http://expo.example.se:443/?a={b}|c", "http://expo.example.se:443/?a={b}|c"),
        ("http://[0::1]:81/%7e", "http://[::1]:81/%7e"),
        ("http://läkare.example.se/ä?ö#å", "http://xn--lkare-gra.example.se/%C3%A4?%C3%B6#%C3%A5"),
    ],
)
def test_an_address_is_asked_for_in_one_form(written: str, asked: str) -> None:
    """What may stand on the wire is left as it is written."""
    assert str(parsed_url(written)) == asked
    assert endpoint_of(written) == endpoint_of(asked)


def test_what_should_have_been_encoded_is() -> None:
    """Spaces, other scripts, and bytes that are no text; never a host."""
    assert percent_encoded("a b%20å\udce5\udcff|~") == "a%20b%20%C3%A5%E5%FF|~"
    assert mended("http://a b.se/a b") == "http://a b.se/a%20b"
    assert mended("//läkare.se/ä") == "//läkare.se/%C3%A4"
    assert mended("ä b") == "%C3%A4%20b"


ZONED: list[tuple[type[ProbeSettings], dict[str, Any]]] = [
    (TcpSettings, {"host": "fe80::1%eth0", "port": 1}),
    (TcpSettings, {"host": "a.example.se", "port": 1, "address": "fe80::1%eth0"}),
    (CertificateSettings, {"host": "fe80::1%2"}),
    (CertificateSettings, {"host": "a.example.se", "address": "fe80::1%2"}),
    (CertificateSettings, {"host": "a.example.se", "tls": {"server_name": "fe80::1%eth0"}}),
    (HttpSettings, {"url": "http://a.example.se/", "address": "fe80::1%eth0"}),
    (DnsSettings, {"host": "a.example.se", "resolver": "fe80::1%eth0"}),
    (DnsSettings, {"host": "a.example.se", "resolver": "[fe80::1%eth0]:53"}),
    (DnsSettings, {"host": "fe80::1%eth0", "record": "PTR"}),
]


@pytest.mark.parametrize(("settings", "values"), ZONED)
def test_a_zone_is_refused_with_a_reason(
    settings: type[ProbeSettings], values: dict[str, Any]
) -> None:
    """Where it is written, before anything is asked."""
    with pytest.raises(ValidationError) as caught:
        settings.model_validate(values)
    assert "holds a zone identifier" in str(caught.value)


@pytest.mark.parametrize("url", ["http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]:80/"])
def test_a_zone_in_a_web_address_is_refused_too(url: str) -> None:
    """RFC 6874 let it in, browsers never did."""
    with pytest.raises(ValidationError, match=r"holds a %, as of a zone"):
        HttpSettings.model_validate({"url": url})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("v=spf1 -all", "v=spf1 -all"),
        ('"v=spf1 " "-all"', "v=spf1 -all"),
        (' "a"\t"b" ', "ab"),
        ('"a" b', '"a" b'),
        ('a "b"', 'a "b"'),
        ('"a', '"a'),
        ('""', ""),
        (r'"a\"b\\c\;d"', r'a"b\c;d'),
        (r'"\195\165"', "å"),
        (r'"\229"', "\udce5"),
        ("Key", "Key"),
        ("å", "å"),
    ],
)
def test_a_text_is_expected_as_it_is_or_as_a_zone_file_has_it(written: str, meant: str) -> None:
    """RFC 1035, 5.1: in quotation marks, strings joined, escapes undone."""
    assert normal_answer(written, "TXT") == meant


def test_other_records_are_the_same_in_any_case() -> None:
    """Names without their dot, addresses at their shortest."""
    assert normal_answer("10 Mail.Example.SE.", "MX") == "10 mail.example.se"
    assert normal_answer("2001:DB8:0::1", "AAAA") == "2001:db8::1"
    with pytest.raises(ValueError, match=r"."):
        normal_answer("x", "A")


@given(st.lists(st.sampled_from(["0", "1", "01", "255", "256", "", "٣", " 1", "a"])).map(".".join))
def test_an_address_is_what_the_standard_library_takes_for_one(text: str) -> None:
    """However it is found out."""
    try:
        ip_address(text)
    except ValueError:
        assert not is_ip(text)
    else:
        assert is_ip(text)
