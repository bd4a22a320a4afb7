"""A module and a target → a check of our configuration, where our kinds can ask for the same."""

from __future__ import annotations

import re
from typing import Any, get_args

from pydantic import BaseModel

from monitor.blackbox.http_prober import http_settings
from monitor.blackbox.names import split_target
from monitor.settings.blackbox.modules import DnsModule, HttpModule, Module, Preferring, TcpModule
from probes.dns.settings import Record, split_resolver
from probes.settings import is_ip, join_host_port


class CannotBeCheckedError(Exception):
    """No kind of ours asks for that; the text names the key."""


def as_check(module: Module, target: str, hostname: str) -> dict[str, Any]:
    """``kind`` and its keys, as they are written in a file. Raises :class:`CannotBeCheckedError`."""
    if module.prober == "http":
        return _http(module.http, target, hostname)
    if module.prober == "tcp":
        return _tcp(module.tcp, target, hostname)
    assert module.dns is not None  # noqa: S101 - checked when it was read
    return _dns(module.dns, target)


def _http(module: HttpModule, target: str, hostname: str) -> dict[str, Any]:
    for key in ("fail_if_header_matches", "fail_if_ssl", "valid_http_versions"):
        if getattr(module, key):
            raise CannotBeCheckedError(f"{key} has no counterpart in kind http")
    try:
        settings = http_settings(module, target, hostname)
    except ValueError as error:
        raise CannotBeCheckedError(f"the target cannot be probed: {_said(error)}") from None
    if module.fail_if_not_ssl and not settings.url.startswith("https:"):
        raise CannotBeCheckedError("fail_if_not_ssl needs an https:// target")
    headers: dict[str, str] = {}
    for rule in module.fail_if_header_not_matches:
        if rule.allow_missing or rule.header in headers:
            raise CannotBeCheckedError(
                "fail_if_header_not_matches with allow_missing, or twice of one header, has no"
                " counterpart in kind http"
            )
        headers[rule.header] = rule.regexp
    written = _written(settings)
    if not module.body_size_limit:
        del written["max_body_bytes"]
    if written["follow_redirects"]:
        del written["follow_redirects"]
    if written["method"] == "GET":
        del written["method"]
    if headers:
        written["expect"]["headers"] = headers
    if written.get("expect", {}).get("status") == ["2xx"]:
        del written["expect"]["status"]
    return {"kind": "http", **_filled(written), **_version(module)}


def _tcp(module: TcpModule, target: str, hostname: str) -> dict[str, Any]:
    if module.query_response:
        raise CannotBeCheckedError("query_response: no kind of ours holds a dialogue")
    try:
        host, port = split_target(target)
    except ValueError as error:
        raise CannotBeCheckedError(str(error)) from None
    if not module.tls:
        return {"kind": "tcp", "host": host, "port": port, **_version(module)}
    tls = _filled(_written(module.tls_config.settings(hostname or None)))
    return {"kind": "certificate", "host": host, "port": port, **({"tls": tls} if tls else {}),
        **_version(module)}  # fmt: skip


def _dns(module: DnsModule, target: str) -> dict[str, Any]:
    if module.query_type not in get_args(Record):
        raise CannotBeCheckedError(f"query_type {module.query_type} is not among those of kind dns")
    for key, usual in (("query_class", "IN"), ("recursion_desired", True),
                       ("transport_protocol", "udp")):  # fmt: skip
        if getattr(module, key) != usual:
            raise CannotBeCheckedError(f"{key}: kind dns has {usual} alone")
    if module.valid_rcodes not in ([], ["NOERROR"]):
        raise CannotBeCheckedError("valid_rcodes: kind dns takes NOERROR alone")
    for key in ("validate_answer_rrs", "validate_authority_rrs", "validate_additional_rrs"):
        if getattr(module, key).model_fields_set:
            raise CannotBeCheckedError(f"{key} has no counterpart in kind dns, see addresses")
    try:
        host, port = split_target(target, 53)
        if not is_ip(host):
            raise CannotBeCheckedError(f"resolver must be an address, and {host} is none")
        resolver = host if port == 53 else join_host_port(host, port)
        split_resolver(resolver)
    except ValueError as error:
        raise CannotBeCheckedError(str(error)) from None
    name = module.query_name if module.query_name == "." else module.query_name.rstrip(".")
    return {"kind": "dns", "host": name, "record": module.query_type, "resolver": resolver}


def _version(module: Preferring) -> dict[str, Any]:
    """A wish is left out: every address of a name is tried, as clients do."""
    if module.ip_protocol_fallback:
        return {}
    return {"ip_version": 4 if module.preferred_ip_protocol == "ip4" else 6}


def _written(settings: BaseModel) -> dict[str, Any]:
    written: dict[str, Any] = settings.model_dump(mode="json", exclude_unset=True)
    return written


def _filled(value: Any) -> Any:
    """Without what says nothing, and with what looks like a placeholder made plain."""
    if isinstance(value, dict):
        inner = {key: _filled(one) for key, one in value.items()}
        return {key: one for key, one in inner.items() if one not in (None, {}, [], False)
                or key == "follow_redirects"}  # fmt: skip
    if isinstance(value, list):
        return [_filled(one) for one in value]
    return re.sub(r"\$\{", "$${", value) if isinstance(value, str) else value


def _said(error: ValueError) -> str:
    errors = getattr(error, "errors", None)
    return str(errors()[0]["msg"]) if errors is not None else str(error)
