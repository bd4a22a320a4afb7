"""A bundle in a line: a board that is fed, and what it says of its worst transition."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from monitor.evidence import evidence_bundle, evidence_document
from monitor.judging.board import Board
from monitor.model.estate import Check, Environment, Estate
from monitor.model.transition import Transition
from monitor.support.redaction import Masker
from monitor.wording import transition_message
from probes.http.settings import HttpSettings
from probes.observation import HttpAnswer, Observation
from tests.support.factories import NOW, make_check, make_service, make_text


def make_answer(**changes: Any) -> HttpAnswer:
    values: dict[str, Any] = {
        "status": 500,
        "version": (1, 1),
        "phrase": "Internal Server Error",
        "head": ((b"Content-Type", b"text/plain"),),
        "head_cut": False,
        "body_start": b"it broke",
        "body_cut": False,
        "url": None,
    }
    return HttpAnswer(**{**values, **changes})


def http_check(**settings: Any) -> Check:
    """A check whose settings are whole, of an address with a query."""
    own = HttpSettings.model_validate(
        {"url": "https://expo.ext5.example.se/fhir?key=hemlig-nyckel", **settings}
    )
    return make_check(settings=own, target=own.target())


def bundled(
    seen: Iterable[Observation],
    *,
    check: Check | None = None,
    secrets: Iterable[str] = (),
    of: str | None = "expo",
    **estate_changes: Any,
) -> bytes:
    """The bundle of the last worsening of the service (``of=None``: of its environment)."""
    check = make_check() if check is None else check
    service = make_service(checks=(check,))
    estate = Estate(
        environments=(Environment(name="ext5", title=make_text("EXT5"), services=(service,)),),
        **estate_changes,
    )
    board, masker, made = Board(estate, NOW - 1000), Masker(secrets), b""
    for each in seen:
        masked = masker.observation(each)
        for transition in board.observe(check.id, masked, each.at).transitions:
            if transition.worsening and transition.service == of:
                made = _made(board, check, transition, estate, masker)
    assert made, "nothing became worse"
    return made


def _made(
    board: Board, check: Check, transition: Transition, estate: Estate, masker: Masker
) -> bytes:
    message = transition_message(transition, board.snapshot(transition.at))
    told = evidence_document(
        transition,
        message,
        board.transition_context(check.id, transition.at),
        estate=estate,
        masker=masker,
        version="1.2.3",
        made_at=NOW,
    )
    return evidence_bundle(told)


def document(seen: Iterable[Observation], **how: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(bundled(seen, **how))
    return made
