"""Pure: the dashboards for Grafana: all services, one service, and the monitor itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from monitor.export.dashboards.monitor import monitor
from monitor.export.dashboards.overview import overview
from monitor.export.dashboards.service import service
from monitor.export.dashboards.shared import URL

__all__ = ["DASHBOARDS", "URL"]

DASHBOARDS: Mapping[str, Callable[[str], dict[str, Any]]] = MappingProxyType(
    {"overview": overview, "service": service, "monitor": monitor}
)
