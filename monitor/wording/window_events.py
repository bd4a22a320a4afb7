"""What has happened to a service window, in words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from monitor.model.text import Text
from monitor.plan import Happening, Impact, WindowEvent
from monitor.wording.grammar import joined_sentences, one_line, title
from monitor.wording.times import instant

_MEANS = {
    Impact.NONE: Text(sv="Ingen påverkan väntas.", en="No impact is expected."),
    Impact.DISTURBANCE: Text(sv="Störningar kan förekomma.", en="Disturbances may occur."),
    Impact.OUTAGE: Text(sv="Planerat avbrott.", en="A planned outage."),
}


def impact_message(impact: Impact) -> Text:
    """What may be expected of a window, before, during and after it."""
    return _MEANS[impact]


def window_message(event: WindowEvent, zone: ZoneInfo) -> Text:
    """``Servicefönstret Databasbyte har börjat och pågår till tisdag 24 november 2026 kl. 22.00.``"""
    one = event.occurrence
    name = title(one.window.title, one.window.id)
    start, end = instant(one.start, zone), instant(one.end, zone)
    match event.what:
        case Happening.BEGINS:
            begun = Text(
                sv=f"Servicefönstret {name.sv} har börjat och pågår till {end.sv}.",
                en=f"The service window {name.en} has begun and lasts until {end.en}.",
            )
            return joined_sentences((begun, impact_message(one.window.impact), _said(event)))
        case Happening.ENDS:
            return Text(
                sv=f"Servicefönstret {name.sv} är slut.",
                en=f"The service window {name.en} is over.",
            )
        case Happening.RUN_OVER:
            who = _service(event)
            return Text(
                sv=f"Servicefönstret {name.sv} är slut, men störningen i {who} kvarstår.",
                en=f"The service window {name.en} is over, but the disturbance in {who} is not.",
            )
        case Happening.MAY_RESUME:
            who = _service(event)
            return Text(
                sv=f"{who} svarar igen och testning kan återupptas, fast servicefönstret"
                f" {name.sv} pågår till {end.sv}.",
                en=f"{who} answers again and testing may resume, although the service window"
                f" {name.en} lasts until {end.en}.",
            )
        case Happening.CANCELLED:
            return Text(
                sv=f"Servicefönstret {name.sv}, {start.sv}, är inställt.",
                en=f"The service window {name.en}, {start.en}, is cancelled.",
            )
        case Happening.MOVED:
            was = instant(event.was[0] if event.was is not None else one.start, zone)
            return Text(
                sv=f"Ändrad tid: servicefönstret {name.sv} är nu {start.sv} till {end.sv},"
                f" tidigare angivet {was.sv}.",
                en=f"New time: the service window {name.en} is now {start.en} until {end.en},"
                f" given earlier as {was.en}.",
            )


def _service(event: WindowEvent) -> str:
    return one_line(event.service or "")


def _said(event: WindowEvent) -> Text | None:
    message = event.occurrence.window.message
    if message is None:
        return None
    return Text(sv=one_line(message.sv), en=one_line(message.en))
