"""An http module and a target, probed by our kind ``http``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import ValidationError

from monitor.blackbox.names import Preferred
from monitor.blackbox.sheet import ProbeResult
from monitor.publish.metrics import families as f
from monitor.settings.blackbox.modules import HeaderMatch, HttpModule
from probes.expect.patterns import compile_pattern
from probes.expect.settings import ExpectSettings, Range
from probes.http.probe import HttpProbe
from probes.http.settings import BasicAuth, HttpSettings
from probes.net.context import ProbeContext
from probes.net.redaction import blanked
from probes.net.urls import mended
from probes.observation import HttpAnswer, Observation, Phase, Reason
from probes.settings import HOST_PATTERN

MOST_READ = 10 * 1024 * 1024
"""Bytes of a body that are read where the module sets no limit."""


async def probe_http(
    module: HttpModule,
    target: str,
    hostname: str,
    timeout: float,
    context: ProbeContext,
    sheet: ProbeResult,
) -> None:
    """One probe. Whatever comes of it is on the sheet."""
    _nothing_yet(sheet)
    try:
        settings = http_settings(_as_the_exporter_asks(module), target, hostname)
    except (ValidationError, ValueError) as error:
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        sheet.say(f"the target cannot be probed: {said}")
        return
    for phase in Phase:
        sheet.put(f.HTTP_DURATION, 0, phase=phase.value)
    sheet.address(None, None)
    refused = Preferred.of(module).refuses(settings.endpoint()[0])
    if refused is not None and module.proxy_url is None:
        sheet.say(refused)
        return
    sheet.say(f"{settings.method} {settings.target()}")
    seen = await HttpProbe(settings, timeout, context)()
    # a target may say back what it was told
    told = {word for value in settings.headers.values() for word in (value, *value.split()[1:])}
    detail = blanked(seen.detail, sorted(told, key=len, reverse=True))
    _tell(sheet, replace(seen, detail=detail))
    sheet.success = (not seen.failed or _too_large_for_us(module, seen)) and _holds(
        module, seen, sheet
    )


def http_settings(module: HttpModule, target: str, hostname: str = "") -> HttpSettings:
    """What our kind ``http`` is asked for. Raises ``ValueError`` for a target that is no address."""
    url, user = _split(target if target.startswith(("http://", "https://")) else f"http://{target}")
    headers = dict(module.headers)
    if hostname:
        headers["Host"] = hostname
    said = next((value for name, value in headers.items() if name.lower() == "host"), None)
    token = module.bearer_token
    token_file = module.bearer_token_file
    if module.authorization is not None:
        token, token_file = module.authorization.credentials, module.authorization.credentials_file
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    basic = user
    if module.basic_auth is not None:
        basic = BasicAuth(
            username=module.basic_auth.username,
            password=module.basic_auth.password if module.basic_auth.password_file is None and
            module.basic_auth.password is not None else
            ("" if module.basic_auth.password_file is None else None),
            password_file=module.basic_auth.password_file,
        )  # fmt: skip
    limit = module.body_size_limit
    return HttpSettings(
        url=mended(url),
        method=module.method,
        headers=headers,
        body=module.body,
        body_file=module.body_file,
        follow_redirects=module.redirects_followed,
        max_body_bytes=min(limit, 1_073_741_824) if limit else MOST_READ,
        basic_auth=basic,
        bearer_token_file=token_file,
        proxy_url=module.proxy_url,
        # where the Host header names another, its certificate is the one to be shown
        tls=module.tls_config.settings(_name(said) if said else None),
        expect=ExpectSettings(
            status=list(map(str, module.valid_status_codes)) or ["2xx"],
            body_matches=list(module.fail_if_body_not_matches_regexp),
            body_not_matches=list(module.fail_if_body_matches_regexp),
            body_bytes=Range(at_most=limit) if limit else None,
        ),
    )


def _name(header: str) -> str | None:
    """The name in a Host header, where it can be one of a certificate."""
    name = header.partition(":")[0].lower()
    return name if re.fullmatch(HOST_PATTERN, name) and len(name) <= 253 else None


def _split(url: str) -> tuple[str, BasicAuth | None]:
    """The address without its user and password, and those."""
    split = urlsplit(url)
    if split.username is None:
        return url, None
    rest = split.netloc.rpartition("@")[2]
    user = BasicAuth(username=unquote(split.username), password=unquote(split.password or ""))
    return urlunsplit(split._replace(netloc=rest)), user


def _nothing_yet(sheet: ProbeResult) -> None:
    for family in (f.HTTP_STATUS, f.HTTP_VERSION, f.HTTP_REDIRECTS, f.HTTP_SSL, f.REGEX,
                   f.HTTP_CONTENT_LENGTH, f.HTTP_BODY_LENGTH):  # fmt: skip
        sheet.put(family, 0)


def _tell(sheet: ProbeResult, seen: Observation) -> None:
    sheet.address(seen.address, seen.phases.resolve)
    for phase, seconds in seen.phases.measured():
        sheet.put(f.HTTP_DURATION, seconds, phase=phase.value)
        sheet.say(f"{phase.value}: {seconds:.6f} s")
    facts = seen.http
    if facts is not None:
        sheet.put(f.HTTP_STATUS, facts.status)
        sheet.put(f.HTTP_VERSION, float(facts.version))
        sheet.put(f.HTTP_REDIRECTS, facts.redirects)
        sheet.put(f.HTTP_SSL, 1 if facts.tls else 0)
        sheet.put(f.REGEX, 1 if facts.regex_failed else 0)
        sheet.put(f.HTTP_CONTENT_LENGTH, _length(facts.status, facts.content_length))
        sheet.put(f.HTTP_BODY_LENGTH, facts.body_bytes or 0)
        if facts.last_modified is not None:
            sheet.put(f.HTTP_LAST_MODIFIED, facts.last_modified)
        sheet.say(f"HTTP/{facts.version} {facts.status}, {facts.redirects} redirects")
    elif seen.answer is not None:  # it broke off, or took too long
        _begun(sheet, seen.answer, tls=seen.tls is not None)
    if facts is None or facts.tls:  # the last answer's, as its status is
        sheet.tls(seen.tls)
    if seen.failed:
        sheet.say(f"failed: {seen.reason}: {seen.detail}")


def _begun(sheet: ProbeResult, answer: HttpAnswer, *, tls: bool) -> None:
    """Of an answer that did not come to its end."""
    sheet.put(f.HTTP_STATUS, answer.status)
    sheet.put(f.HTTP_VERSION, answer.version[0] + answer.version[1] / 10)
    sheet.put(f.HTTP_SSL, 1 if tls else 0)
    said = [value for name, value in answer.head if name.lower() == b"content-length"]
    length = int(said[0]) if said and said[0].isdigit() and len(said[0]) < 19 else None
    sheet.put(f.HTTP_CONTENT_LENGTH, _length(answer.status, length))
    sheet.put(f.HTTP_BODY_LENGTH, len(answer.body_start))


def _length(status: int, length: int | None) -> int:
    if length is None:
        return 0 if status in (204, 304) else -1
    return length


def _as_the_exporter_asks(module: HttpModule) -> HttpModule:
    """It offers no coding, so that the sizes that it tells are those of the body itself."""
    if any(name.lower() == "accept-encoding" for name in module.headers):
        return module
    return module.model_copy(update={"headers": {**module.headers, "Accept-Encoding": "identity"}})


def _holds(module: HttpModule, seen: Observation, sheet: ProbeResult) -> bool:
    """What the exporter asks for and our kind does not."""
    facts = seen.http
    if facts is None:
        return True
    said = f"HTTP/{facts.version}"
    if module.valid_http_versions and said not in module.valid_http_versions:
        sheet.say(f"failed: {said} is not among valid_http_versions")
        return False
    if facts.tls and module.fail_if_ssl:
        sheet.say("failed: the last request went over TLS (fail_if_ssl)")
        return False
    if not facts.tls and module.fail_if_not_ssl:
        sheet.say("failed: the last request did not go over TLS (fail_if_not_ssl)")
        return False
    head = seen.answer.head if seen.answer is not None else ()
    for rule, unwanted in (
        *((rule, True) for rule in module.fail_if_header_matches),
        *((rule, False) for rule in module.fail_if_header_not_matches),
    ):
        if _header_fails(rule, head, unwanted=unwanted):
            sheet.put(f.REGEX, 1)
            key = f"fail_if_header_{'' if unwanted else 'not_'}matches"
            sheet.say(f"failed: {key} on {rule.header}")
            return False
    return True


def _too_large_for_us(module: HttpModule, seen: Observation) -> bool:
    """Whether all that failed is that we do not read on, and nobody asked for what comes then."""
    read = module.fail_if_body_matches_regexp or module.fail_if_body_not_matches_regexp
    return seen.reason is Reason.TOO_LARGE and not module.body_size_limit and not read


def _header_fails(
    rule: HeaderMatch, head: Iterable[tuple[bytes, bytes]], *, unwanted: bool
) -> bool:
    name = rule.header.lower().encode()
    values = [value for given, value in head if given.lower() == name]
    if not values:
        return not rule.allow_missing
    pattern = compile_pattern(rule.regexp)
    found = any(
        pattern.search(value.decode("utf-8", "replace").encode()) is not None for value in values
    )
    return found is unwanted
