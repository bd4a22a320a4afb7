"""A changed certificate is an event: issue 3, point 2."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.certificate_changes import (
    NOTHING,
    REMEMBERED,
    CertificateChange,
    Known,
    News,
    change_of,
    observe_certificate,
)
from probes.observation import Grade, Observation, Reason
from tests.support.factories import DAY, make_certificate, make_http, make_observation, make_tls

START = 1_000_000.0
OLD, NEW = "CN=Function CA v1", "CN=Function CA v2"


def sha(letter: str) -> str:
    return letter * 64


def shown(
    letter: str, at: float = START, issuer: str = OLD, address: str | None = None
) -> Observation:
    """An observation of a server with that certificate."""
    leaf = make_certificate(sha256=sha(letter), issuer=issuer, not_after=at + 90 * DAY)
    return make_observation(at=at, address=address, tls=make_tls(chain=(leaf,)))


def everywhere(at: float, **letters: str) -> Observation:
    """With ``address: all``: a certificate an address."""
    parts = tuple(shown(letter, at, address=address) for address, letter in letters.items())
    return make_observation(at=at, tls=None, parts=parts)


def follow(*seen: Observation, announced: str | None = None) -> tuple[Known, list[News]]:
    known, news = Known(), []
    for one in seen:
        known, told = observe_certificate(known, one, lambda: announced)
        news.append(told)
    return known, news


def changes(news: list[News]) -> list[CertificateChange]:
    return [change for told in news for change in told.changes]


def test_the_first_sight_is_no_event() -> None:
    known, news = follow(shown("a"), shown("a", START + 60))
    assert news == [NOTHING, NOTHING]
    assert known.newest is None


def test_another_certificate_is_an_event() -> None:
    """With both fingerprints, both issuers, both ends, and when it was seen."""
    known, news = follow(shown("a"), shown("b", START + 60))
    [change] = changes(news)
    assert (change.before.sha256, change.after.sha256) == (sha("a"), sha("b"))
    assert (change.before.issuer, change.after.issuer) == (OLD, OLD)
    assert change.before.not_after == START + 90 * DAY
    assert change.after.not_after == START + 60 + 90 * DAY
    assert (change.at, change.address, change.announced) == (START + 60, None, None)
    assert change.same_issuer
    assert known.newest is change


def test_a_new_issuer_is_expected_only_when_it_was_announced() -> None:
    surprising, announced = (
        changes(follow(shown("a"), shown("b", issuer=NEW), announced=window)[1])[0]
        for window in (None, "2026-11-cert")
    )
    assert (surprising.same_issuer, surprising.expected) == (False, False)
    assert (announced.same_issuer, announced.expected) == (False, True)
    assert announced.announced == "2026-11-cert"


def test_nobody_is_asked_for_a_window_while_nothing_changes() -> None:
    def never() -> str | None:
        raise AssertionError

    known, _ = follow(shown("a"))
    assert observe_certificate(known, shown("a", START + 60), never) == (known, NOTHING)


def test_certificates_by_turns_are_told_once() -> None:
    """Two servers behind one name: B is new, the return of A is told, and then there is silence."""
    _, news = follow(*(shown("ab"[n % 2], START + n) for n in range(40)))
    assert len(changes(news)) == 1
    assert [n for n, told in enumerate(news) if told.alternates] == [2]


def test_a_certificate_that_comes_back_after_a_day_is_new() -> None:
    """A roll-back within the day is no event; a return after it is."""
    _, news = follow(shown("a"), shown("b", START + 60), shown("a", START + 60 + DAY + 1))
    assert [change.after.sha256 for change in changes(news)] == [sha("b"), sha("a")]
    _, news = follow(shown("a"), shown("b", START + 60), shown("a", START + 60 + DAY))
    assert [change.after.sha256 for change in changes(news)] == [sha("b")]


def test_a_third_certificate_is_news_though_two_alternate() -> None:
    known, news = follow(*(shown(letter, START + n) for n, letter in enumerate("ababcaba")))
    assert [change.after.sha256 for change in changes(news)] == [sha("b"), sha("c")]
    assert [n for n, told in enumerate(news) if told.alternates] == [2, 5]
    assert known.newest is not None
    assert known.newest.after.sha256 == sha("c")


def test_only_the_last_few_are_remembered() -> None:
    """State is bounded, however many certificates a server shows."""
    known, news = follow(*(shown(f"{n:x}", START + n) for n in range(16)))
    assert len(known.remembered) == REMEMBERED
    assert len(changes(news)) == 15
    _, told = observe_certificate(known, shown("0", START + 20), lambda: None)
    assert len(told.changes) == 1


def test_each_address_is_compared_with_itself() -> None:
    """Two addresses with a certificate each: no event, however often they are seen."""
    _, news = follow(*(everywhere(START + n, x="a", y="b") for n in range(3)))
    assert news == [NOTHING] * 3


def test_a_certificate_that_reaches_one_address_after_the_other_is_one_event() -> None:
    """And both addresses know since when it is theirs."""
    known, news = follow(
        everywhere(START, x="a", y="a"),
        everywhere(START + 60, x="b", y="a"),
        everywhere(START + 120, x="b", y="b"),
    )
    assert [(change.address, change.at) for change in changes(news)] == [("x", START + 60)]
    assert not any(told.alternates for told in news)
    first, second = (
        change_of(known, part, part.address) for part in everywhere(START + 120, x="b", y="b").parts
    )
    assert first is not None
    assert second is not None
    assert (first.at, second.at) == (START + 60, START + 120)


def test_an_address_that_is_gone_is_forgotten() -> None:
    known, _ = follow(everywhere(START, x="a", y="b"), everywhere(START + 60, x="a"))
    assert [place[0] for place in known.current] == ["x"]


def test_a_failure_without_a_certificate_changes_nothing() -> None:
    """A refused connection between two good probes is no change."""
    _, news = follow(shown("a"), make_observation(tls=None), shown("a", START + 60))
    assert news == [NOTHING] * 3


def test_a_certificate_that_does_not_verify_counts_too() -> None:
    """An expired one, seen by a failing probe, is replaced: that is the news people wait for."""
    expired = make_tls(chain=(make_certificate(sha256=sha("a")),), verified=False)
    failing = make_observation(
        tls=expired, http=None, grade=Grade.FAILED, reason=Reason.TLS_EXPIRED
    )
    _, news = follow(failing, shown("b", START + 60))
    assert len(changes(news)) == 1


def test_the_certificate_behind_a_redirect_is_another_servers() -> None:
    """One probe is redirected to a log-in and one is not: that is no change. Nor is it when the
    log-in's certificate fails, of which nobody can say whose it is.
    """

    def redirected(letter: str, redirects: int) -> Observation:
        tls = make_tls(chain=(make_certificate(sha256=sha(letter)),))
        return make_observation(at=START, tls=tls, http=make_http(redirects=redirects))

    on_the_way = make_observation(
        tls=make_tls(chain=(make_certificate(sha256=sha("c")),)),
        http=make_http(status=302),
        grade=Grade.FAILED,
        reason=Reason.TLS_EXPIRED,
    )
    _, news = follow(redirected("a", 0), redirected("b", 1), on_the_way, redirected("a", 0))
    assert changes(news) == []


def test_the_change_of_what_is_shown() -> None:
    """Once the old certificate is back, the change is no longer how this one came."""
    known, _ = follow(shown("a"), shown("b", START + 60))
    assert change_of(known, shown("b")) is known.newest
    assert change_of(known, shown("a")) is None


@given(st.lists(st.tuples(st.sampled_from("abcdef0123"), st.floats(0, 3 * DAY)), max_size=60))
def test_whatever_is_shown_the_state_is_bounded_and_standing_still_is_no_news(
    steps: list[tuple[str, float]],
) -> None:
    """And every event is of two certificates."""
    known, at = Known(), START
    for letter, later in steps:
        at += later
        known, news = observe_certificate(known, shown(letter, at), lambda: None)
        assert all(one.before.sha256 != one.after.sha256 for one in news.changes)
        assert len(known.remembered) <= REMEMBERED
        assert observe_certificate(known, shown(letter, at + 1), lambda: None) == (known, NOTHING)
