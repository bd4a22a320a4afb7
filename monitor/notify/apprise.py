"""Kind ``apprise``: sends mail, SMS, chat and the rest, each call in a thread of the receiver's own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import apprise
from apprise.plugins.email.base import NotifyEmail

from monitor.model.estate import Estate
from monitor.model.receiver import Receiver
from monitor.model.text import Text
from monitor.notify.headings import told_alone, told_as_one
from monitor.notify.links import Links
from monitor.notify.mail_body import incident_mail, plain_mail
from monitor.notify.message import Message
from monitor.notify.overheard import hush, overhearing
from monitor.notify.sender import SendFailed, read_secret
from monitor.wording.notifications import read_on, trial

TIMEOUT = 10.0
"""Seconds for one attempt."""


class Apprise:
    """A receiver that Apprise reaches. Its library retries nothing: that is the outbox's matter."""

    refresh_every: float | None = None

    def __init__(self, receiver: Receiver, estate: Estate, *, timeout: float = TIMEOUT) -> None:
        self._receiver = receiver
        self._language = estate.language
        self._zone = estate.timezone
        self._links = Links(estate)
        self._help: dict[str, Text | None] = {one.id: one.help for one in estate.services()}
        self._timeout = timeout
        self._url: str | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"apprise-{receiver.name}")
        self._running: Future[None] | None = None
        # it logs addresses, which hold passwords, and exceptions with them
        hush()
        # it imports a hundred plug-ins at its first use: better now than in an alarm
        self._thread.submit(apprise.Apprise.instantiate, "json://127.0.0.1/")

    async def send(self, messages: Sequence[Message]) -> None:
        first = messages[0]
        if len(messages) == 1:
            heading, text = told_alone(first)
            url, language = self._links.incident(first), self._language
            help_ = self._help.get(first.subject)
            mail = incident_mail(first, help_, url, self._zone, language)
        else:
            heading, text = told_as_one(messages, self._zone)
            url = self._links.environment(first.environment)
            mail = plain_mail(text, url, self._language)
        incidents = {message.incident or message.transition for message in messages}
        thread = incidents.pop() if len(incidents) == 1 else first.environment
        await self._notify(heading, read_on(text, url), mail, thread)

    async def trial(self) -> None:
        heading, text = trial(self._receiver.name)
        url = self._links.page()
        mail = plain_mail(text, url, self._language)
        await self._notify(heading, read_on(text, url), mail)

    async def refresh(self) -> None:
        """Nothing to tell again."""

    def restore(self, message: Message) -> None:
        """Nothing to remember."""

    async def close(self) -> None:
        """What hangs in its thread is left to the time limits of the library."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _notify(
        self, heading: Text, text: Text, mail: str, thread: str | None = None
    ) -> None:
        """``mail`` is the HTML for a mail; whatever else it is gets the short ``text``."""
        if self._running is not None and not self._running.done():
            raise SendFailed("the attempt before this one still hangs")
        title, body = heading.pick(self._language), text.pick(self._language)
        self._running = self._thread.submit(self._call, title, body, mail, thread)
        ended = asyncio.wrap_future(self._running)
        # a thread cannot be stopped: its end may come when nobody waits for it any more
        ended.add_done_callback(_look_at)
        done, _ = await asyncio.wait([ended], timeout=self._timeout)
        if not done:
            raise SendFailed(f"no answer within {self._timeout:g} s")
        if ended.cancelled():
            raise SendFailed("its settings have changed meanwhile")
        ended.result()

    def _call(self, title: str, body: str, mail: str, thread: str | None) -> None:
        if self._url is None:
            file = self._receiver.url_file
            self._url = read_secret(file) if file is not None else self._receiver.url or ""
        asset = apprise.AppriseAsset(
            app_id="Driftvakt",
            app_desc="Driftvakt",
            app_url="",
            async_mode=False,
            secure_logging=True,
            default_service_retry=0,
        )
        service = apprise.Apprise(asset=asset)
        scheme = self._url.partition(":")[0] if "://" in self._url else "no scheme"
        if not service.add(self._url):
            known = f"Apprise cannot use this address ({scheme})"
            raise SendFailed(known, refused=True)
        kind = apprise.NotifyFormat.TEXT
        if all(isinstance(one, NotifyEmail) for one in service):
            body, kind = mail, apprise.NotifyFormat.HTML  # it makes the text part itself
        for one in service:
            if isinstance(one, NotifyEmail) and thread is not None:
                one.headers["References"] = reference(thread)
                one.headers["In-Reply-To"] = reference(thread)
        try:
            with overhearing() as heard:
                sent = service.notify(
                    body=body,
                    title=title,
                    body_format=kind,
                    interpret_escapes=False,
                )
        except Exception as error:  # noqa: BLE001 - a plug-in's own; its text may hold the address
            raise SendFailed(f"Apprise failed ({scheme}): {type(error).__name__}") from None
        if not sent:
            why = heard.said or "its server did not take it"
            raise SendFailed(f"Apprise could not send ({scheme}): {why}")


def reference(thread: str) -> str:
    """The message id (RFC 5322, 3.6.4) that all mails of one incident refer to, so that mail programs
    show them as one thread. Ids and names hold nothing that could end a header.
    """
    return f"<{thread}@driftvakt.invalid>"


def _look_at(ended: asyncio.Future[None]) -> None:
    if not ended.cancelled():
        ended.exception()
