"""The registry of probe kinds. Third parties join through the entry point group ``driftvakt.probes``.

    from probes.kinds import probe
    from probes.http_settings import HttpSettings

    observation = await probe("http", HttpSettings(url="https://expo.ext5.example.se/"), timeout=10)

Nothing else is needed to use a probe alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from probes import certificate, dns, http, tcp
from probes.certificate_settings import CertificateSettings
from probes.http_settings import HttpSettings
from probes.settings import ProbeSettings
from probes.tools import Tools

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probes.observation import Observation

ENTRY_POINT_GROUP = "driftvakt.probes"


Probe: TypeAlias = "Callable[[], Awaitable[Observation]]"
"""A prepared measurement. Expected failures are values; only cancellation is raised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A way to measure: its settings, its probe, and defaults that suit it."""

    name: str
    settings: type[ProbeSettings]
    prepare: Callable[[Any, float, Tools], Probe]
    """Makes a probe of settings, the total timeout in seconds and the shared tools."""
    interval: float = 30.0
    degraded_after: int = 3
    latency: tuple[float, float] | None = (1.0, 5.0)
    """Default thresholds in seconds, yellow and red; ``None``: slowness is not judged."""


BUILT_IN = (
    Kind(name="http", settings=HttpSettings, prepare=http.prepare),
    Kind(
        name="certificate",
        settings=CertificateSettings,
        prepare=certificate.prepare,
        interval=300.0,
        degraded_after=1,
        latency=None,
    ),
    Kind(name="tcp", settings=tcp.TcpSettings, prepare=tcp.prepare),
    Kind(name="dns", settings=dns.DnsSettings, prepare=dns.prepare, latency=None),
)


@cache
def load_kinds() -> Mapping[str, Kind]:
    """The built-in kinds and those of installed packages, by name; looked for once a process, for
    that reads what every installed package says of itself.

    Raises ``ValueError`` when a package's kind takes a name that is taken or is no :class:`Kind`.
    """
    kinds = {kind.name: kind for kind in BUILT_IN}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        kind = point.load()
        if not isinstance(kind, Kind):
            raise ValueError(f"entry point {point.name} of {ENTRY_POINT_GROUP} is not a Kind")
        if kind.name in kinds:
            raise ValueError(f"two packages provide the probe kind {kind.name}")
        kinds[kind.name] = kind
    return MappingProxyType(kinds)


async def probe(kind: str, settings: ProbeSettings, *, timeout: float = 10.0) -> Observation:
    """One probe now, by itself. ``timeout`` is a total, in seconds. Raises ``KeyError`` on an unknown kind."""
    chosen = load_kinds()[kind]
    async with Tools() as tools:
        return await chosen.prepare(settings, timeout, tools)()
