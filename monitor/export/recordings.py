"""Series that the alerts need, and that dashboards may use."""

from __future__ import annotations

from monitor.export.rule import OF_SERVICE, Recording

RED_UNPLANNED = "driftvakt:service_red_unplanned:bool"
COUNTED = "driftvakt:service_counted:bool"
PLANNED_LAST = "driftvakt:service_planned_last:timestamp_seconds"
CERTIFICATE_EXPIRY = "driftvakt:certificate_expiry:timestamp_seconds"

BASIC = (
    Recording(
        RED_UNPLANNED,
        f'driftvakt_service_status{{status="red"}}\n  * {OF_SERVICE} (1 - driftvakt_service_planned)',
    ),
    # known time without planned red, as docs/availability.md divides by
    Recording(
        COUNTED,
        '(1 - driftvakt_service_status{status="unknown"})\n'
        f"  - {OF_SERVICE} (\n"
        f'    driftvakt_service_status{{status="red"}} * {OF_SERVICE} driftvakt_service_planned\n'
        "  )",
    ),
    Recording(PLANNED_LAST, "(driftvakt_service_planned == 1) * 0 + time()"),
    # a certificate has not gone because its server has been away for a while
    Recording(
        CERTIFICATE_EXPIRY,
        "min without (check, location, address) (\n"
        "  last_over_time(driftvakt_certificate_expiry_timestamp_seconds[1h])\n"
        ")",
    ),
)

SHORT = ("5m", "30m", "1h", "2h")
LONG = ("6h", "1d", "3d")
"""Spans that cost more, and change less, than the short ones."""


def unavailable(span: str) -> str:
    """The series that says which share of the time counted was red without a plan."""
    return f"driftvakt:service_unavailable:ratio_{span}"


def shares(spans: tuple[str, ...]) -> tuple[Recording, ...]:
    return tuple(
        Recording(
            unavailable(span),
            f"sum_over_time({RED_UNPLANNED}[{span}])\n  / sum_over_time({COUNTED}[{span}])",
        )
        for span in spans
    )
