"""Alerts on the monitor itself: whoever watches must be watched."""

from __future__ import annotations

from monitor.export.rule import SERVICE, SERVICE_PATH, Alert

_TOTAL = "driftvakt_notifications_total"


def _more(outcome: str, span: str, least: int) -> str:
    """Whether a counter has grown by that much; one that is new has grown from 0."""
    series = f'{_TOTAL}{{outcome="{outcome}"}}'
    return (
        f"({series} - {series} offset {span} >= {least})\n"
        f"or ({series} >= {least} unless {series} offset {span})"
    )


def monitor_alerts(job: str) -> tuple[Alert, ...]:
    """``job`` is the name that the monitor is scraped under."""
    up = f'up{{job="{job}"}}'
    return (
        Alert(
            name="DriftvaktAbsent",
            expr=f"{up} == 0\nor\nabsent({up})",
            lasts="1m",
            severity="critical",
            sv="Driftvakt svarar inte: ingen övervakar",
            en="Driftvakt does not answer: nobody is watching",
            description_sv="Prometheus får inga mätvärden från driftvakt {{ $labels.instance }}. Att inget larmar betyder nu ingenting. Börja med: systemctl status driftvakt.",
            description_en="Prometheus gets no metrics from driftvakt {{ $labels.instance }}. That nothing alarms now means nothing. Begin with: systemctl status driftvakt.",
        ),
        Alert(
            name="DriftvaktStale",
            expr="time() - max by (job, instance) (driftvakt_last_observation_timestamp_seconds) > 900",
            severity="critical",
            sv="Driftvakt mäter inte längre",
            en="Driftvakt measures no more",
            description_sv="Driftvakt {{ $labels.instance }} svarar, men dess nyaste mätning är {{ $value | humanizeDuration }} gammal.",
            description_en="Driftvakt {{ $labels.instance }} answers, but its newest measurement is {{ $value | humanizeDuration }} old.",
        ),
        Alert(
            name="DriftvaktCanaryDown",
            expr="driftvakt_canary_down == 1",
            lasts="2m",
            severity="critical",
            sv="Driftvakts eget nät är nere",
            en="Driftvakt's own network is down",
            description_sv="Inget av det som alltid ska svara (`canary`) svarar driftvakt {{ $labels.instance }}: den kan inte mäta.",
            description_en="None of what must always answer (`canary`) answers driftvakt {{ $labels.instance }}: it cannot measure.",
        ),
        Alert(
            name="DriftvaktMonitorTrouble",
            expr="count by (job, instance, environment, service, reason) (\n"
            '  driftvakt_check_reason{cause="monitor"}\n'
            ")",
            lasts="5m",
            severity="warning",
            path=SERVICE_PATH,
            sv=f"Driftvakt kan inte mäta {SERVICE}: eget fel, {{{{ $labels.reason }}}}",
            en=f"Driftvakt cannot measure {SERVICE}: trouble of its own, {{{{ $labels.reason }}}}",
            description_sv="{{ $value }} kontroller är okända av ett skäl som är övervakningens eget, inte tjänstens.",
            description_en="{{ $value }} checks are unknown for a reason that is the monitor's own, not the service's.",
        ),
        Alert(
            name="DriftvaktOverloaded",
            expr="max_over_time(driftvakt_overloaded[1m]) == 1",
            lasts="5m",
            severity="warning",
            sv="Driftvakt är överlastad",
            en="Driftvakt is overloaded",
            description_sv="Driftvakt {{ $labels.instance }} hinner inte med: tidsöverskridanden tros inte, och kontroller blir okända.",
            description_en="Driftvakt {{ $labels.instance }} cannot keep up: time-outs are not believed, and checks become unknown.",
        ),
        Alert(
            name="DriftvaktReloadFailed",
            expr="driftvakt_config_last_reload_successful == 0",
            lasts="1m",
            severity="warning",
            sv="Driftvakts ändrade konfiguration är fel",
            en="Driftvakt's changed configuration is wrong",
            description_sv="Driftvakt {{ $labels.instance }} kunde inte läsa sin ändrade konfiguration. Den gamla gäller ännu, tills nästa omstart.",
            description_en="Driftvakt {{ $labels.instance }} could not read its changed configuration. The old one holds, until the next restart.",
        ),
        Alert(
            name="DriftvaktStatusFileOld",
            expr="(time() - driftvakt_status_file_timestamp_seconds > 30)\n"
            "or\n"
            "(driftvakt_build_info unless on (job, instance) driftvakt_status_file_timestamp_seconds)",
            lasts="1m",
            severity="warning",
            sv="Driftvakts statusfil är gammal",
            en="Driftvakt's status file is old",
            description_sv="Driftvakt {{ $labels.instance }} kan inte skriva status.json. De som läser filen ser gammal status.",
            description_en="Driftvakt {{ $labels.instance }} cannot write status.json. Whoever reads the file sees an old status.",
        ),
        Alert(
            name="DriftvaktNotificationFailing",
            expr=f"{_more('given_up', '1h', 1)}\nor\n{_more('failed', '15m', 3)}",
            severity="warning",
            sv="Driftvakts meddelanden till {{ $labels.notification }} kommer inte fram",
            en="Driftvakt's messages to {{ $labels.notification }} do not arrive",
            description_sv="{{ $value }} försök eller meddelanden från driftvakt {{ $labels.instance }} har nyligen misslyckats: {{ $labels.outcome }}.",
            description_en="{{ $value }} attempts or messages of driftvakt {{ $labels.instance }} have lately failed: {{ $labels.outcome }}.",
        ),
    )
