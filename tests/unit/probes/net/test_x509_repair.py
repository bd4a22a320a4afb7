"""What a strict reader refuses is read all the same, part by part."""

from __future__ import annotations

import pytest
from cryptography import x509

from probes.net.ber import Element, as_der, elements, encoded, first
from probes.net.x509 import read_certificate, read_chain, read_pem_certificate, server_names
from probes.net.x509_repair import MOST_MENDED, load
from tests.support.servers.ca import DAY, now
from tests.support.servers.chains import Made, make
from tests.support.servers.odd_certificates import REFUSED, also_for, pem, resigned

ROOT = make("Test Root CA")
LEAF = make("localhost", ROOT, hosts=("localhost",), not_after=now() + 2 * DAY)
ENDS = LEAF.certificate.not_valid_after_utc.timestamp()


def is_read_strictly(der: bytes) -> bool:
    """Whether cryptography takes all that we ask for."""
    try:
        parsed = x509.load_der_x509_certificate(der)
        _ = parsed.subject.rfc4514_string(), list(parsed.extensions)
    except Exception:  # noqa: BLE001 - of many types
        return False
    return True


@pytest.mark.parametrize("name", REFUSED)
def test_a_certificate_that_is_refused_is_read_all_the_same(name: str) -> None:
    """Its dates, names, key and identifiers are those that it has."""
    der = resigned(LEAF, ROOT, REFUSED[name])
    assert not is_read_strictly(der)
    read, right = read_certificate(der), read_certificate(LEAF.der)
    assert (read.not_before, read.not_after) == (right.not_before, ENDS)
    assert "CN=localhost" in read.subject
    assert read.issuer == "CN=Test Root CA"
    assert read.names == ("localhost",)
    assert (read.key_type, read.key_bits, read.serial) == ("ec", 256, right.serial)
    assert (read.signature_hash, read.authority, read.self_signed) == ("sha256", False, False)
    assert read.subject_key_id == right.subject_key_id
    assert server_names(der, {}) == {"localhost"}


def test_letters_are_those_that_were_meant() -> None:
    """Bytes that their type has no place for are UTF-8 or Latin-1."""
    for name, shown in (
        ("Latin-1 in a TeletexString", "O=Försäkring,CN=localhost"),
        ("a star in a PrintableString", "O=F*rsakring,CN=localhost"),
    ):
        assert read_certificate(resigned(LEAF, ROOT, REFUSED[name])).subject == shown


def test_the_first_place_is_never_anothers() -> None:
    """What cannot be read at all leaves no leaf, and not its issuer in the leaf's place."""
    assert read_chain([b"\x30\x03\x02\x01\x01", ROOT.der]) == ()
    seen = read_chain([LEAF.der, b"\x30\x03\x02\x01\x01", ROOT.der])
    assert [one.subject for one in seen] == ["CN=localhost", "CN=Test Root CA"]


def test_what_is_mended_of_a_chain_is_bounded() -> None:
    """A stranger's certificates of thousands of elements are not written anew one after the other."""
    edit = also_for(encoded(0xA5), *[encoded(0x82, b"a%d" % n) for n in range(1_500)])
    large = resigned(LEAF, ROOT, edit)
    assert MOST_MENDED / 2 < len(large) <= MOST_MENDED
    assert [len(one.names) for one in read_chain([large, large, large])] == [100]


def test_a_certificate_that_is_no_trouble_is_left_alone() -> None:
    """What can be read strictly is not touched: the signature still fits."""
    load(LEAF.der).verify_directly_issued_by(ROOT.certificate)


@pytest.mark.parametrize("label", ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"])
@pytest.mark.parametrize("name", ["a star in a PrintableString", "an ediPartyName"])
def test_our_own_certificate_is_read_as_openssl_reads_it(label: str, name: str) -> None:
    """Behind other text, under each of OpenSSL's labels, with its own additions."""
    der = resigned(LEAF, ROOT, REFUSED[name])
    more = encoded(0x30, encoded(0x0C, b"alias")) if label.startswith("TRUSTED") else b""
    text = b"Bag Attributes\r\n    friendlyName: odd\r\n" + pem(der + more, label) + pem(ROOT.der)
    assert read_pem_certificate(text) == read_certificate(der)


@pytest.mark.parametrize("content", [b"", b"text", b"-----BEGIN CERTIFICATE-----\nzz\n"])
def test_a_file_without_a_certificate_is_told(content: bytes) -> None:
    """It has none that can be read."""
    with pytest.raises(ValueError, match=r"."):
        read_pem_certificate(content)


@pytest.mark.parametrize(
    ("ber", "der"),
    [
        ("0101aa", "0101ff"),
        ("010100", "010100"),
        ("02020005", "020105"),
        ("02020080", "02020080"),
        ("0202ff80", "020180"),
        ("30800101010000", "30030101ff"),
        ("3081030101ff", "30030101ff"),
        ("3107020200010201" + "00", "3106020100020101"),
        ("13012a", "0c012a"),
        ("130141", "130141"),
        ("1602c3a5", "0c02c3a5"),
        ("1401e5", "0c02c3a5"),
        ("1e0200e5", "0c02c3a5"),
        ("1c04000000e5", "0c02c3a5"),
        ("0403010203", "0403010203"),
    ],
)
def test_ber_is_written_as_der(ber: str, der: str) -> None:
    """X.690, 10 and 11; strings in a type that has a place for them."""
    assert as_der(first(bytes.fromhex(ber))).hex() == der


@pytest.mark.parametrize("data", ["", "30", "3005", "308001", "0180", "1f8101", "30" + "80" * 40])
def test_what_is_not_even_ber_is_refused(data: str) -> None:
    """A length that leads out of the data, an end that does not come, an element without a content."""
    with pytest.raises(ValueError, match="element"):
        first(bytes.fromhex(data))


def test_elements_within_elements_have_an_end() -> None:
    """A thousand brackets are refused, and no stack overflows."""
    data = b""
    for _ in range(1_000):
        data = encoded(0x30, data)
    with pytest.raises(ValueError, match="element"):
        as_der(Element(0x30, data))
    with pytest.raises(ValueError, match="element"):
        list(elements(b"\x30\x80" * 1_000))


def test_made_certificates_are_what_they_say() -> None:
    """Each oddity of the table is one that this reader would not forgive."""
    assert isinstance(LEAF, Made)
    assert is_read_strictly(LEAF.der)
