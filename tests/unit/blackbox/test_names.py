"""The one address of a name that is probed."""

from __future__ import annotations

import socket

import pytest

from monitor.blackbox.names import Preferred, PreferringResolver, split_target
from probes.net.resolver import Found

BOTH = ("192.0.2.1", "2001:db8::1", "192.0.2.2")


class Fixed:
    """Knows one name."""

    async def resolve(self, host: str, family: socket.AddressFamily) -> Found:
        del host
        assert family == socket.AF_UNSPEC
        return Found(BOTH, 0.25)

    async def close(self) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("preferred", "addresses", "chosen"),
    [
        (Preferred(6, fallback=True), BOTH, ("2001:db8::1",)),
        (Preferred(4, fallback=True), BOTH, ("192.0.2.1",)),
        (Preferred(6, fallback=True), BOTH[:1], BOTH[:1]),
        (Preferred(6, fallback=False), BOTH[:1], ()),
        (Preferred(4, fallback=False), (), ()),
    ],
)
def test_the_preferred_protocol_is_taken(
    preferred: Preferred, addresses: tuple[str, ...], chosen: tuple[str, ...]
) -> None:
    """The other one only where that is allowed."""
    assert preferred.choose(addresses) == chosen


async def test_one_address_is_left() -> None:
    """With the time that the look-up took; whose resolver it is closes it."""
    resolver = PreferringResolver(Fixed(), Preferred(4, fallback=True))
    assert await resolver.resolve("a.test", socket.AF_INET6) == Found(("192.0.2.1",), 0.25)
    await resolver.close()


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("a.test:22", ("a.test", 22)), ("[::1]:22", ("::1", 22)), ("a.test", ("a.test", 53)),
        ("::1", ("::1", 53)), ("[::1]", ("::1", 53)), ("192.0.2.1", ("192.0.2.1", 53)),
    ],
)  # fmt: skip
def test_targets_with_and_without_a_port(target: str, found: tuple[str, int]) -> None:
    """The usual port where there is one."""
    assert split_target(target, 53) == found


@pytest.mark.parametrize(
    "target", ["a.test", ":22", "a.test:0", "a.test:65536", "a:b:22", "", "::1"]
)
def test_no_targets(target: str) -> None:
    """Without a usual port one has to be named."""
    with pytest.raises(ValueError, match="is not host:port"):
        split_target(target)
