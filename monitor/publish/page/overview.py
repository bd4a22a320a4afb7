"""The front page: environments and services as rows.

Rows are kept as long as their views are the same objects, so that a page of thousands of services
costs little more than its copying.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from monitor import wording
from monitor.judging.snapshot import EnvironmentView, ServiceView, Snapshot
from monitor.model.estate import Estate, ServiceId
from monitor.model.status import Status
from monitor.publish.page import plans
from monitor.publish.page.query import PageQuery
from monitor.publish.page.shared import TEMPLATES, frame, mark, moment, stated, word
from monitor.publish.page.words import WORDS
from monitor.publish.rendering.language import Language
from monitor.publish.rendering.reuse import staying

_HEAD = TEMPLATES.get_template("head.html")
_ENVIRONMENT = TEMPLATES.get_template("environment.html")
_ROW = TEMPLATES.get_template("row.html")
_PLANNED = TEMPLATES.get_template("planned.html")
_FOOT = TEMPLATES.get_template("foot.html")
_FRONT = TEMPLATES.get_template("front.html")
_ROWS_END = "</tbody>\n</table>\n</section>\n"


def render_overview(snapshot: Snapshot, language: Language, asked: PageQuery | None = None) -> str:
    """The whole front page, made from nothing. For a site keep a :class:`Overview`."""
    return "".join(Overview().pieces(snapshot, asked or PageQuery(language=language)))


class Overview:
    """Renders snapshot after snapshot, each time only what has changed."""

    def __init__(self) -> None:
        self._estate: Estate | None = None
        self._rows: dict[tuple[str, Language], dict[ServiceId, tuple[ServiceView, str, str]]] = {}

    def pieces(self, snapshot: Snapshot, asked: PageQuery) -> Iterator[str]:
        """HTML bit by bit, at most a service each, for whoever must not stop the event loop."""
        if snapshot.estate is not self._estate:
            kept = [service.id for service in staying(self._estate, snapshot.estate)]
            self._rows = {
                told: {id_: made[id_] for id_ in kept if id_ in made}
                for told, made in self._rows.items()
            }
            self._estate = snapshot.estate
        # what rows carry in their links has few variants: language, chosen or not
        rows = self._rows.setdefault((asked.suffix, asked.language), {})
        words = WORDS[asked.language]
        title = f"{word(snapshot.status, asked.language)} – {words['title']}"
        framed = frame(snapshot, asked, "/", title)
        shown = [
            (view, [service for service in view.services if asked.wants_service(service)])
            for view in snapshot.environments
            if asked.wants_environment(view)
        ]
        shown = [(view, some) for view, some in shown if some or not asked.services]
        windows = plans.windows(snapshot, asked)
        yield _HEAD.render(framed)
        yield _FRONT.render(
            framed,
            overall=wording.overall_message(snapshot).pick(asked.language),
            mark=mark(snapshot.status, asked.language),
            counts=_counts(shown, asked.language),
            environments=[
                (each.name, each.title.pick(asked.language))
                for each in (view.environment for view in snapshot.environments)
            ],
            active=windows["active"],
            notices=plans.notices(snapshot, asked),
        )
        if not snapshot.environments:
            yield f'<p class="empty">{words["nothing"]}</p>\n'
        elif not shown:
            yield f'<p class="empty">{words["no_match"]}</p>\n'
        for environment, services in shown:
            yield self._open(environment, snapshot, asked)
            for service in services:
                known = rows.get(service.service.id)
                says = stated(snapshot, service.service.id, asked.language)
                if known is None or known[0] is not service or known[1] != says:
                    known = service, says, _row(service, says, environment, snapshot, asked)
                    rows[service.service.id] = known
                yield known[2]
            yield _ROWS_END
        yield _PLANNED.render(
            framed,
            windows=windows,
            told_above=True,
            upgrades=plans.upgrades(snapshot, asked),
        )
        yield _FOOT.render(framed)

    def _open(self, view: EnvironmentView, snapshot: Snapshot, asked: PageQuery) -> str:
        zone = snapshot.estate.timezone
        return _ENVIRONMENT.render(
            w=WORDS[asked.language],
            name=view.environment.name,
            title=view.environment.title.pick(asked.language),
            status=view.status.value,
            mark=mark(view.status, asked.language),
            message=wording.environment_message(view, zone).pick(asked.language),
            stated=stated(snapshot, view.environment.name, asked.language),
        )


def _counts(
    shown: list[tuple[EnvironmentView, list[ServiceView]]], language: Language
) -> list[tuple[str, str, int]]:
    """Status, word and number, the worst first; statuses that nothing has are left out."""
    numbers = Counter(view.status for _, some in shown for view in some)
    order = (Status.RED, Status.YELLOW, Status.UNKNOWN, Status.GREEN)
    return [(each.value, word(each, language), numbers[each]) for each in order if numbers[each]]


def _row(
    view: ServiceView, says: str, environment: EnvironmentView, snapshot: Snapshot, asked: PageQuery
) -> str:
    zone, language, service = snapshot.estate.timezone, asked.language, view.service
    message = wording.service_message(view, zone, environment.environment.title)
    helped = service.help is not None and view.status is not Status.GREEN
    return _ROW.render(
        w=WORDS[language],
        link=asked.service_link(service.id),
        title=service.title.pick(language),
        status=view.status.value,
        mark=mark(view.status, language),
        planned=view.planned,
        message=message.pick(language),
        stated=says,
        help=service.help.pick(language) if helped and service.help is not None else "",
        since=moment(view.since, zone, language),
    )
