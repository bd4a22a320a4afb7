"""Pure: the heading and the text that people read, of one message or of many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from monitor.model.records import MessageKind
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.notify.message import Message
from monitor.wording.notifications import flood, flood_heading, message_heading
from monitor.wording.times import instant


def told_alone(message: Message) -> tuple[Text, Text]:
    """Heading and text of one message."""
    reminds = message.kind is MessageKind.REMINDER
    head = message_heading(
        message.after,
        message.service_title,
        message.environment_title,
        planned=message.planned,
        reminds=reminds,
        improved=not reminds and (message.before, message.after) == (Status.RED, Status.YELLOW),
    )
    return head, message.text


def told_as_one(messages: Sequence[Message], zone: ZoneInfo) -> tuple[Text, Text]:
    """Heading and text of several messages of one environment and one kind."""
    first = messages[0]
    statuses = Counter(message.after for message in messages)
    reasons = Counter(message.reason for message in messages if message.reason is not None)
    reminds = first.kind is MessageKind.REMINDER
    planned = sum(message.planned for message in messages)
    head = flood_heading(first.environment_title, statuses, planned=planned, reminds=reminds)
    since = instant(min(message.since for message in messages), zone)
    titles = [message.service_title for message in messages]
    return head, flood(first.environment_title, statuses, titles, reasons, since, planned)
