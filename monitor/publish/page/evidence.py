"""The evidence of a transition as a page: the text that one pastes into a mail, in sections."""

from __future__ import annotations

from monitor.evidence import mail_sections, read_bundle
from monitor.judging.snapshot import Snapshot
from monitor.model.addresses import event_path, evidence_path
from monitor.publish.page.query import PageQuery
from monitor.publish.page.shared import TEMPLATES, frame

_EVIDENCE = TEMPLATES.get_template("evidence.html")


def render_evidence(bundle: bytes, snapshot: Snapshot, asked: PageQuery) -> str:
    """The page of a bundle, whatever a target has sent. Of values only, so that it may be called in
    a thread. Raises :class:`~monitor.evidence.NotEvidenceError`.
    """
    document = read_bundle(bundle)
    (heading, what), *sections = mail_sections(document, asked.language)
    id_, change = str(document["id"]), document["transition"]
    service = change["service"]
    path = evidence_path(id_)
    incident = ""
    if service is not None:
        name = str(service).rpartition("/")[2]
        incident = event_path(f"{change['environment']}/{name}", id_)
    return _EVIDENCE.render(
        frame(snapshot, asked, path, heading),
        home=asked.home(),
        heading=heading,
        what=what,
        sections=sections,
        path=path,
        incident=incident,
    )
