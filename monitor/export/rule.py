"""What a rule of Prometheus is, ours always with both languages, the page and a runbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OF_SERVICE = "on (job, instance, environment, service)"
"""How series of a service are matched: two monitors of the same service are not mixed."""
SERVICE_PATH = "/s/{{ $labels.environment }}/{{ $labels.service }}"
SERVICE = "{{ $labels.environment }}/{{ $labels.service }}"


@dataclass(frozen=True, slots=True)
class Recording:
    """A series that Prometheus makes of others."""

    name: str
    expr: str

    def document(self) -> dict[str, Any]:
        return {"record": self.name, "expr": self.expr}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """``severity`` critical pages, warning waits for office hours, info is to be known."""

    name: str
    expr: str
    severity: str
    sv: str
    en: str
    description_sv: str
    description_en: str
    lasts: str = "0s"
    """How long it must be so before it fires."""
    labels: Mapping[str, str] = field(default_factory=dict)
    path: str = "/"
    """Of the page that shows it."""

    def document(self, url: str, runbooks: str) -> dict[str, Any]:
        made: dict[str, Any] = {"alert": self.name, "expr": self.expr}
        if self.lasts != "0s":
            made["for"] = self.lasts
        made["labels"] = {"severity": self.severity, **self.labels}
        made["annotations"] = {
            "summary": self.en,
            "summary_sv": self.sv,
            "summary_en": self.en,
            "description": self.description_en,
            "description_sv": self.description_sv,
            "page": url + self.path,
            "runbook_url": f"{runbooks}/{self.name}.md",
        }
        return made
