"""Pure: what of a rendering may stay when the configuration is another."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.model.estate import Estate, Service


def staying(old: Estate | None, new: Estate) -> Iterator[Service]:
    """The services of which everything that is configured reads as before: they are the very same
    values, in environments of the same title, with instants told in the same time zone.
    """
    if old is None or old.timezone != new.timezone:
        return
    environments = {one.name: one for one in old.environments}
    for one in new.environments:
        was = environments.get(one.name)
        if was is None or was.title != one.title:
            continue
        services = {service.id: service for service in was.services}
        yield from (service for service in one.services if services.get(service.id) is service)
