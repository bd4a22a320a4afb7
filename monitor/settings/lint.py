"""Pure: what a configuration that can be used should still be asked about.

- addresses of ``$ping``, which the agency forbids for monitoring;
- intervals under a minute on hosts that are not our own;
- certificates that are not verified, credentials in the clear, secrets that stand in the file.

Every piece of advice is a :class:`~monitor.settings.errors.Fault` with its place; nothing is
refused for it, and no value that may be secret is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from ipaddress import ip_address, ip_network
from socket import AF_INET, inet_pton
from urllib.parse import unquote, urlsplit

from monitor.model.estate import Check, CheckId, Estate
from monitor.scheduling.load import probes_per_minute, quickest
from monitor.scheduling.phase import period
from monitor.settings.errors import Fault, Mark, Path, Step, show_path
from monitor.settings.yaml_tree import Mapping, Node, Scalar, Sequence

OFTEN = 60.0
"""Seconds: a shorter interval wants its owner's consent."""
_LOOPBACK = ("127.0.0.0/8", "::1")
_OWN = (*_LOOPBACK, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
_SECRET = re.compile(r"(?:password|passphrase|secret|token)", re.IGNORECASE)
_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|password|api-?key", re.IGNORECASE)
_WAYS = frozenset({"basic_auth", "bearer_token_file", "oauth2"})
_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\s@:]*:[^/?#\s@]+@", re.IGNORECASE)
_IN_FILE = "a secret stands in the file: "
_IN_THE_CLEAR = "credentials are sent over http://, in the clear: use https://"

Place = tuple[Mark, Path]


def advice(tree: Mapping, estate: Estate) -> tuple[Fault, ...]:
    """All of it, in the order of the files. ``tree`` is what ``estate`` was built of."""
    found: dict[tuple[Mark, str], Fault] = {}
    said: list[tuple[Place, str]] = []
    _look_at(tree, (), said)
    for (mark, path), text in (*said, *_of_hosts(tree, estate)):
        # an anchor is written once, however many checks use it
        found.setdefault((mark, text), Fault(*mark, show_path(path), text))
    return tuple(sorted(found.values()))


def canary_wanted(estate: Estate) -> str:
    """A recommendation where nothing but the kernel and our own resolver tells an outage of our own
    network from one of the targets; empty where a canary does, or where all is on this machine.
    """
    away = any(not _is_in(check.host, _LOOPBACK) for check in estate.probed())
    if estate.canaries or not away:
        return ""
    return (
        "there is no canary: when the way to all targets fails beyond this machine, they turn red;"
        " name something under canary that is our own, or beyond doubt up (docs/status.md)"
    )


def is_own(host: str) -> bool:
    """Whether a host is ours by its name alone: loopback, a private address (RFC 1918, RFC 4193),
    ``localhost``. Of everything else nobody can know.
    """
    return _is_in(host, _OWN)


def _is_in(host: str, networks: tuple[str, ...]) -> bool:
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    if ":" not in name:
        if not name[-1:].isdigit():
            return False  # a name: thousands of hosts are
        try:
            address = int.from_bytes(inet_pton(AF_INET, name))
        except OSError:
            return False
        return any(address & mask == network for mask, network in _v4(networks))
    try:
        v6 = ip_address(name)
    except ValueError:
        return False
    mapped = getattr(v6, "ipv4_mapped", None)
    if mapped is not None:
        return _is_in(str(mapped), networks)
    return any(v6 in ip_network(network) for network in networks)


@cache
def _v4(networks: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Masks and addresses of the networks of IPv4."""
    listed = map(ip_network, networks)
    return tuple((int(n.netmask), int(n.network_address)) for n in listed if n.version == 4)


def _of_hosts(tree: Mapping, estate: Estate) -> Iterator[tuple[Place, str]]:
    """Hosts that are asked too often: one piece of advice a host, at its busiest check."""
    hurried_at = {check.host for check in estate.probed() if period(check) < OFTEN}
    hosts: dict[str, list[Check]] = {}
    for check in estate.probed():
        if check.host in hurried_at and not _is_ours(check):
            hosts.setdefault(check.host, []).append(check)
    if not hosts:
        return
    places = dict(_places(tree, estate))
    rates = probes_per_minute(estate)
    for host, checks in hosts.items():
        busiest = min(checks, key=period)
        if period(busiest) >= OFTEN:
            continue
        hurried = min(quickest(check) for check in checks)
        retries = f", every {hurried:g} s while unsettled" if hurried < period(busiest) else ""
        number = "its check makes" if len(checks) == 1 else f"its {len(checks)} checks make"
        text = (
            f"{host} is not our own and is asked every {period(busiest):g} s{retries};"
            f" {number} {rates[host]:.1f} probes a minute: agree with its owner,"
            " or set interval or min_interval to 1m or more"
        )
        yield places[busiest.id], text


def _is_ours(check: Check) -> bool:
    pinned = getattr(check.settings, "address", None)
    # a name server of the system's has no name here
    return is_own(check.host) or " " in check.host or (pinned is not None and is_own(pinned))


def _places(tree: Mapping, estate: Estate) -> Iterator[tuple[CheckId, Place]]:
    """Where each check stands in the file. The estate has the order of the file."""
    for i, (environment, here) in enumerate(
        zip(estate.environments, _items(tree, "environments"), strict=True)
    ):
        for j, (service, there) in enumerate(
            zip(environment.services, _items(here, "services"), strict=True)
        ):
            for k, (check, node) in enumerate(
                zip(service.checks, _items(there, "checks"), strict=True)
            ):
                yield check.id, (node.mark, ("environments", i, "services", j, "checks", k))


def _items(node: Node, key: str) -> list[Node]:
    items = node.entries.get(key) if isinstance(node, Mapping) else None
    return items.items if isinstance(items, Sequence) else []


def _look_at(node: Node, path: Path, said: list[tuple[Place, str]]) -> None:
    """Adds to ``said`` what single values give cause for, wherever they stand."""
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            if not isinstance(item, Scalar):
                _look_at(item, (*path, index), said)
    elif isinstance(node, Mapping):
        if "url" in node.entries or "token_url" in node.entries:
            said.extend(_of_request(node, path))
        above = path[-1] if path else ""
        for key, value in node.entries.items():
            if not isinstance(value, Scalar):
                _look_at(value, (*path, key), said)
            elif (
                # most can be no cause for anything, and are not asked
                (above == "headers" or _may_tell(key) or "@" in value.text)
                and (text := _of_value(value, key, above))
            ):
                said.append(((value.mark, (*path, key)), text))


@lru_cache(maxsize=1024)
def _may_tell(key: str) -> bool:
    """Whether the key alone is cause to look at its value."""
    return key in ("url", "insecure_skip_verify") or _holds_secret(key)


def _holds_secret(key: str) -> bool:
    bare = key.removeprefix("client_").removeprefix("bearer_")
    return _SECRET.fullmatch(bare) is not None


def _of_value(node: Scalar, key: str, above: Step) -> str:
    """Of the value of ``key`` in the mapping that stands at the key, or index, ``above``."""
    value = node.value
    if key == "insecure_skip_verify" and value is True:
        return "no certificate is verified, so anybody on the way can answer: use ca_file"
    if not isinstance(value, str) or not value:
        return ""
    if key == "url" and ("$" in value or "%" in value) and "$ping" in unquote(_path(value)):
        return (
            "$ping must not be used for monitoring: it loads the service and says little of it;"
            " ask for something that its owner allows"
        )
    if node.placeholder:
        return ""
    if "@" in value and _WITH_PASSWORD.match(value):
        return _IN_FILE + "take it from the environment as ${NAME}"
    if above == "headers":
        if _SECRET_HEADER.search(key):
            return _IN_FILE + "take it from the environment as ${NAME}, or use bearer_token_file"
    elif _holds_secret(key):
        return _IN_FILE + f"use {key}_file, or ${{NAME}}"
    return ""


def _of_request(node: Mapping, path: Path) -> Iterator[tuple[Place, str]]:
    """Credentials that anybody on the way can read."""
    for key in ("url", "token_url"):
        url = node.entries.get(key)
        if url is None or not isinstance(url, Scalar) or not isinstance(url.value, str):
            continue
        if url.value[:7].lower() != "http://":
            continue
        tells = key == "token_url" or _has_credentials(node)
        if tells and not _is_in(_host(url.value), _LOOPBACK):
            yield (url.mark, (*path, key)), _IN_THE_CLEAR


def _has_credentials(node: Mapping) -> bool:
    headers = node.entries.get("headers")
    named = headers.entries if isinstance(headers, Mapping) else {}
    return not _WAYS.isdisjoint(node.entries) or any(_SECRET_HEADER.search(name) for name in named)


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
