"""What a server sends beside its own certificate: order, gaps, strength and dates of each."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.probes.asking import Names, ask_certificate, ask_http
from tests.support.servers.ca import Authority, now
from tests.support.servers.chains import Chains, Made, make
from tests.support.servers.http_server import serve_http

DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Chains:
    return Chains(tmp_path_factory.mktemp("chains"))


async def look(
    context: ProbeContext,
    authority: Authority,
    chains: Chains,
    *sent: Made,
    ca_file: Path | None = None,
    skip_verify: bool = False,
    host: str = "localhost",
    **more: Any,
) -> Observation:
    """A probe of a server that sends these; the root is trusted."""
    tls_context = authority.server_context(chains.pair(*sent))
    tls = {"ca_file": ca_file or chains.ca_file, "insecure_skip_verify": skip_verify}
    async with serve_http(tls=tls_context) as server:
        return await ask_certificate(
            context, host, server.port, address="127.0.0.1", tls=tls, **more
        )


def outcome(seen: Observation) -> tuple[Grade, Reason | None, Cause | None]:
    return seen.grade, seen.reason, seen.cause


UNTRUSTED = (Grade.FAILED, Reason.TLS_UNTRUSTED, Cause.TARGET)
WEAK = (Grade.FAILED, Reason.TLS_WEAK, Cause.TARGET)


async def test_a_whole_chain_is_good_and_has_its_root(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    """The root is not sent, and known all the same: from what was verified."""
    seen = await look(context, authority, chains, chains.leaf, chains.function, chains.policy)
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    assert seen.tls is not None
    assert [one.sha256 for one in seen.tls.verified_chain] == [
        made.sha256 for made in (chains.leaf, chains.function, chains.policy, chains.root)
    ]
    assert len(seen.tls.chain) == 3


async def test_a_root_sent_along_is_no_fault(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    every = (chains.leaf, chains.function, chains.policy, chains.root)
    seen = await look(context, authority, chains, *every, strict_chain=True)
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")


async def test_a_missing_intermediate_is_named(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    """A server that sends its own certificate alone, the commonest fault of all."""
    seen = await look(context, authority, chains, chains.leaf)
    assert outcome(seen) == UNTRUSTED
    assert seen.detail == (
        "the certificate of CN=Test Function CA is missing: not sent, and not trusted here"
    )
    above = await look(context, authority, chains, chains.leaf, chains.function)
    assert "CN=Test Policy CA is missing" in above.detail
    gap = await look(context, authority, chains, chains.leaf, chains.policy)
    assert "CN=Test Function CA is missing" in gap.detail


async def test_kind_http_names_what_is_missing_too(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    tls_context = authority.server_context(chains.pair(chains.leaf))
    async with serve_http(tls=tls_context) as server:
        seen = await ask_http(
            context, server.url(), address="127.0.0.1", tls={"ca_file": chains.ca_file}
        )
    assert outcome(seen) == UNTRUSTED
    assert "CN=Test Function CA is missing" in seen.detail


async def test_an_authority_that_nobody_trusts_is_named(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    """A whole chain up to a strange root, and a certificate that signed itself."""
    strange = make("Strange Root CA")
    leaf = chains.issue(strange)
    seen = await look(context, authority, chains, leaf, strange)
    assert outcome(seen) == UNTRUSTED
    assert seen.detail == "the chain ends in CN=Strange Root CA, which is not trusted here"
    alone = make("expo.ext5.example.se", hosts=("localhost",))
    seen = await look(context, authority, chains, alone)
    assert outcome(seen) == UNTRUSTED
    assert seen.detail == (
        "the certificate CN=expo.ext5.example.se is self-signed, and not trusted here"
    )


async def test_a_chain_out_of_order_is_a_note_unless_it_must_not_be(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    """We verify it; some clients do not (RFC 5246, 7.4.2)."""
    sent = (chains.leaf, chains.policy, chains.function)
    words = "the chain is out of order: CN=Test Function CA comes after its own issuer"
    seen = await look(context, authority, chains, *sent)
    assert (seen.grade, seen.reason, seen.detail) == (Grade.GOOD, None, words)
    strict = await look(context, authority, chains, *sent, strict_chain=True)
    assert (outcome(strict), strict.detail) == (UNTRUSTED, words)


async def test_an_intermediate_that_only_we_have_is_a_note_unless_it_must_not_be(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    """It verifies because our ``ca_file`` holds what the server should send."""
    ours = chains.file(chains.root, chains.policy, chains.function)
    words = "the intermediate CN=Test Function CA is not sent, and known only here"
    seen = await look(context, authority, chains, chains.leaf, ca_file=ours)
    assert (seen.grade, seen.detail) == (Grade.GOOD, words)
    strict = await look(context, authority, chains, chains.leaf, ca_file=ours, strict_chain=True)
    assert (outcome(strict), strict.detail) == (UNTRUSTED, words)


async def test_too_much_is_told_and_fails_nothing(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    """Sent twice, or of no use to anybody."""
    stranger = make("Some Other CA")
    sent = (chains.leaf, chains.function, chains.policy, chains.function, stranger)
    seen = await look(context, authority, chains, *sent, strict_chain=True)
    assert seen.grade is Grade.GOOD
    assert seen.detail == (
        "CN=Test Function CA is sent twice; "
        "CN=Some Other CA is sent and belongs to no issuer of the certificate"
    )


async def test_a_wrong_host_names_those_that_are_right(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    hosts = tuple(f"{name}.example.se" for name in "abcdefg")
    sent = (chains.issue(hosts=hosts), chains.function, chains.policy)
    seen = await look(context, authority, chains, *sent)
    assert outcome(seen) == (Grade.FAILED, Reason.TLS_HOSTNAME, Cause.TARGET)
    assert seen.detail == (
        "the certificate is not for localhost: it is for a.example.se, b.example.se, "
        "c.example.se, d.example.se, e.example.se and 2 more"
    )


@pytest.mark.parametrize(
    ("begins", "ends", "reason", "words"),
    [
        (-30, -3, Reason.TLS_EXPIRED, "ended 3 days ago"),
        (3, 30, Reason.TLS_NOT_YET_VALID, "begins in 3.0 days"),
    ],
)
async def test_an_intermediate_outside_its_time_is_named(
    context: ProbeContext,
    authority: Authority,
    chains: Chains,
    begins: int,
    ends: int,
    reason: Reason,
    words: str,
) -> None:
    """The server's own certificate may be in order all the same."""
    middle = make(
        "Short CA", chains.root, not_before=now() + begins * DAY, not_after=now() + ends * DAY
    )
    seen = await look(context, authority, chains, chains.issue(middle), middle)
    assert outcome(seen) == (Grade.FAILED, reason, Cause.TARGET)
    assert seen.detail == f"the intermediate CN=Short CA {words}"


