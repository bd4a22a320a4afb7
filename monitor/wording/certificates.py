"""A changed certificate in words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from monitor.judging.snapshot import CheckView
from monitor.model.certificate_changes import CertificateChange
from monitor.model.text import Text
from monitor.wording.grammar import joined_sentences, one_line
from monitor.wording.times import instant

MENTIONED_FOR = 7 * 86_400.0
"""Seconds for which a check's own message speaks of a new issuer that nobody announced."""


def change_message(change: CertificateChange, source: Text, zone: ZoneInfo) -> Text:
    """The event in full sentences. ``source`` is ``kontrollen api mot https://…``."""
    after, before = instant(change.after.not_after, zone), instant(change.before.not_after, zone)
    return joined_sentences(
        (
            _replaced(change, source, zone),
            _issuer(change),
            _announced(change),
            Text(
                sv=f"Det nya går ut {after.sv}, det tidigare {before.sv}.",
                en=f"The new one expires on {after.en}, the previous one on {before.en}.",
            ),
        )
    )


def surprise(view: CheckView, zone: ZoneInfo) -> Text | None:
    """What a check's message says of its certificate's change: a new issuer that no service window
    announced, for a week. Everything else is news for the log and the metrics.
    """
    change = view.changed
    if change is None or change.expected or view.last is None:
        return None
    if view.last.at - change.at > MENTIONED_FOR:
        return None
    return joined_sentences((_replaced(change, None, zone), _issuer(change), _announced(change)))


def _replaced(change: CertificateChange, source: Text | None, zone: ZoneInfo) -> Text:
    at = instant(change.at, zone)
    where_sv, where_en = (f" för {source.sv}", f" of {source.en}") if source else ("", "")
    if change.address:
        where_sv += f" på adressen {one_line(change.address)}"
        where_en += f" at the address {one_line(change.address)}"
    return Text(
        sv=f"Servercertifikatet{where_sv} är utbytt: det nya sågs första gången {at.sv}.",
        en=f"The server's certificate{where_en} has been replaced:"
        f" the new one was first seen on {at.en}.",
    )


def _issuer(change: CertificateChange) -> Text:
    new, old = one_line(change.after.issuer), one_line(change.before.issuer)
    if change.same_issuer:
        return Text(
            sv=f"Utfärdaren är densamma ({new}).",
            en=f"The issuer is the same ({new}).",
        )
    return Text(
        sv=f"Utfärdaren är ny: {new} i stället för {old}.",
        en=f"The issuer is new: {new} instead of {old}.",
    )


def _announced(change: CertificateChange) -> Text:
    if change.announced is None:
        return Text(
            sv="Inget servicefönster hade aviserat bytet.",
            en="No service window had announced it.",
        )
    window = one_line(change.announced)
    return Text(
        sv=f"Bytet var aviserat i servicefönstret {window}.",
        en=f"The service window {window} had announced it.",
    )
