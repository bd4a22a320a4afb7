"""The sender of each kind of receiver."""

from __future__ import annotations

import aiohttp

from monitor.estate import Estate
from monitor.notify.alertmanager import Alertmanager
from monitor.notify.posting import Poster
from monitor.notify.sending import Sender
from monitor.notify.webhook import Webhook
from monitor.receiver import Receiver


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
