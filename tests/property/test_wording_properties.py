"""Whatever is seen, the sentences are sentences."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.judging.snapshot import (
    AddressView,
    CheckView,
    EnvironmentView,
    ServiceView,
    Snapshot,
    Why,
)
from monitor.model.estate import Estate
from monitor.model.status import Rule, Status, Thresholds
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.wording import (
    check_message,
    duration,
    environment_message,
    instant,
    overall_message,
    service_message,
    transition_message,
)
from probes.observation import Cause, Certificate, Grade, Observation, Reason, TlsFacts
from tests.support import views

calm = settings(deadline=None)
"""A busy machine is no fault of a sentence."""
large = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])

zones = st.sampled_from([ZoneInfo("Europe/Stockholm"), ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu")])
instants = st.floats(0.0, 4e9) | st.floats()
seconds = st.floats(0.0, 1e6) | st.floats()
outside = st.text(st.characters(exclude_categories=()), max_size=30).filter(
    lambda text: "None" not in text
)
"""Text from outside: surrogates, controls, line separators and all."""
texts = st.builds(Text, sv=outside, en=outside)
names = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,10}", fullmatch=True)
statuses = st.sampled_from(Status)
reasons = st.none() | st.sampled_from(Reason)
causes = st.none() | st.sampled_from(Cause)
grades = st.none() | st.sampled_from(Grade)
counts = st.integers(0, 30)
limits = st.none() | st.floats(0.0, 100.0)

certificates = st.builds(
    Certificate,
    subject=outside,
    issuer=outside,
    serial=outside,
    not_before=instants,
    not_after=instants,
    names=st.just(()),
    sha256=st.just(""),
    key_type=outside,
    key_bits=st.none(),
    signature_algorithm=outside,
    authority=st.booleans(),
)
observations = st.builds(
    Observation,
    at=instants,
    duration=seconds,
    grade=st.sampled_from(Grade),
    reason=reasons,
    cause=causes,
    detail=outside,
    tls=st.none()
    | st.builds(
        TlsFacts,
        chain=st.lists(certificates, max_size=2).map(tuple),
        verified_not_after=st.none() | instants,
        client=st.none() | certificates,
    ),
)
checks = st.builds(
    views.make_check,
    name=names,
    target=outside,
    environment=names,
    service=names,
    critical=st.booleans(),
    thresholds=st.builds(
        Thresholds, green_after=st.integers(1, 5), latency_yellow=limits, latency_red=limits
    ),
)
check_views = st.builds(
    CheckView,
    check=checks,
    status=statuses,
    since=instants,
    reason=reasons,
    cause=causes,
    why=st.builds(
        Why,
        rule=st.sampled_from(Rule),
        failed=counts,
        of=counts,
        consecutive=counts,
        threshold=st.floats(0.0, 20.0),
        first_bad_at=st.none() | instants,
    ),
    last=st.none() | observations,
    last_grade=grades,
    last_reason=reasons,
    trouble=outside,
    failed_share=st.none(),
    latency=st.none(),
    addresses=st.lists(
        st.builds(
            AddressView,
            address=outside,
            status=statuses,
            since=st.none() | instants,
            reason=reasons,
            cause=causes,
            last=st.none() | observations,
            last_grade=grades,
        ),
        max_size=3,
    ).map(tuple),
    evidence=st.none() | observations,
)


@st.composite
def service_views(draw: st.DrawFn) -> ServiceView:
    return views.service(
        draw(statuses),
        *draw(st.lists(check_views, max_size=3)),
        name=draw(names),
        title=draw(texts),
        measured=draw(statuses),
        declared=draw(statuses),
        planned=draw(st.booleans()),
        since=draw(instants),
    )


@st.composite
def environment_views(draw: st.DrawFn) -> EnvironmentView:
    return views.environment(
        draw(statuses),
        *draw(st.lists(service_views(), max_size=2)),
        name=draw(names),
        title=draw(outside),
        since=draw(instants),
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    return Snapshot(
        at=draw(instants),
        status=draw(statuses),
        since=draw(instants),
        environments=tuple(draw(st.lists(environment_views(), max_size=6))),
        estate=Estate(environments=(), timezone=draw(zones)),
    )


transitions = st.builds(
    Transition,
    at=instants,
    since=instants,
    environment=names,
    service=st.none() | names,
    before=statuses,
    after=statuses,
    began=st.none() | instants,
    planned=st.booleans(),
    check=st.none() | names,
    reason=reasons,
    cause=causes,
)


def assert_sentences(message: Text) -> None:
    """One line that starts with a capital or a number and ends with a full stop."""
    for text in (message.sv, message.en):
        assert text[0].isupper() or text[0].isdigit()
        assert text.endswith(".")
        assert text.isprintable()
        assert "  " not in text
        assert text == text.strip()
        assert "None" not in text


@calm
@given(view=check_views, zone=zones, title=st.none() | texts)
def test_a_check_is_told_in_sentences(view: CheckView, zone: ZoneInfo, title: Text | None) -> None:
    """Any check, however it stands, gives whole sentences on one line."""
    assert_sentences(check_message(view, zone, title))


@calm
@given(view=service_views(), zone=zones, title=st.none() | texts)
def test_a_service_is_told_in_sentences(
    view: ServiceView, zone: ZoneInfo, title: Text | None
) -> None:
    """Any service."""
    assert_sentences(service_message(view, zone, title))


@large
@given(view=environment_views(), zone=zones)
def test_an_environment_is_told_in_sentences(view: EnvironmentView, zone: ZoneInfo) -> None:
    """Any environment."""
    assert_sentences(environment_message(view, zone))


@large
@given(snapshot=snapshots())
def test_everything_is_told_in_sentences(snapshot: Snapshot) -> None:
    """Any snapshot, an empty one too."""
    assert_sentences(overall_message(snapshot))


@large
@given(transition=transitions, snapshot=snapshots())
def test_a_transition_is_told_in_sentences(transition: Transition, snapshot: Snapshot) -> None:
    """Any transition, of whatever is or is not in the snapshot."""
    assert_sentences(transition_message(transition, snapshot))


@large
@given(transition=transitions, snapshot=snapshots())
def test_a_transition_of_what_is_there(transition: Transition, snapshot: Snapshot) -> None:
    """A transition to exactly the status that the snapshot shows."""
    for environment in snapshot.environments:
        for service in environment.services:
            told = Transition(
                at=transition.at,
                since=transition.since,
                environment=environment.environment.name,
                service=service.service.name,
                before=transition.before,
                after=service.status,
            )
            assert_sentences(transition_message(told, snapshot))


@calm
@given(view=check_views, zone=zones)
def test_unknown_never_sounds_green(view: CheckView, zone: ZoneInfo) -> None:
    """Only a green check is said to be in full operation."""
    green = view.status is Status.GREEN
    said = check_message(view, zone)
    claim = said.sv.split(" sedan ")[0].split("fungerar: ")[0]
    assert (" i full drift" in claim) == green or "i full drift" in view.check.target


@calm
@given(at=st.integers(0, 4_000_000_000), zone=zones)
def test_an_instant_can_be_read_back(at: int, zone: ZoneInfo) -> None:
    """The words hold the date and the minute, in both languages the same."""
    local = datetime.fromtimestamp(at, UTC).astimezone(zone)
    told = instant(float(at), zone)
    for text, clock in ((told.sv, local.strftime("kl. %H.%M")), (told.en, local.strftime("%H:%M"))):
        assert re.search(rf" {local.day} \w+ {local.year} ", text)
        assert clock in text


@calm
@given(length=st.integers(1, 10**8))
def test_a_duration_is_not_longer_than_it_was(length: int) -> None:
    """Rounded down, by less than the smaller of its two units."""
    units = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}
    parts = [part.split() for part in duration(length).en.split(" and ")]
    told = sum(int(number) * units[unit.removesuffix("s")] for number, unit in parts)
    largest = units[parts[0][1].removesuffix("s")]
    assert told <= length < told + max(largest // 24, 1) * (2.5 if largest == 3600 else 1)
