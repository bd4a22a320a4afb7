"""The certificate that a check has seen: for whom, by whom, and how much of its time is left."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from markupsafe import Markup

from monitor import wording
from monitor.judging.snapshot import CheckView
from monitor.publish.page.shared import moment
from monitor.publish.page.words import WORDS
from monitor.publish.rendering.language import Language
from probes.observation import Certificate, clean

NAMES = 12
"""Names that are shown at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateCard:
    """Texts ready; ``share`` is how much of the bar is filled, 0 to 100."""

    names: str
    issuer: str
    ends: Markup
    left: str
    share: float


def certificate_card(
    view: CheckView, at: float, zone: ZoneInfo, language: Language
) -> CertificateCard | None:
    """Of the server's certificate that ends first; ``None`` where none has been seen."""
    seen = [view.last, *(part.last for part in view.addresses)]
    found = [
        one.tls.leaf for one in seen if one is not None and one.tls is not None and one.tls.leaf
    ]
    if not found:
        return None
    leaf = min(found, key=lambda one: one.not_after)
    return CertificateCard(
        names=_names(leaf),
        issuer=clean(leaf.issuer),
        ends=moment(leaf.not_after, zone, language),
        left=_left(leaf, at, language),
        share=round(100 * _share(leaf, at), 1),
    )


def _share(leaf: Certificate, at: float) -> float:
    lifetime = leaf.not_after - leaf.not_before
    return min(1.0, max(0.0, (leaf.not_after - at) / lifetime)) if lifetime > 0 else 0.0


def _left(leaf: Certificate, at: float, language: Language) -> str:
    words, left = WORDS[language], leaf.not_after - at
    if left <= 0:
        return words["cert_expired"]
    whole = wording.duration(_days(leaf.not_after - leaf.not_before)).pick(language)
    return words["cert_left"].format(wording.duration(_days(left)).pick(language), whole)


def _days(seconds: float) -> float:
    """Whole days, of what is longer than one."""
    return seconds // 86_400 * 86_400 if seconds >= 86_400 else seconds


def _names(leaf: Certificate) -> str:
    names = leaf.names or (leaf.subject,)
    more = f" +{len(names) - NAMES}" if len(names) > NAMES else ""
    return clean(", ".join(names[:NAMES]), 2_000) + more
