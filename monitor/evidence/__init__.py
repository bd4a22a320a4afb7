"""Pure: the evidence of a transition, as JSON and as text that one pastes into a mail.

No secret of ours is in it, nothing that a screen or a mail client would stumble over, and never more
than 64 KiB, whatever a target has sent. The keys are documented in docs/evidence.md.

    bundle       the whole, bounded
    request      what was asked, without secrets
    response     what was answered, fit to be shown
    mail         a bundle as plain text, Swedish or English
    first_lines  the first lines of a bundle, for a message
    text_writer  what its lines keep to
    words        its labels
    cache        the newest bundles at hand
"""

from monitor.evidence.bundle import LIMIT, SCHEMA_VERSION, evidence_bundle, evidence_document
from monitor.evidence.cache import BundleCache
from monitor.evidence.first_lines import first_lines
from monitor.evidence.mail import NotEvidenceError, mail, mail_sections, read_bundle

__all__ = [
    "LIMIT",
    "SCHEMA_VERSION",
    "BundleCache",
    "NotEvidenceError",
    "evidence_bundle",
    "evidence_document",
    "first_lines",
    "mail",
    "mail_sections",
    "read_bundle",
]
