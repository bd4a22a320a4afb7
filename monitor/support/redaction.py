"""Which texts of an estate are secrets, and how they are blanked wherever words go out."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from monitor.model.estate import Estate
from monitor.model.receiver import Receiver
from monitor.model.upstream_status import upstream_sources
from probes.http.oauth2.settings import OAuth2Settings
from probes.http.settings import HttpSettings
from probes.net.basic_auth import basic_credentials
from probes.net.proxy_settings import credentials
from probes.net.redaction import MASK, SHORTEST, blanked, blanked_bytes, shapeless
from probes.net.watched_file import text_in
from probes.observation import Observation

__all__ = ["MASK", "Masker", "secrets_of"]

Read = Callable[[Path], set[str]]
"""Gives the secrets in a file."""
_PERCENT = re.compile("%[0-9A-F]{2}")
_WIDE = ("utf-16-le", "utf-16-be")
NOT_SECRET = frozenset({"accept", "accept-language", "content-type", "soapaction", "user-agent"})


FEW = 32
"""Secrets that are looked for one by one; of more only those that may be in a text."""


class Masker:
    """Blanks known secrets in texts, also the beginning of one where a text was cut short."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({s for s in secrets if len(s) >= SHORTEST}, key=len)[::-1]
        self._index: dict[str, list[str]] | None = None
        """Every form of every secret, by its first characters."""
        self._begins: dict[str, list[str]] | None = None
        """The secrets alone, the same way."""

    def within(self, texts: Iterable[str]) -> Masker:
        """One for these texts alone, which blanks secrets in disguise too: percent-encoded, or as
        JSON, HTML and base64 have them. Its cost is by the length of the texts, not by the number
        of the secrets.
        """
        index = self._indexed()
        if not index:
            return self
        begins: set[str] = set()
        for text in set(texts):
            begins |= _begins_of(text)
        return Masker(form for begin in begins & index.keys() for form in index[begin])

    def _indexed(self) -> dict[str, list[str]]:
        if self._index is None:
            index: dict[str, list[str]] = {}
            for secret in self._secrets:
                for form in forms(secret):
                    index.setdefault(form[:SHORTEST], []).append(form)
            self._index = index
        return self._index

    def extended(self, secrets: Iterable[str]) -> Masker:
        """One that knows these too, ready for use: for a thread, where there are many."""
        other = Masker((*self._secrets, *secrets))
        other._indexed()
        return other

    def become(self, other: Masker) -> None:
        """Blanks what ``other`` blanks from now on, for everybody who holds this one."""
        self._secrets, self._index, self._begins = other._secrets, other._index, other._begins

    def raw(self, data: bytes, *, cut: bool) -> bytes:
        """The data without the secrets; ``cut``: nor the beginning of one at its end."""
        read_as = [data.decode("utf-8", "ignore")]
        for encoding in _WIDE:
            read_as += [data[start:].decode(encoding, "ignore") for start in (0, 1)]
        for secret in self.within(read_as)._secrets:
            for encoding in ("utf-8", *_WIDE):
                data = blanked_bytes(data, secret.encode(encoding, "replace"), cut=cut)
        return data

    def text(self, text: str) -> str:
        secrets = self._secrets
        if len(secrets) > FEW:
            if self._begins is None:
                self._begins = {}
                for secret in secrets:
                    self._begins.setdefault(secret[:SHORTEST], []).append(secret)
            begins = self._begins
            found = [one for each in _begins_of(text) & begins.keys() for one in begins[each]]
            secrets = sorted(found, key=len, reverse=True)
        return blanked(text, secrets)

    def observation(self, observation: Observation) -> Observation:
        """A target may say back what it was told: no detail carries that further."""
        parts = observation.parts
        if parts and any(part.detail for part in parts):
            parts = tuple(self.observation(part) for part in parts)
        if not observation.detail and parts is observation.parts:
            return observation
        own = self.within((observation.detail,))
        detail = shapeless(own.text(observation.detail))
        if detail == observation.detail and parts is observation.parts:
            return observation
        return replace(observation, detail=detail, parts=parts)


def _begins_of(text: str) -> set[str]:
    return {text[place : place + SHORTEST] for place in range(len(text) - SHORTEST + 1)}


def forms(secret: str) -> set[str]:
    """A text as it is, and as it comes back in addresses, JSON, HTML and base64."""
    raw = secret.encode("utf-8", "surrogateescape")
    escaped = json.dumps(secret)[1:-1]
    quoted = {quote(raw), quote(raw, safe=""), quote_plus(raw)}
    return {
        secret,
        *quoted,
        *(_PERCENT.sub(lambda found: found[0].lower(), one) for one in quoted),
        escaped,
        escaped.replace("/", "\\/"),
        secret.replace("/", "\\/"),
        html.escape(secret),
        b64encode(raw).decode().rstrip("="),
        urlsafe_b64encode(raw).decode().rstrip("="),
    }


