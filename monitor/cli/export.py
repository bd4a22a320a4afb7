"""``driftvakt export``: prints documents that other programs read."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from monitor.cli.options import fail, print_json
from monitor.support.terminal import write_document


class Exported(StrEnum):
    SCHEMA = "schema"
    OPENAPI = "openapi"
    RULES = "rules"
    DASHBOARD = "dashboard"


class Dashboard(StrEnum):
    OVERVIEW = "overview"
    SERVICE = "service"
    MONITOR = "monitor"


def export(
    what: Annotated[Exported, typer.Argument(help="Which document.")],
    url: Annotated[
        str | None,
        typer.Option(
            help="rules, dashboard: where people reach the page.",
            show_default="http://localhost:9815",
        ),
    ] = None,
    runbooks: Annotated[
        str | None, typer.Option(help="rules: the runbooks' folder.", show_default="URL/runbooks")
    ] = None,
    job: Annotated[
        str | None,
        typer.Option(help="rules: the job's name in Prometheus.", show_default="driftvakt"),
    ] = None,
    name: Annotated[
        Dashboard | None, typer.Option(help="dashboard: which one.", show_default="overview")
    ] = None,
) -> None:
    """Print the JSON Schema of the configuration file, the OpenAPI document of the addresses, the
    recording and alerting rules for Prometheus, or a dashboard for Grafana.
    """
    if name is not None and what is not Exported.DASHBOARD:
        fail("--name is for dashboard")
    if what is Exported.DASHBOARD and (runbooks, job) != (None, None):
        fail("--runbooks and --job are for rules")
    if what in (Exported.SCHEMA, Exported.OPENAPI) and (url, runbooks, job) != (None, None, None):
        fail("--url, --runbooks and --job are for rules and dashboards")
    match what:
        case Exported.SCHEMA:
            from monitor.configuration.loader import json_schema

            print_json(json_schema())
        case Exported.OPENAPI:
            from monitor.publish.web.openapi import openapi_document

            print_json(openapi_document())
        case Exported.RULES:
            from monitor.support import shipped

            write_document(shipped.rules(url or shipped.URL, runbooks, job or shipped.JOB))
        case Exported.DASHBOARD:
            from monitor.support import shipped

            print_json(shipped.dashboard(name or Dashboard.OVERVIEW, url or shipped.URL))
