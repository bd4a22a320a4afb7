"""``driftvakt status``: trouble first, and the rest counted."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from monitor.cli.status import StatusUnreadableError, StatusView
from monitor.console.brief import ROOM, brief
from monitor.judging.snapshot import EnvironmentView, ServiceView
from monitor.model.status import Rule, Status
from monitor.publish.status.renderer import render_status_body
from tests.support import views


def red(name: str, *, planned: bool = False) -> ServiceView:
    made = views.service(Status.RED, views.bad(Status.RED, Rule.RED_AFTER), name=name)
    return replace(made, planned=planned)


def green(name: str) -> ServiceView:
    return views.service(Status.GREEN, views.green(), name=name)


def document(*environments: EnvironmentView) -> dict[str, Any]:
    made = asyncio.run(
        render_status_body(views.snapshot(Status.YELLOW, *environments), version="1")
    )
    decoded: dict[str, Any] = json.loads(made)
    return decoded


def lines(shown: dict[str, Any], language: str = "en", width: int = 80) -> list[str]:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(brief(shown, language))
    return [line.rstrip() for line in captured.get().splitlines()]


def large() -> dict[str, Any]:
    """Two hundred services in ten environments: one red, twenty planned, the rest green."""
    environments = []
    for number in range(10):
        of = [red(f"s{n}", planned=True) if number == 9 else green(f"s{n}") for n in range(20)]
        if number == 3:
            of[7] = red("s7")
        environments.append(
            views.environment(Status.YELLOW, *of, name=f"ext{number}", title=f"EXT{number}")
        )
    return document(*environments)


def test_few_services_have_a_line_each() -> None:
    """The worst first, with its sentence and no other."""
    made = document(views.environment(Status.YELLOW, green("nll"), red("expo")))
    told = lines(made)
    assert told[0] == "1 of 2 services have trouble · 1 green"
    assert told[1].startswith("■ red  ext5/expo  ")
    assert told[2].startswith("  The service ")
    heads = [line for line in told if not line.startswith("  ")]
    assert heads[2].startswith("● green  ext5/nll  ")
    assert heads[3].startswith("As of ")


def test_two_hundred_services_fit_one_screen() -> None:
    """Of so many, those in trouble have their facts in a line, those as planned share a line an
    environment, and the green ones are only counted.
    """
    told = lines(large())
    assert told[0] == "1 of 200 services have trouble · 20 planned · 179 green"
    assert told[1].startswith("■ red  ext3/s7  ")
    assert any(line.startswith("■ red  ext9  planned  20: s0, s1, ") for line in told)
    assert told[2].startswith("  api: ")
    assert told[2].endswith(" of 20") or " of " in told[2]
    greens = next(line for line in told if line.startswith("● green  "))
    assert greens.startswith("● green  ext0 20, ext1 20, ext2 20, ext3 19, ")
    assert len(told) <= 24


def test_trouble_everywhere_fits_one_screen() -> None:
    """The first ten have a line each; of the others each environment has one."""
    told = lines(
        document(
            *(
                views.environment(
                    Status.RED,
                    *(red(f"service-{n}") for n in range(20)),
                    name=f"ext{number}",
                    title=f"EXT{number}",
                )
                for number in range(10)
            )
        )
    )
    assert told[0] == "200 of 200 services have trouble"
    assert sum(line.startswith("■ red  ext0/service-") for line in told) == 10
    assert any(line.startswith("■ red  ext0  10: service-10, ") for line in told)
    assert any(line.startswith("■ red  ext9  20: service-0, ") for line in told)
    assert len(told) <= 40


@pytest.mark.parametrize("width", [70, 80, 120, 160])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_word_is_cut_at_any_width(width: int, language: str) -> None:
    made = large()
    only = StatusView(language=language, only="ext3/s7").narrowed(made)
    for shown in (made, only):
        told = " ".join(line.strip() for line in lines(shown, language, width))
        assert "…" not in told
    message = made["environments"][3]["services"][7]["message"][language]
    assert message in " ".join(told.split())
    assert max(map(len, lines(made, language, width))) <= width


def test_planned_is_counted_apart() -> None:
    told = lines(document(views.environment(Status.RED, red("expo", planned=True))), "sv")
    assert told[0] == "0 av 1 tjänster har problem · 1 planerat stängda"
    assert "planerat" in told[1]


def test_just_at_the_bound_every_service_has_a_line() -> None:
    made = document(views.environment(Status.GREEN, *(green(f"s{n}") for n in range(ROOM))))
    assert sum(line.startswith("● green  ext5/s") for line in lines(made)) == ROOM


def test_a_part_of_it() -> None:
    """An environment or a service, with the status of its own; none of that name is no colour."""
    made = document(
        views.environment(Status.YELLOW, green("nll"), red("expo")),
        views.environment(Status.GREEN, green("nll"), name="ext6", title="EXT6"),
    )
    part = StatusView(language="en", only="ext6").narrowed(made)
    assert (part["status"], [one["name"] for one in part["environments"]]) == ("green", ["ext6"])
    one = StatusView(language="en", only="ext5/expo").narrowed(made)
    assert one["status"] == "red"
    assert [each["name"] for each in one["environments"][0]["services"]] == ["expo"]
    for other in ("ext7", "ext6/expo"):
        with pytest.raises(StatusUnreadableError, match=other):
            StatusView(language="en", only=other).narrowed(made)


def test_who_is_at_a_service_stands_on_its_line() -> None:
    """Of what is acknowledged the author; of what is silenced too; a stranger's control characters are not shown."""
    shown = document(views.environment(Status.RED, red("expo"), red("other"), green("s3")))
    by_hand = {"id": "x", "because": "x", "written_at": None, "until": None}
    shown["acknowledgements"] = [
        {**by_hand, "author": "an\x1bna", "environments": [], "services": ["ext5/expo"]}
    ]
    shown["silences"] = [{**by_hand, "author": "bo", "environments": ["ext5"], "services": []}]
    text = lines(shown, width=120)
    [expo] = [line for line in text if "ext5/expo" in line]
    [other] = [line for line in text if "ext5/other" in line]
    assert "acknowledged by an" in expo
    assert "\x1b" not in expo
    assert "silenced by bo" in other
    assert any("tystat av bo" in line for line in lines(shown, "sv", width=120))
