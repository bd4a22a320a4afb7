"""The series of version packages: when each is retired, and what answers although it is."""

from __future__ import annotations

from monitor.judging.snapshot import Snapshot
from monitor.plan import UpgradeView
from monitor.publish.metrics import families as f
from monitor.publish.metrics.exposition import labels, number


def plan_lines(snapshot: Snapshot) -> bytes:
    """All of them; nothing where no version package is configured."""
    dated = [one for one in snapshot.upgrades if one.upgrade.retires_at is not None]
    if not dated:
        return b""
    pieces = [f.PACKAGE_RETIREMENT.header()]
    pieces += [_retirement(one) for one in dated]
    findings = [
        _answers(one, check) for one in dated if one.retired for check in sorted(one.upgrade.absent)
    ]
    if findings:
        pieces += [f.PACKAGE_ANSWERS.header(), *findings]
    return b"".join(pieces)


def _retirement(view: UpgradeView) -> bytes:
    upgrade = view.upgrade
    at = labels(package=upgrade.package, replaced_by=upgrade.replaced_by or "")
    return f"{f.PACKAGE_RETIREMENT.name}{{{at}}} {number(upgrade.retires_at or 0.0)}\n".encode()


def _answers(view: UpgradeView, check: str) -> bytes:
    environment, service, name = check.split("/")
    at = labels(package=view.upgrade.package, environment=environment, service=service, check=name)
    return f"{f.PACKAGE_ANSWERS.name}{{{at}}} {int(check in view.answering)}\n".encode()
