"""Makes the sender of a receiver, by its kind."""

from __future__ import annotations

import aiohttp

from monitor.model.estate import Estate
from monitor.model.receiver import Receiver
from monitor.notify.alertmanager import Alertmanager
from monitor.notify.http_post import Poster
from monitor.notify.sender import Sender
from monitor.notify.webhook import Webhook


def make_sender(
    receiver: Receiver, estate: Estate, session: aiohttp.ClientSession, poster: Poster | None = None
) -> Sender:
    """Reads no file yet and connects to nothing."""
    poster = poster if poster is not None else Poster(session)
    if receiver.kind == "alertmanager":
        return Alertmanager(receiver, estate, poster)
    if receiver.kind == "webhook":
        return Webhook(receiver, estate, poster)
    from monitor.notify.apprise import Apprise  # its import takes long, and few need it

    return Apprise(receiver, estate)
