"""Messages to people: their subjects, floods told as one, reminders, and the test message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.model.status import Status
from monitor.model.text import Text
from monitor.wording.claims import status_word
from monitor.wording.grammar import joined_sentences, one_line, plural
from monitor.wording.reasons import reason_phrase
from monitor.wording.times import duration
from probes.observation import Reason

NAMED = 20
"""Services that a flood names before the rest is a number."""

_UPPER = {
    Status.GREEN: Text(sv="GRÖN", en="GREEN"),
    Status.YELLOW: Text(sv="GUL", en="YELLOW"),
    Status.RED: Text(sv="RÖD", en="RED"),
    Status.UNKNOWN: Text(sv="OKÄND", en="UNKNOWN"),
}
_COLOURS = {
    Status.GREEN: (("grön", "gröna"), "green"),
    Status.YELLOW: (("gul", "gula"), "yellow"),
    Status.RED: (("röd", "röda"), "red"),
    Status.UNKNOWN: (("okänd", "okända"), "unknown"),
}
_ORDER = (Status.RED, Status.YELLOW, Status.UNKNOWN, Status.GREEN)


def message_heading(
    status: Status,
    service: Text,
    environment: Text,
    *,
    planned: bool = False,
    reminds: bool = False,
    improved: bool = False,
) -> Text:
    """One line: ``RÖD: Receptexpedition (EXPO), EXT5: inte tillgänglig``."""
    word, colour = status_word(status), _UPPER[status]
    sv = f"{colour.sv}: {one_line(service.sv)}, {one_line(environment.sv)}: {word.sv}"
    en = f"{colour.en}: {one_line(service.en)}, {one_line(environment.en)}: {word.en}"
    if improved:
        sv, en = f"{sv} (bättre)", f"{en} (improved)"
    if planned:
        sv, en = f"{sv} (planerat)", f"{en} (planned)"
    if reminds:
        sv, en = f"Påminnelse: {sv}", f"Reminder: {en}"
    return Text(sv=sv, en=en)


def change_of_status(before: Status, after: Status) -> Text:
    """How bad it is, and was: ``gul, störning (bättre; tidigare röd)``."""
    (now_sv, _), now_en = _COLOURS[after]
    (then_sv, _), then_en = _COLOURS[before]
    word = status_word(after)
    sv, en = f"{now_sv}, {word.sv}", f"{now_en}, {word.en}"
    if before is after:
        return Text(sv=sv, en=en)
    improved = (before, after) == (Status.RED, Status.YELLOW)
    better = ("bättre; ", "improved; ") if improved else ("", "")
    return Text(sv=f"{sv} ({better[0]}tidigare {then_sv})", en=f"{en} ({better[1]}was {then_en})")


def reminder(alarm: Text, seconds: float) -> Text:
    """What an alarm said, and that it still holds after ``seconds``."""
    length = duration(seconds)
    still = Text(
        sv=f"Påminnelse: störningen pågår fortfarande, efter {length.sv}.",
        en=f"Reminder: the disturbance goes on, after {length.en}.",
    )
    return joined_sentences((still, alarm))


def no_longer_watched(service: Text, environment: Text) -> Text:
    return Text(
        sv=f"Tjänsten {one_line(service.sv)} i testmiljön {one_line(environment.sv)} övervakas"
        " inte längre. Larmet är därför avslutat.",
        en=f"The service {one_line(service.en)} in the test environment"
        f" {one_line(environment.en)} is watched no more. Its alarm is therefore closed.",
    )


def flapped(text: Text, changes: int, seconds: float, status: Status, since: Text) -> Text:
    """``text``, and before it what happened until then and nobody was told of."""
    (singular, _), colour = _COLOURS[status]
    length = duration(seconds)
    happened = Text(
        sv=f"Status har växlat {changes} gånger på {length.sv}; {singular} sedan {since.sv}.",
        en=f"It has flapped {changes} times in {length.en}; {colour} since {since.en}.",
    )
    return joined_sentences((happened, text))


def flood_heading(
    environment: Text, statuses: Mapping[Status, int], *, planned: int = 0, reminds: bool
) -> Text:
    """One line: ``EXT5: 200 tjänster, 150 röda och 50 gula, varav 20 planerade``."""
    total = sum(statuses.values())
    sv = f"{one_line(environment.sv)}: {plural(total, 'tjänst', 'tjänster')}, "
    en = f"{one_line(environment.en)}: {plural(total, 'service', 'services')}, "
    counted = _counted(statuses, planned)
    sv, en = sv + counted.sv, en + counted.en
    if reminds:
        sv, en = f"Påminnelse: {sv}", f"Reminder: {en}"
    return Text(sv=sv, en=en)


def flood(
    environment: Text,
    statuses: Mapping[Status, int],
    services: Sequence[Text],
    reasons: Mapping[Reason, int],
    since: Text,
    planned: int = 0,
) -> Text:
    """Many services of one environment at once: how many, which, and why. ``since`` is when the
    first of them changed.
    """
    total = sum(statuses.values())
    counted = _counted(statuses, planned)
    where_sv, where_en = one_line(environment.sv), one_line(environment.en)
    first_sv = (
        f"I testmiljön {where_sv} har {plural(total, 'tjänst', 'tjänster')} ändrat status"
        f" sedan {since.sv}: {counted.sv}."
    )
    first_en = (
        f"In the test environment {where_en}, {plural(total, 'service', 'services')}"
        f" {'has' if total == 1 else 'have'} changed status since {since.en}: {counted.en}."
    )
    shown = services[:NAMED]
    names_sv = ", ".join(one_line(name.sv) for name in shown)
    names_en = ", ".join(one_line(name.en) for name in shown)
    if len(services) > NAMED:
        left = len(services) - NAMED
        names_sv, names_en = f"{names_sv} och {left} till", f"{names_en} and {left} more"
    sv = [first_sv, f"Tjänster: {names_sv}."]
    en = [first_en, f"Services: {names_en}."]
    if reasons:
        most = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0].value))
        sv.append("Orsaker: " + ", ".join(f"{reason_phrase(r).sv} ({n})" for r, n in most) + ".")
        en.append("Reasons: " + ", ".join(f"{reason_phrase(r).en} ({n})" for r, n in most) + ".")
    return Text(sv="\n\n".join(sv), en="\n\n".join(en))


def read_on(text: Text, url: str | None) -> Text:
    """``text``, and after it where more is; itself where that is nowhere."""
    if url is None:
        return text
    return Text(sv=f"{text.sv}\n\nMer: {url}", en=f"{text.en}\n\nMore: {url}")


def trial(receiver: str) -> tuple[Text, Text]:
    """Heading and text of ``driftvakt notify --test``: nobody may take it for an alarm."""
    return (
        Text(sv="TEST: meddelande från Driftvakt", en="TEST: message from Driftvakt"),
        Text(
            sv=f"Detta är ett testmeddelande till mottagaren {receiver}. Inget har hänt, och"
            " ingenting behöver göras.",
            en=f"This is a test message to the receiver {receiver}. Nothing has happened, and"
            " nothing needs to be done.",
        ),
    )


def _counted(statuses: Mapping[Status, int], planned: int) -> Text:
    """How many of each colour, and how many of them a service window explains."""
    found = [(status, statuses[status]) for status in _ORDER if statuses.get(status)]
    sv = [f"{n} {_COLOURS[status][0][n != 1]}" for status, n in found]
    en = [f"{n} {_COLOURS[status][1]}" for status, n in found]
    if not planned:
        return Text(sv=" och ".join(sv), en=" and ".join(en))
    which = "planerad" if planned == 1 else "planerade"
    return Text(
        sv=f"{' och '.join(sv)}, varav {planned} {which}",
        en=f"{' and '.join(en)}, {planned} of them planned",
    )
