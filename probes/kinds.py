"""The registry of probe kinds. Third parties join through the entry point group ``driftvakt.probes``.

    from probes.kinds import probe
    from probes.http.settings import HttpSettings

    observation = await probe("http", HttpSettings(url="https://expo.ext5.example.se/"), timeout=10)

Nothing else is needed to use a probe alone.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING

from probes import tcp
from probes.certificate import probe as certificate
from probes.dns import probe as dns
from probes.http import probe as http
from probes.kind import Kind
from probes.net.context import ProbeContext
from probes.settings import ProbeSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probes.observation import Observation

ENTRY_POINT_GROUP = "driftvakt.probes"


BUILT_IN = (http.KIND, certificate.KIND, tcp.KIND, dns.KIND)


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
    async with ProbeContext() as context:
        return await chosen.prepare(settings, timeout, context)()