@pytest.mark.parametrize(("days", "grade"), [(20, Grade.DEGRADED), (3, Grade.FAILED)])
async def test_the_end_of_an_intermediate_is_watched(
    context: ProbeContext, authority: Authority, chains: Chains, days: int, grade: Grade
) -> None:
    """Whatever ends first ends the service."""
    middle = make("Short CA", chains.root, not_after=now() + days * DAY)
    seen = await look(context, authority, chains, chains.issue(middle), middle)
    assert outcome(seen) == (grade, Reason.EXPIRY, Cause.TARGET)
    assert seen.detail == f"the intermediate CN=Short CA ends in {days - 1} days"


async def test_the_end_of_the_root_that_we_trust_is_watched(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    root = make("Old Root CA", not_after=now() + 20 * DAY)
    leaf = chains.issue(root)
    seen = await look(context, authority, chains, leaf, ca_file=chains.file(root))
    assert outcome(seen) == (Grade.DEGRADED, Reason.EXPIRY, Cause.TARGET)
    assert seen.detail == "the root CN=Old Root CA ends in 19 days"


async def test_the_worst_comes_first_and_the_rest_is_told(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    """Yellow of the server's own certificate, red of the intermediate."""
    middle = make("Short CA", chains.root, not_after=now() + 3 * DAY)
    leaf = chains.issue(middle, not_after=now() + 20 * DAY)
    seen = await look(context, authority, chains, leaf, middle)
    assert outcome(seen) == (Grade.FAILED, Reason.EXPIRY, Cause.TARGET)
    assert seen.detail == (
        "the intermediate CN=Short CA ends in 2 days; the certificate ends in 19 days"
    )


async def test_a_short_key_of_an_intermediate_is_weak(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    """``min_key_bits`` is for all but the authority that we chose to trust."""
    middle = make("Small CA", chains.root, key=ec.generate_private_key(ec.SECP256R1()))
    leaf = chains.issue(middle, key=ec.generate_private_key(ec.SECP384R1()))
    seen = await look(context, authority, chains, leaf, middle, min_key_bits={"ec": 384})
    assert outcome(seen) == WEAK
    assert seen.detail == (
        "the intermediate CN=Small CA has an ec key of 256 bits, at least 384 expected"
    )


async def test_a_key_that_openssl_refuses_is_named(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    seen = await look(
        context, authority, chains, chains.issue(key=key), chains.function, chains.policy
    )
    assert outcome(seen) == WEAK
    assert "the certificate has an rsa key of 1024 bits" in seen.detail


@pytest.mark.parametrize("digest", ["sha1", "md5"])
@pytest.mark.parametrize("skip_verify", [False, True])
async def test_an_old_signature_is_weak_verified_or_not(
    context: ProbeContext, authority: Authority, chains: Chains, digest: str, skip_verify: bool
) -> None:
    """Of the server's own certificate and of an intermediate; a root's own is nobody's concern."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)  # MD5 goes with RSA only
    issuer = make("Issuing CA", chains.root, key=key)
    leaf = chains.signed_with(digest, chains.issue(issuer), issuer)
    seen = await look(context, authority, chains, leaf, issuer, skip_verify=skip_verify)
    assert outcome(seen) == WEAK
    assert seen.detail == f"the certificate is signed with {digest}"
    below = make("Lower CA", issuer)
    sent = (chains.issue(below), chains.signed_with(digest, below, issuer), issuer)
    seen = await look(context, authority, chains, *sent, skip_verify=skip_verify)
    assert outcome(seen) == WEAK
    assert seen.detail == f"the intermediate CN=Lower CA is signed with {digest}"


async def test_an_old_signature_of_the_root_is_no_weakness(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    root = chains.signed_with("sha1", chains.root, chains.root)
    sent = (chains.leaf, chains.function, chains.policy, root)
    assert (
        await look(context, authority, chains, *sent, ca_file=chains.file(root))
    ).grade is Grade.GOOD
    assert (await look(context, authority, chains, *sent, skip_verify=True)).grade is Grade.GOOD


async def test_a_validity_may_be_too_long(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    """Off unless it is written: private authorities issue for longer."""
    leaf = chains.issue(not_before=now() - 10 * DAY, not_after=now() + 389 * DAY)
    sent = (leaf, chains.function, chains.policy)
    assert (await look(context, authority, chains, *sent)).grade is Grade.GOOD
    assert (await look(context, authority, chains, *sent, max_validity="400d")).grade is Grade.GOOD
    seen = await look(context, authority, chains, *sent, max_validity="398d")
    assert outcome(seen) == WEAK
    assert seen.detail == "the certificate is valid for 399.0 days, at most 398 expected"


async def test_a_certificate_that_has_ended_is_told_where_nothing_is_verified(
    context: ProbeContext, authority: Authority, chains: Chains
) -> None:
    leaf = chains.issue(not_after=now() - 3 * DAY)
    seen = await look(context, authority, chains, leaf, skip_verify=True)
    assert outcome(seen) == (Grade.FAILED, Reason.EXPIRY, Cause.TARGET)
    assert seen.detail == "the certificate ended 3 days ago"


async def test_each_address_is_judged_by_its_own_chain(
    authority: Authority, chains: Chains
) -> None:
    """One of two servers behind a name forgot its intermediates."""
    whole = authority.server_context(chains.pair(chains.leaf, chains.function, chains.policy))
    broken = authority.server_context(chains.pair(chains.leaf))
    names = Names(expo_ext5_example_se=("127.0.0.1", "127.0.0.2"))
    async with (
        ProbeContext(resolver=names) as context,
        serve_http(tls=whole) as first,
        serve_http(tls=broken, host="127.0.0.2", port=first.port),
    ):
        seen = await ask_certificate(
            context,
            "expo.ext5.example.se",
            first.port,
            address="all",
            tls={"ca_file": chains.ca_file},
        )
    assert [outcome(part) for part in seen.parts] == [(Grade.GOOD, None, None), UNTRUSTED]
    assert seen.grade is Grade.FAILED
    assert seen.detail.startswith("127.0.0.2: the certificate of CN=Test Function CA is missing")