def secrets_of(estate: Estate) -> frozenset[str]:
    """Header values, passwords, tokens and query values, those in files as they are now."""
    found: set[str] = set()
    read = cache(_in_file)  # one that thousands of checks name is read once
    for check in estate.checks():
        if isinstance(check.settings, HttpSettings):
            found |= _of_http(check.settings, read)
    if password := urlsplit(estate.store).password:
        found |= {password, unquote(password)}
    if estate.web.password_file is not None:
        found |= _in_file(estate.web.password_file)
    for receiver in estate.notifications:
        found |= _of_receiver(receiver)
    for module in (estate.blackbox or {}).values():
        found |= _of_module(module)
    for listed in estate.discovery:
        found |= _in_file(listed.bearer_token_file) if listed.bearer_token_file else set()
        found |= {value for _, value in parse_qsl(urlsplit(listed.url or "").query)}
    urls = [one.url for one in estate.later.get("calendars", ()) if one.url is not None]
    urls += [listed.url for listed in estate.discovery if listed.url is not None]
    urls += [source.url for source in upstream_sources(estate).values()]
    for url in urls:
        password = urlsplit(url).password or ""
        found |= {password, unquote(password)}
    return frozenset(found | estate.variables)


def _of_module(module: Any) -> set[str]:
    """Of a module of ``/probe`` (:class:`monitor.settings.blackbox.modules.Module`)."""
    http = module.http
    found = {value for name, value in http.headers.items() if name.lower() not in NOT_SECRET}
    found |= _given(http.bearer_token, http.bearer_token_file)
    if http.authorization is not None:
        said = http.authorization
        found |= _given(said.credentials, said.credentials_file)
    if http.basic_auth is not None:
        passwords = _given(http.basic_auth.password, http.basic_auth.password_file)
        found |= passwords | {basic_credentials(http.basic_auth.username, one) for one in passwords}
    if http.proxy_url is not None:
        found |= _of_proxy(http.proxy_url)
    found |= {step.send for step in module.tcp.query_response if step.send}
    return found


def _given(written: str | None, file: Path | None) -> set[str]:
    return {written or ""} | (_in_file(file) if file is not None else set())


def _of_receiver(receiver: Receiver) -> set[str]:
    """Headers, secrets and addresses; what stands in an address of Apprise is mostly secret."""
    found = {v for name, v in receiver.headers.items() if name.lower() not in NOT_SECRET}
    found |= {word for value in found for word in value.split()[1:]}
    for file in (receiver.secret_file, receiver.url_file):
        if file is not None:
            found |= _in_file(file)
    urls = _in_file(receiver.url_file) if receiver.url_file is not None else set()
    if receiver.url is not None:
        urls.add(receiver.url)
    for url in urls:
        try:
            parts = urlsplit(url)
            password = parts.password or ""
        except ValueError:
            continue  # it is no address: whoever sends to it says so
        found |= {password, unquote(password)}
        found |= {value for _, value in parse_qsl(parts.query)}
        if receiver.kind == "apprise":
            found |= {url, *parts.path.split("/")}
    return found


def _of_http(settings: HttpSettings, read: Read) -> set[str]:
    found = {value for name, value in settings.headers.items() if name.lower() not in NOT_SECRET}
    found |= {word for value in found for word in value.split()[1:]}
    if "?" in settings.url:
        query = urlsplit(settings.url).query
        found |= {value for _, value in parse_qsl(query)}
        found |= {pair.partition("=")[2] for pair in query.split("&")}
    if settings.bearer_token_file is not None:
        found |= read(settings.bearer_token_file)
    if settings.basic_auth is not None:
        basic = settings.basic_auth
        passwords = _either(basic.password, basic.password_file, read)
        found |= passwords | {basic_credentials(basic.username, one) for one in passwords}
    if settings.proxy_url is not None:
        found |= _of_proxy(settings.proxy_url)
    if settings.oauth2 is not None:
        found |= _of_oauth2(settings.oauth2, read)
    return found


def _of_proxy(url: str) -> set[str]:
    known = credentials(url)
    if known is None:
        return set()
    user, password = known
    return {password, urlsplit(url).password or "", basic_credentials(user, password)}


def _of_oauth2(settings: OAuth2Settings, read: Read) -> set[str]:
    """Tokens are fetched while we run: the probe itself blanks those."""
    secrets = _either(settings.client_secret, settings.client_secret_file, read)
    user = quote_plus(settings.client_id)
    encoded = {quote_plus(one) for one in secrets}
    found = secrets | encoded | {basic_credentials(user, one) for one in encoded}
    if settings.assertion_file is not None:
        found |= read(settings.assertion_file)
    return found


def _either(written: str | None, file: Path | None, read: Read) -> set[str]:
    found = {written} if written is not None else set()
    return found if file is None else found | read(file)


def _in_file(path: Path) -> set[str]:
    """Its text, also as it is sent when it goes over several lines."""
    try:
        text = text_in(path.read_bytes()).strip()
    except (OSError, UnicodeDecodeError):
        return set()  # the check that needs it says so
    return {text, "".join(text.splitlines())}
