"""The body of a mail, as HTML."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from monitor.model.records import MessageKind
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.notify.mail_body import incident_mail
from monitor.notify.message import Message
from tests.support.outbox import make_message

HELP = Text(sv="Ring jouren.", en="Call us.")


def body(message: Message, url: str | None = None, language: str = "en") -> str:
    return incident_mail(message, HELP, url, ZoneInfo("Europe/Stockholm"), language)


def test_an_improvement_says_what_it_was() -> None:
    """Red to yellow is better, and not good."""
    better = make_message(before=Status.RED, after=Status.YELLOW)
    assert "Status: yellow, disturbance (improved; was red)<br>" in body(better)
    assert "Status: gul, störning (bättre; tidigare röd)<br>" in body(better, language="sv")


def test_help_is_said_while_it_is_needed() -> None:
    """Not of a service that is green."""
    assert "What you can do: Call us." in body(make_message())
    assert "Call us." not in body(make_message(kind=MessageKind.RECOVERY))


def test_a_window_is_named_only_where_it_explains() -> None:
    """A disturbance that outlasts its window is not planned."""
    assert "Planned: yes, service window w<" in body(make_message(planned=True, window="w"))
    assert "Planned: no<" in body(make_message(window="w"))


def test_without_an_address_there_is_no_link() -> None:
    """And with one it stands there as text too, escaped."""
    assert "<a" not in body(make_message())
    assert '<a href="https://a.example.se/?a&amp;b">https://a.example.se/?a&amp;b</a>' in body(
        make_message(), "https://a.example.se/?a&b"
    )
