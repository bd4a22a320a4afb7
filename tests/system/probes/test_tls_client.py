"""TLS as curl, Go and browsers speak it: what is on offer, what is asked for later, whom a certificate names."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Reason
from tests.support.probes.asking import Names, ask_certificate, ask_http
from tests.support.servers.ca import Authority
from tests.support.servers.chains import Chains
from tests.support.servers.http_server import serve_http
from tests.support.servers.openssl import serve_openssl
from tests.support.servers.retry_later import serve_asking_later

NO_SECRECY = "is weak: it has no forward secrecy"
SUITES = [
    ("AES128-SHA", True, f"the cipher suite AES128-SHA {NO_SECRECY}"),
    ("AES256-GCM-SHA384", True, f"the cipher suite AES256-GCM-SHA384 {NO_SECRECY}"),
    ("ECDHE-RSA-AES128-SHA", True, "the cipher suite ECDHE-RSA-AES128-SHA is weak: it is CBC with SHA-1"),
    ("ECDHE-ECDSA-AES256-SHA", False, "the cipher suite ECDHE-ECDSA-AES256-SHA is weak: it is CBC with SHA-1"),
    ("ECDHE-RSA-AES128-SHA256", True, ""),
    ("DHE-RSA-AES128-GCM-SHA256", True, ""),
    ("ECDHE-RSA-CHACHA20-POLY1305", True, ""),
]  # fmt: skip


@pytest.mark.parametrize(("suite", "rsa", "said"), SUITES)
async def test_what_others_offer_is_on_offer(
    context: ProbeContext, authority: Authority, suite: str, rsa: bool, said: str
) -> None:
    """A server of an old suite is no fault, for its users reach it: it is a word."""
    pair = authority.issue(rsa_key=rsa)
    tls = {"ca_file": authority.ca_file}
    async with serve_openssl(pair, "-tls1_2", "-cipher", suite) as port:
        visit = await ask_http(context, f"https://127.0.0.1:{port}/", tls=tls)
        seen = await ask_certificate(context, "127.0.0.1", port, tls=tls, expires_within="auto")
    assert visit.tls is not None
    assert visit.tls.cipher == suite
    for one in (visit, seen):
        assert (one.grade, one.detail) == (Grade.GOOD, said)


async def test_a_short_key_is_a_word_and_a_fault_where_that_is_asked(
    context: ProbeContext, authority: Authority
) -> None:
    """Go and browsers take 1,024 bits; kind ``certificate`` has ``min_key_bits``."""
    tls = {"ca_file": authority.ca_file}
    async with serve_http(tls=authority.server_context(authority.weak)) as server:
        server.answer()
        url = server.url(host="localhost")
        visit = await ask_http(context, url, address="127.0.0.1", tls=tls)
        seen = await ask_certificate(
            context, "localhost", server.port, address="127.0.0.1", tls=tls
        )
        taken = await ask_certificate(
            context,
            "localhost",
            server.port,
            address="127.0.0.1",
            tls=tls,
            min_key_bits={"rsa": 1024},
        )
    assert visit.grade is Grade.GOOD
    assert visit.detail == "the certificate has an rsa key of 1024 bits, at least 2048 expected"
    assert (seen.reason, seen.cause) == (Reason.TLS_WEAK, Cause.TARGET)
    assert taken.grade is Grade.GOOD


async def test_a_key_that_nobody_takes_is_refused(
    context: ProbeContext, authority: Authority
) -> None:
    """TLS 1.1 and older stay refused too, unless they are asked for."""
    pair = authority.issue(rsa_key=True)
    async with serve_openssl(pair, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0") as port:
        seen = await ask_http(
            context, f"https://127.0.0.1:{port}/", tls={"ca_file": authority.ca_file}
        )
    assert seen.reason is Reason.TLS_VERSION


async def test_a_certificate_that_is_asked_for_later(
    context: ProbeContext, authority: Authority
) -> None:
    """After the handshake, for a location (RFC 8446, 4.6.2): who has one shows it, who has none is told so."""
    tls = {"ca_file": authority.ca_file}
    mine = {"cert_file": authority.client.cert_file, "key_file": authority.client.key_file}
    with serve_asking_later(authority.valid, authority.ca_file) as port:
        url = f"https://127.0.0.1:{port}/"
        let_in = await ask_http(context, url, tls=tls | mine)
        refused = await ask_http(context, url, tls=tls)
    assert (let_in.grade, let_in.detail) == (Grade.GOOD, "")
    assert (refused.reason, refused.detail) == (Reason.STATUS, "HTTP 403, expected 2xx")


async def test_the_common_name_is_no_name(
    context: ProbeContext, authority: Authority, tmp_path: Path
) -> None:
    """RFC 9525, 2: no browser has looked at it since 2017, nor does Go."""
    chains = Chains(tmp_path)
    leaf = chains.issue(chains.root, hosts=("192.0.2.10",))
    async with serve_http(tls=authority.server_context(chains.pair(leaf))) as server:
        seen = await ask_http(
            context,
            f"https://expo.ext5.example.se:{server.port}/",
            address="127.0.0.1",
            tls={"ca_file": chains.ca_file},
        )
        assert server.arrivals == []  # nothing is said to a stranger
    assert "CN=expo.ext5.example.se" in str(seen.tls)
    assert seen.reason is Reason.TLS_HOSTNAME
    assert seen.detail == "the certificate is not for expo.ext5.example.se: it is for 192.0.2.10"


async def test_a_wildcard_stands_for_a_name_with_an_underscore(authority: Authority) -> None:
    """And for one in another script; not for two labels."""
    pair = authority.issue("*.example.se")
    known = Names(**{"a.expo_example_se": ("127.0.0.1",)})
    known.known |= dict.fromkeys(
        ("a_b.example.se", "xn--lkare-gra.example.se", "a.b.example.se"), ("127.0.0.1",)
    )
    async with (
        serve_http(tls=authority.server_context(pair)) as server,
        ProbeContext(resolver=known) as context,
    ):
        server.answer()
        found = {
            host: (
                await ask_http(
                    context,
                    f"https://{host}:{server.port}/",
                    tls={"ca_file": authority.ca_file},
                )
            ).reason
            for host in ("a_b.example.se", "läkare.example.se", "a.b.example.se")
        }
    assert found == {
        "a_b.example.se": None,
        "läkare.example.se": None,
        "a.b.example.se": Reason.TLS_HOSTNAME,
    }


async def test_a_misnamed_server_can_be_expected(
    context: ProbeContext, authority: Authority
) -> None:
    """``expect.failure: tls`` means the names too, for both kinds."""
    async with serve_http(tls=authority.server_context(authority.misnamed)) as server:
        server.answer()
        tls, expect = {"ca_file": authority.ca_file}, {"failure": "tls"}
        visit = await ask_http(context, server.url(), tls=tls, expect=expect)
        seen = await ask_certificate(context, server.host, server.port, tls=tls, expect=expect)
    assert (visit.grade, seen.grade) == (Grade.GOOD, Grade.GOOD)
