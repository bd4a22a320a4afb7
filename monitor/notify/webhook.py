"""Kind ``webhook``: JSON by POST, signed. docs/notifications.md is its contract."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

from monitor.model.estate import Estate
from monitor.model.receiver import Receiver
from monitor.model.timestamps import iso_timestamp
from monitor.notify.headings import told_as_one
from monitor.notify.http_post import Poster
from monitor.notify.links import Links
from monitor.notify.message import VERSION, Message
from monitor.notify.sender import read_secret
from monitor.wording.notifications import trial


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) of ``timestamp``, a full stop and the body, in hexadecimal."""
    signed = timestamp.encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def idempotency_key(messages: Sequence[Message]) -> str:
    """The message's id; of several one that stands for just these."""
    if len(messages) == 1:
        return messages[0].id
    joined = "\n".join(sorted(message.id for message in messages))
    return "group-" + hashlib.blake2b(joined.encode(), digest_size=16).hexdigest()


class Webhook:
    """A receiver that is posted JSON."""

    refresh_every: float | None = None

    def __init__(self, receiver: Receiver, estate: Estate, poster: Poster) -> None:
        self._receiver = receiver
        self._zone = estate.timezone
        self._links = Links(estate)
        self._poster = poster
        self._read: tuple[str, str | None] | None = None

    async def send(self, messages: Sequence[Message]) -> None:
        if len(messages) == 1:
            document = self._document(messages[0])
        else:
            first = messages[0]
            heading, text = told_as_one(messages, self._zone)
            counted = Counter(message.after.value for message in messages)
            document = {
                "version": VERSION,
                "id": idempotency_key(messages),
                "kind": "group",
                "of": first.kind.value,
                "environment": first.environment,
                "number": len(messages),
                "statuses": dict(counted),
                "subject": {"sv": heading.sv, "en": heading.en},
                "message": {"sv": text.sv, "en": text.en},
                "url": self._links.environment(first.environment),
                "messages": [self._document(message) for message in messages],
            }
        await self._post(orjson.dumps(document), idempotency_key(messages))

    def _document(self, message: Message) -> dict[str, Any]:
        return {**message.document(), "url": self._links.incident(message)}

    async def trial(self) -> None:
        now = self._poster.clock()
        _, text = trial(self._receiver.name)
        ident = f"test-{self._receiver.name}-{int(now * 1000)}"
        document = {
            "version": VERSION,
            "id": ident,
            "kind": "test",
            "at": iso_timestamp(now),
            "message": {"sv": text.sv, "en": text.en},
            "url": self._links.page(),
        }
        await self._post(orjson.dumps(document), ident)

    async def refresh(self) -> None:
        """Nothing to tell again."""

    def restore(self, message: Message) -> None:
        """Nothing to remember."""

    async def close(self) -> None:
        """Holds nothing."""

    async def _post(self, body: bytes, key: str) -> None:
        url, secret = await self._address()
        headers = {**self._receiver.headers, "Idempotency-Key": key}
        timestamp = str(int(self._poster.clock()))
        headers["X-Driftvakt-Timestamp"] = timestamp
        if secret is not None:
            headers["X-Driftvakt-Signature"] = f"sha256={signature(secret, timestamp, body)}"
        await self._poster.post(url, body, headers)

    async def _address(self) -> tuple[str, str | None]:
        """The address and the secret: read once, or again as long as they cannot be read."""
        if self._read is None:
            self._read = await asyncio.to_thread(self._from_files)
        return self._read

    def _from_files(self) -> tuple[str, str | None]:
        receiver = self._receiver
        url = receiver.url or ""
        if receiver.url_file is not None:
            url = read_secret(receiver.url_file)
        secret = read_secret(receiver.secret_file) if receiver.secret_file is not None else None
        return url, secret
