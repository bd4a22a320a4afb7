"""Version packages and notices in words."""

from __future__ import annotations

from datetime import date

from monitor.model.text import Text
from monitor.plan import Notice, UpgradeView
from monitor.wording.grammar import enumeration, joined_sentences, one_line, plural, title
from monitor.wording.times import day


def upgrade_message(view: UpgradeView) -> Text:
    """``Versionspaket 16.1 utgår om 12 dagar, fredag 28 maj 2027. OBS! NYTT DATUM! …``"""
    return joined_sentences(
        (_retires(view), _moved(view), _replaced(view), _still_answers(view)),
    )


def _retires(view: UpgradeView) -> Text:
    package, retires, left = one_line(view.upgrade.package), view.upgrade.retires, view.days_left
    if retires is None or left is None:
        return Text(
            sv=f"Inget datum är satt för när versionspaket {package} utgår.",
            en=f"No date is set for the retirement of version package {package}.",
        )
    on = day(retires)
    if left == 0:
        return Text(
            sv=f"Versionspaket {package} utgår idag, {on.sv}.",
            en=f"Version package {package} is retired today, {on.en}.",
        )
    days = Text(sv=plural(abs(left), "dag", "dagar"), en=plural(abs(left), "day", "days"))
    if left > 0:
        return Text(
            sv=f"Versionspaket {package} utgår om {days.sv}, {on.sv}.",
            en=f"Version package {package} is retired in {days.en}, on {on.en}.",
        )
    return Text(
        sv=f"Versionspaket {package} utgick för {days.sv} sedan, {on.sv}.",
        en=f"Version package {package} was retired {days.en} ago, on {on.en}.",
    )


def _moved(view: UpgradeView) -> Text | None:
    earlier = view.upgrade.moved
    if not earlier:
        return None
    was = enumeration([_short(one) for one in earlier])
    return Text(
        sv=f"OBS! NYTT DATUM! Tidigare angivet: {was.sv}.",
        en=f"NOTE! NEW DATE! Given earlier: {was.en}.",
    )


def _short(one: date) -> Text:
    said = day(one)
    return Text(sv=said.sv.split(" ", 1)[1], en=said.en.split(" ", 1)[1])


def _replaced(view: UpgradeView) -> Text | None:
    if view.upgrade.replaced_by is None:
        return None
    by = one_line(view.upgrade.replaced_by)
    return Text(sv=f"Det ersätts av {by}.", en=f"It is replaced by {by}.")


def _still_answers(view: UpgradeView) -> Text | None:
    """A finding, not an outage."""
    if not view.answering:
        return None
    names = enumeration([title(None, one) for one in view.answering])
    return Text(
        sv=f"Det borde inte svara längre, men det gör {names.sv}.",
        en=f"It should not answer any more, but this does: {names.en}.",
    )


def notice_message(notice: Notice) -> Text:
    """A notice on one line."""
    said, headed = notice.message, notice.title
    message = Text(sv=one_line(said.sv), en=one_line(said.en))
    if headed is None:
        return message
    head = title(headed, notice.id)
    return Text(sv=f"{head.sv}: {message.sv}", en=f"{head.en}: {message.en}")
