"""Writes events into the log."""

from __future__ import annotations

import logging

import structlog

from monitor.model.certificate_changes import CertificateChange, News
from monitor.model.estate import Check, Estate
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.plan import Happening, WindowEvent
from monitor.publish.status.documents import iso_timestamp
from monitor.wording import change_message, source, window_message

log = structlog.get_logger("driftvakt")


def log_transition(transition: Transition, message: Text, language: str) -> None:
    """Logs that a service's or an environment's published status changes, or what explains it."""
    log.info(
        "transition",
        id=transition.id,
        environment=transition.environment,
        service=transition.service,
        **{"from": transition.before.value, "to": transition.after.value},
        check=transition.check,
        reason=transition.reason.value if transition.reason else None,
        cause=transition.cause.value if transition.cause else None,
        planned=transition.planned,
        window=transition.window,
        **({"reconfigured": True} if transition.reconfigured else {}),
        message=message.pick(language),
    )


def log_window(event: WindowEvent, estate: Estate) -> None:
    """Logs what has happened to a service window; one that has run over is a warning."""
    message, one = window_message(event, estate.timezone), event.occurrence
    log.log(
        logging.WARNING if event.what is Happening.RUN_OVER else logging.INFO,
        "service_window",
        what=event.what.value,
        id=one.window.id,
        start=iso_timestamp(one.start),
        end=iso_timestamp(one.end),
        impact=one.window.impact.value,
        service=event.service,
        calendar=one.window.calendar or None,
        message=message.pick(estate.language),
    )


def log_certificates(news: News, check: Check, estate: Estate) -> None:
    """Logs changed certificates: a new issuer that no service window announced is a warning."""
    for change in news.changes:
        _log_change(change, check, estate)
    if news.alternates:
        log.info("certificates_alternate", check=check.id)


def _log_change(change: CertificateChange, check: Check, estate: Estate) -> None:
    message = change_message(change, source(check), estate.timezone)
    log.log(
        logging.INFO if change.expected else logging.WARNING,
        "certificate_changed",
        check=check.id,
        address=change.address,
        sha256=change.after.sha256,
        previous_sha256=change.before.sha256,
        issuer=change.after.issuer,
        previous_issuer=change.before.issuer,
        same_issuer=change.same_issuer,
        not_after=iso_timestamp(change.after.not_after),
        previous_not_after=iso_timestamp(change.before.not_after),
        service_window=change.announced,
        message=message.pick(estate.language),
    )
