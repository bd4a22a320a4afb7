"""``driftvakt notify --test``: sends one message to one receiver, now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import completion
from monitor.cli.options import ConfigOption, fail, load_or_exit
from monitor.support.terminal import printable

if TYPE_CHECKING:
    from monitor.model.estate import Estate
    from monitor.model.receiver import Receiver


def notify(
    test: Annotated[
        str,
        typer.Option(
            "--test",
            metavar="NAME",
            help="A name of `notifications`.",
            autocompletion=completion.receiver_names,
        ),
    ],
    config: ConfigOption,
) -> None:
    """Send one receiver a message that says that it is a test. Exit 0 sent, 1 not, 2 usage."""
    import asyncio

    from monitor.support import logging_setup
    from monitor.support.redaction import secrets_of

    estate = load_or_exit(config).estate
    try:
        receiver = choose_receiver(test, estate)
    except ValueError as error:
        fail(str(error))
    logging_setup.set_up("auto", "error", secrets_of(estate))
    sent, line = asyncio.run(send_trial(receiver, estate))
    print(printable(line))
    raise typer.Exit(0 if sent else 1)


def choose_receiver(name: str, estate: Estate) -> Receiver:
    """The receiver of that name. Raises ``ValueError`` that says what to do."""
    import difflib

    known = {one.name: one for one in estate.notifications}
    if name in known:
        return known[name]
    if not known:
        raise ValueError("this configuration has no notifications")
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    raise ValueError(f"there is no notification {name} - {hint}")


async def send_trial(receiver: Receiver, estate: Estate) -> tuple[bool, str]:
    """Send a test message; give whether it was accepted, and a line that says so."""
    from monitor.notify.factory import make_sender
    from monitor.notify.http_post import open_post_session
    from monitor.notify.sender import SendFailed
    from monitor.support.redaction import Masker, secrets_of

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
