"""What is made of Apprise's log: which trouble it was, and nothing else of it."""

from __future__ import annotations

import logging
import threading
from contextvars import copy_context

import pytest

from monitor.notify.overheard import LOGGER, hush, meaning, overhearing


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired", "its certificate has expired"),
        ("certificate verify failed: Hostname mismatch, certificate is not valid for 'a'", "its certificate is for another name"),
        ("certificate verify failed: self-signed certificate", "its certificate is by nobody that is known here"),
        ("certificate verify failed: something new", "its certificate is not trusted"),
        ("SSLError(1, '[SSL: WRONG_VERSION_NUMBER] wrong version number')", "it does not speak TLS"),
        ("[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version", "it speaks only old versions of TLS"),
        ("Failed to establish a new connection: [Errno 111] Connection refused", "no connection: it was refused"),
        ("Read timed out. (read timeout=4.0)", "no answer in time"),
        ("Failed to send JSON notification: Forbidden, error=403.", "HTTP 403"),
        ("A Connection error occurred sending to jour:hemlig@example.se", ""),
    ],
)  # fmt: skip
def test_each_trouble_has_its_words(line: str, said: str) -> None:
    """In words of ours: the line itself may hold a password."""
    assert meaning(line) == said


def test_a_call_is_heard_in_the_threads_that_it_makes_and_others_are_not(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Apprise sends in threads of its own, with the call's context; nothing of it is written."""
    hush()
    logger = logging.getLogger(LOGGER)
    with overhearing() as heard:
        stranger = threading.Thread(target=logger.warning, args=("Connection refused",))
        stranger.start()
        stranger.join()
        assert heard.said == ""
        own = threading.Thread(target=copy_context().run, args=(logger.warning, "error=503"))
        own.start()
        own.join()
    assert heard.said == "HTTP 503"
    logger.error("Read timed out.")
    assert heard.said == "HTTP 503"
    assert capfd.readouterr() == ("", "")
