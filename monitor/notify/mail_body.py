"""Pure: the body of a mail, as HTML of which a text part can be made line by line.

All that is said stands in it as text, an address too: a mail program may show either part.
"""

from __future__ import annotations

from html import escape
from zoneinfo import ZoneInfo

from monitor.model.status import Status
from monitor.model.text import Text
from monitor.notify.message import Message
from monitor.wording.notifications import change_of_status
from monitor.wording.times import instant

SINCE = Text(sv="Sedan", en="Since")
STATUS = Text(sv="Status", en="Status")
PLANNED = Text(sv="Planerat", en="Planned")
YES = Text(sv="ja", en="yes")
NO = Text(sv="nej", en="no")
WINDOW = Text(sv="servicefönster", en="service window")
HELP = Text(sv="Vad du kan göra", en="What you can do")
EVIDENCE = Text(sv="Underlag", en="Evidence")
MORE = Text(sv="Mer", en="More")

_BREAK = "<br>"


def incident_mail(
    message: Message, help_: Text | None, url: str | None, zone: ZoneInfo, language: str
) -> str:
    """What, since when, how bad, whether planned, what to do, the evidence's first lines, where more is.

    ``help_`` is the service's, and said only while it is not green; without ``url`` no link is.
    """
    since = instant(message.since, zone)
    status = change_of_status(message.before, message.after)
    planned = YES if message.planned else NO
    explained = f", {WINDOW.pick(language)} {message.window}" if message.window else ""
    parts = [
        _paragraph(message.text.pick(language)),
        _paragraph(
            f"{SINCE.pick(language)}: {since.pick(language)}",
            f"{STATUS.pick(language)}: {status.pick(language)}",
            f"{PLANNED.pick(language)}: {planned.pick(language)}{explained if message.planned else ''}",
        ),
    ]
    if help_ is not None and message.after is not Status.GREEN:
        parts.append(_paragraph(f"{HELP.pick(language)}: {help_.pick(language)}"))
    if message.observed is not None:
        parts.append(_paragraph(f"{EVIDENCE.pick(language)}:", message.observed.pick(language)))
    return _document(parts, url, language)


def plain_mail(text: Text, url: str | None, language: str) -> str:
    """A text as it is, and where more is."""
    paragraphs = text.pick(language).split("\n\n")
    return _document([_paragraph(one) for one in paragraphs], url, language)


def _document(parts: list[str], url: str | None, language: str) -> str:
    if url is not None:
        shown = escape(url)
        more = f'{MORE.pick(language)}: <a href="{shown}">{shown}</a>'
        parts = [*parts, f'<p style="margin:0">{more}</p>']
    # a break between paragraphs without margins is an empty line in both parts
    joined = f"{_BREAK}\n".join(parts)
    return f'<div lang="{language}">\n{joined}\n</div>'


def _paragraph(*lines: str) -> str:
    said = _BREAK.join(escape(line) for text in lines for line in text.splitlines())
    return f'<p style="margin:0">{said}</p>'
