"""Pure: what is different between two configurations, and what of the one may go on in the other.

A check is known by its id. What decides is whether its observations mean the same:

============ =========================================================================================
kept         the same in every value
judged anew  only what its observations are weighed by, or when it may run, is another: thresholds,
             weight, ``retry_interval``, ``min_interval`` …; its state goes on, and the new
             numbers count from the next observation
restarted    it measures something else, elsewhere, or at another interval: it begins anew
added        there was none of this id
removed      there is none of this id any more
============ =========================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from monitor.model.estate import (
    Check,
    CheckId,
    Environment,
    Estate,
    Service,
    ServiceId,
    WebSettings,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Ids in the order of the new configuration, of what is gone in that of the old one."""

    kept: frozenset[CheckId] = frozenset()
    judged_anew: tuple[CheckId, ...] = ()
    restarted: tuple[CheckId, ...] = ()
    added: tuple[CheckId, ...] = ()
    begun: frozenset[CheckId] = frozenset()
    """All that begin with nothing known: restarted or added."""
    removed: tuple[CheckId, ...] = ()
    same_services: frozenset[ServiceId] = frozenset()
    """The same in every value, checks and all."""
    same_environments: frozenset[str] = frozenset()
    needs_restart: tuple[str, ...] = ()
    """Keys that have changed and cannot while the program runs."""

    @property
    def ended(self) -> tuple[CheckId, ...]:
        """All of which nothing is to be known any more."""
        return (*self.restarted, *self.removed)


def difference(old: Estate, new: Estate) -> Difference:
    """What of ``old`` goes on in ``new``."""
    before = {check.id: check for check in old.checks()}
    kept: set[CheckId] = set()
    judged: list[CheckId] = []
    restarted: list[CheckId] = []
    added: list[CheckId] = []
    for check in new.checks():
        was = before.pop(check.id, None)
        if was is None:
            added.append(check.id)
        elif was is check or was == check:
            kept.add(check.id)
        elif measures_the_same(was, check):
            judged.append(check.id)
        else:
            restarted.append(check.id)
    services = {service.id: service for service in old.services()}
    environments = {environment.name: environment for environment in old.environments}
    return Difference(
        kept=frozenset(kept),
        judged_anew=tuple(judged),
        restarted=tuple(restarted),
        added=tuple(added),
        begun=frozenset((*restarted, *added)),
        removed=tuple(before),
        same_services=frozenset(
            service.id for service in new.services() if services.get(service.id) == service
        ),
        same_environments=frozenset(
            one.name for one in new.environments if environments.get(one.name) == one
        ),
        needs_restart=_needs_restart(old, new),
    )


def sharing(old: Estate, new: Estate) -> Estate:
    """``new``, made of the very values of ``old`` where they are equal: what goes on needs no second
    place in memory, and is known to be the same at a glance.
    """
    checks = {check.id: check for check in old.checks()}
    services = {service.id: service for service in old.services()}
    environments = {environment.name: environment for environment in old.environments}

    def check(one: Check) -> Check:
        was = checks.get(one.id)
        return was if was is not None and was == one else one

    def service(one: Service) -> Service:
        was = services.get(one.id)
        if was is not None and was == one:
            return was  # of thousands all but a few
        return replace(one, checks=tuple(map(check, one.checks)))

    def environment(one: Environment) -> Environment:
        shared = replace(one, services=tuple(map(service, one.services)))
        was = environments.get(one.name)
        return was if was is not None and was == shared else shared

    return replace(new, environments=tuple(map(environment, new.environments)))


def measures_the_same(was: Check, now_is: Check) -> bool:
    """Whether observations of the one are observations of the other."""
    return _measured(was) == _measured(now_is)


def _measured(check: Check) -> tuple[object, ...]:
    return (
        check.kind, check.settings, check.location, check.target, check.host, check.port,
        check.interval, check.timeout,
    )  # fmt: skip


def _needs_restart(old: Estate, new: Estate) -> tuple[str, ...]:
    changed = {
        "listen": (old.listen_host, old.listen_port) != (new.listen_host, new.listen_port),
        "data_dir": old.data_dir != new.data_dir,
        "store": old.store != new.store,
        "retention": old.retention != new.retention,
        "web.tls": _speaks_tls(old.web) != _speaks_tls(new.web),
    }
    return tuple(key for key, is_other in changed.items() if is_other)


def _speaks_tls(web: WebSettings) -> bool:
    return web.cert_file is not None


def usable(old: Estate, new: Estate) -> Estate:
    """``new``, with what cannot change while the program runs as it is in ``old``: it counts from
    the next start, and every reload until then says so again.
    """
    web = new.web
    if _speaks_tls(old.web) != _speaks_tls(new.web):
        web = replace(web, cert_file=old.web.cert_file, key_file=old.web.key_file)
    return replace(
        new,
        listen_host=old.listen_host,
        listen_port=old.listen_port,
        data_dir=old.data_dir,
        store=old.store,
        retention=old.retention,
        web=web,
    )
