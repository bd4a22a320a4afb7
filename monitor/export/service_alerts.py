"""Alerts on services: red, planned, overrun, yellow, not known; and their version packages."""

from __future__ import annotations

from monitor.export.recordings import PLANNED_LAST
from monitor.export.rule import OF_SERVICE, SERVICE, SERVICE_PATH, Alert

_DAY = 86400
_REASONS = (
    '{{ range printf "driftvakt_check_reason{environment=%q,service=%q}"'
    " $labels.environment $labels.service | query }}"
    "{{ .Labels.check }}: {{ .Labels.reason }} ({{ .Labels.cause }}). {{ end }}"
)
_PACKAGE = "{{ $labels.package }}"

SERVICE_ALERTS = (
    Alert(
        name="DriftvaktServiceRed",
        # confirmed by the monitor itself (`red_after`), so nothing is waited for here
        expr='driftvakt_service_status{status="red"} == 1\n'
        f"unless {OF_SERVICE}\n"
        "driftvakt_service_planned == 1",
        severity="critical",
        labels={"planned": "false"},
        path=SERVICE_PATH,
        sv=f"RÖD: {SERVICE} är inte tillgänglig",
        en=f"RED: {SERVICE} is not available",
        description_sv=f"Tjänsten {SERVICE} är röd, och inget servicefönster förklarar det. {_REASONS}",
        description_en=f"The service {SERVICE} is red, and no service window explains it. {_REASONS}",
    ),
    Alert(
        name="DriftvaktServiceRedPlanned",
        expr='driftvakt_service_status{status="red"} == 1\n'
        f"and {OF_SERVICE}\n"
        "driftvakt_service_planned == 1",
        severity="info",
        labels={"planned": "true"},
        path=SERVICE_PATH,
        sv=f"RÖD, planerat: {SERVICE} är inte tillgänglig under ett servicefönster",
        en=f"RED, planned: {SERVICE} is not available during a service window",
        description_sv=f"Tjänsten {SERVICE} är röd, som ett pågående servicefönster har sagt.",
        description_en=f"The service {SERVICE} is red, as a service window under way has said.",
    ),
    Alert(
        name="DriftvaktWindowOverrun",
        # planned until just now, and the status has not changed since the plan was over
        expr="(driftvakt_service_severity >= 2)\n"
        f"and {OF_SERVICE} (driftvakt_service_planned == 0)\n"
        f"and {OF_SERVICE} (\n"
        "  driftvakt_last_transition_timestamp_seconds\n"
        f"  <= {OF_SERVICE} (max_over_time({PLANNED_LAST}[12h]) + 120)\n"
        ")",
        lasts="5m",
        severity="warning",
        path=SERVICE_PATH,
        sv=f"{SERVICE} är störd efter servicefönstrets slut",
        en=f"{SERVICE} is disturbed after the end of its service window",
        description_sv=f"Servicefönstret för {SERVICE} är slut, men tjänsten är inte grön: arbetet har dragit över, eller gått fel. {_REASONS}",
        description_en=f"The service window of {SERVICE} is over, but the service is not green: the work overruns, or has failed. {_REASONS}",
    ),
    Alert(
        name="DriftvaktServiceYellow",
        expr='driftvakt_service_status{status="yellow"} == 1\n'
        f"unless {OF_SERVICE}\n"
        "driftvakt_service_planned == 1",
        lasts="15m",
        severity="warning",
        labels={"planned": "false"},
        path=SERVICE_PATH,
        sv=f"GUL: {SERVICE} har varit störd i 15 minuter",
        en=f"YELLOW: {SERVICE} has been disturbed for 15 minutes",
        description_sv=f"Tjänsten {SERVICE} fungerar med nedsatt funktion, eller visar tecken på störning. {_REASONS}",
        description_en=f"The service {SERVICE} works with reduced function, or shows signs of disturbance. {_REASONS}",
    ),
    Alert(
        name="DriftvaktServiceUnknown",
        expr='driftvakt_service_status{status="unknown"} == 1',
        lasts="15m",
        severity="warning",
        path=SERVICE_PATH,
        sv=f"OKÄND: {SERVICE} har inte kunnat mätas på 15 minuter",
        en=f"UNKNOWN: {SERVICE} could not be measured for 15 minutes",
        description_sv=f"Ingen vet hur {SERVICE} mår: felet är övervakningens eget, eller mätningarna är för gamla. {_REASONS}",
        description_en=f"Nobody knows how {SERVICE} is: the trouble is the monitor's own, or the measurements are too old. {_REASONS}",
    ),
    *(
        Alert(
            name="DriftvaktPackageRetirementNear",
            expr="driftvakt_version_package_retirement_timestamp_seconds - time() "
            f"> {least * _DAY}\n"
            "and\n"
            "driftvakt_version_package_retirement_timestamp_seconds - time() "
            f"<= {most * _DAY}",
            severity=severity,
            labels={"within": f"{most}d"},
            sv=f"Versionspaket {_PACKAGE} avvecklas om {{{{ $value | humanizeDuration }}}}",
            en=f"Version package {_PACKAGE} is retired in {{{{ $value | humanizeDuration }}}}",
            description_sv=f"Versionspaket {_PACKAGE} avvecklas. Ersätts av: {{{{ $labels.replaced_by }}}}.",
            description_en=f"Version package {_PACKAGE} will be retired. Replaced by: {{{{ $labels.replaced_by }}}}.",
        )
        for least, most, severity in ((7, 30, "info"), (0, 7, "warning"))
    ),
    Alert(
        name="DriftvaktPackageStillAnswers",
        expr="driftvakt_version_package_still_answers == 1",
        lasts="15m",
        severity="warning",
        path=SERVICE_PATH,
        sv=f"Versionspaket {_PACKAGE} är avvecklat men svarar: {SERVICE}",
        en=f"Version package {_PACKAGE} is retired but still answers: {SERVICE}",
        description_sv=f"Kontrollen {{{{ $labels.check }}}} av {SERVICE} får svar, fast paketet {_PACKAGE} är avvecklat.",
        description_en=f"The check {{{{ $labels.check }}}} of {SERVICE} is answered, though the package {_PACKAGE} is retired.",
    ),
)
