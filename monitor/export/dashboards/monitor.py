"""Pure: the monitor itself."""

from __future__ import annotations

from typing import Any

from monitor.export.dashboards.shared import (
    STAT,
    URL,
)
from monitor.export.grafana import (
    Panel,
    Query,
    Row,
    dashboard,
    yes_no,
)


def _line(title: str, unit: str, *queries: tuple[str, str], about: str = "") -> Panel:
    return Panel(
        title=title,
        kind="timeseries",
        queries=[Query(expr=expr, legend=legend) for expr, legend in queries],
        unit=unit,
        width=8,
        height=7,
        about=about,
    )


def _flag(title: str, expr: str, yes: str, no: str) -> Panel:
    return Panel(
        title=title,
        kind="stat",
        queries=[Query(expr=expr, instant=True)],
        width=4,
        height=4,
        defaults=yes_no(yes, no),
        options=STAT,
    )


def monitor(url: str = URL) -> dict[str, Any]:
    """Whether the monitor itself can be believed."""

    def quantile(name: str) -> tuple[str, str]:
        rate = f"rate({name}_bucket[$__rate_interval])"
        return f"histogram_quantile(0.99, sum by (instance, le) ({rate}))", "{{instance}}"

    flags = [
        _flag("Overloaded", "driftvakt_overloaded", "yes", "no"),
        _flag("Own network", "driftvakt_canary_down", "down", "up"),
        _flag("Configuration", "1 - driftvakt_config_last_reload_successful", "faulty", "applied"),
        _flag("History", "driftvakt_history_away", "away", "there"),
        _flag("Status file", "(time() - driftvakt_status_file_timestamp_seconds > bool 30)", "old",
              "fresh"),
        _flag("Faults of our own, last hour",
              "clamp_max(increase(driftvakt_internal_errors_total[1h]), 1) > bool 0", "some",
              "none"),
    ]  # fmt: skip
    work = [
        _line("Probes under way", "short", ("driftvakt_probes_in_flight", "{{instance}}")),
        _line("Probes start late (99 of 100 less)", "s",
              quantile("driftvakt_schedule_lateness_seconds")),
        _line("The loop lags (99 of 100 less)", "s", quantile("driftvakt_loop_lag_seconds")),
        _line("Probes left out a minute", "short",
              ("60 * rate(driftvakt_schedule_missed_total[$__rate_interval])", "{{kind}}")),
        _line("Messages a minute", "short",
              (("60 * sum by (notification, outcome) "
               "(rate(driftvakt_notifications_total[$__rate_interval]))"),
               "{{notification}} {{outcome}}")),
        _line("Transitions an hour", "short",
              ("3600 * sum by (to) (rate(driftvakt_transitions_total[$__rate_interval]))",
               "to {{to}}")),
    ]  # fmt: skip
    kept = [
        _line("What waits to be kept", "short",
              ("driftvakt_history_queue_length", "{{kind}}"),
              ("driftvakt_history_journal_length", "on disk")),
        _line("Time to write", "s",
              (("rate(driftvakt_history_write_seconds_sum[$__rate_interval]) / "
               "rate(driftvakt_history_write_seconds_count[$__rate_interval])"), "{{instance}}")),
        _line("Never written", "short", ("driftvakt_history_dropped_total", "{{kind}}")),
    ]  # fmt: skip
    process = [
        _line("Processor", "percentunit",
              ("rate(process_cpu_seconds_total{job=\"driftvakt\"}[$__rate_interval])",
               "{{instance}}")),
        _line("Memory", "bytes",
              ('process_resident_memory_bytes{job="driftvakt"}', "{{instance}}")),
        _line("Open files", "short", ('process_open_fds{job="driftvakt"}', "{{instance}}")),
    ]  # fmt: skip
    return dashboard(
        "driftvakt-monitor",
        "Driftvakt: the monitor itself",
        "Whether it can be believed: load, delays, history, messages, process.",
        [
            Row(title="Now", panels=flags),
            Row(title="Work", panels=work),
            Row(title="History", panels=kept),
            Row(title="Process", panels=process),
        ],
        [],
        [],
        url=url,
    )
