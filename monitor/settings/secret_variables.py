"""Pure: which values of the environment may be secrets, and targets without them.

Whatever ``${NAME}`` put in is taken for a secret, unless it says openly what it is: a number of few
digits, a length of time, a word that stands in a name, a title, or a host. Otherwise a host that comes
from the environment would be blanked wherever it is spoken of.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from urllib.parse import quote

from monitor.model.estate import Check, Environment, Estate, Service
from probes.net.redaction import MASK, SHORTEST

_OPEN = re.compile(
    r"true|false|null|none|yes|no|on|off|any|info|debug|warning|error"
    r"|[0-9.]{1,5}|[0-9]+(?:ms|s|m|h|d)|[A-Z]{3,7}|TLSv1(?:\.[0-3])?|/[^\s]*",
    re.IGNORECASE,
)
"""Words of the configuration itself, and paths of files."""


def with_variables(estate: Estate, values: Collection[str]) -> Estate:
    """The estate, which knows those that may be secret, and shows none in a target."""
    asked = {value for value in values if len(value) >= SHORTEST and not _OPEN.fullmatch(value)}
    if not asked:
        return estate
    told = "\n".join(_told(estate)).lower()
    secret = frozenset(value for value in asked if value.lower() not in told)
    if not secret:
        return estate
    forms = sorted({form for one in secret for form in (one, quote(one), quote(one, safe=""))})
    forms.sort(key=len, reverse=True)
    environments = tuple(_masked(one, forms) for one in estate.environments)
    return replace(estate, environments=environments, variables=secret)


def _told(estate: Estate) -> Iterator[str]:
    """What everybody may know."""
    yield from (estate.listen_host, estate.location, estate.language, str(estate.timezone))
    yield from (
        str(estate.data_dir),
        estate.user_agent,
        estate.public_url,
        *estate.web.allowed_hosts,
    )
    for location in estate.locations:
        yield from (location.name, location.title.sv, location.title.en)
    for environment in estate.environments:
        yield from (environment.name, environment.title.sv, environment.title.en)
    for service in estate.services():
        yield from (service.id, service.title.sv, service.title.en)
        for check in service.checks:
            yield f"{check.name} {check.host}:{check.port} {check.location}"
    for source in estate.discovery:
        yield source.name
    for receiver in estate.notifications:
        yield receiver.name


def _masked(environment: Environment, forms: list[str]) -> Environment:
    services = tuple(_service(one, forms) for one in environment.services)
    if all(new is old for new, old in zip(services, environment.services, strict=True)):
        return environment
    return replace(environment, services=services)


def _service(service: Service, forms: list[str]) -> Service:
    checks = tuple(_check(one, forms) for one in service.checks)
    if all(new is old for new, old in zip(checks, service.checks, strict=True)):
        return service
    return replace(service, checks=checks)


def _check(check: Check, forms: list[str]) -> Check:
    target = check.target
    for form in forms:
        if form in target:
            target = target.replace(form, MASK)
    return check if target is check.target else replace(check, target=target)
