"""``driftvakt notify --test``: one message to one receiver, now."""

from __future__ import annotations

import difflib
import time

from monitor.model.estate import Estate
from monitor.model.receiver import Receiver
from monitor.notify.factory import make_sender
from monitor.notify.http_post import open_post_session
from monitor.notify.sender import SendFailed
from monitor.support.redaction import Masker, secrets_of


def choose_receiver(name: str, estate: Estate) -> Receiver:
    """The receiver of that name. Raises ``ValueError`` that says what to do."""
    known = {one.name: one for one in estate.notifications}
    if name in known:
        return known[name]
    if not known:
        raise ValueError("this configuration has no notifications")
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    raise ValueError(f"there is no notification {name} - {hint}")


async def send_trial(receiver: Receiver, estate: Estate) -> tuple[bool, str]:
    """Whether it was taken, and a line that says so."""
    began = time.monotonic()
    async with open_post_session(estate.user_agent) as session:
        sender = make_sender(receiver, estate, session)
        try:
            await sender.trial()
        except SendFailed as error:
            detail = Masker(secrets_of(estate)).text(error.detail)
            return False, f"{receiver.name} ({receiver.kind}): not sent: {detail}"
        finally:
            await sender.close()
    took = time.monotonic() - began
    return True, f"{receiver.name} ({receiver.kind}): sent, taken in {took:.1f} s"
