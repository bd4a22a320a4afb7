"""The newest bundles at hand."""

from __future__ import annotations

from monitor.evidence import BundleCache


def test_the_oldest_goes_first() -> None:
    """The number is bounded, whatever happens."""
    shelf = BundleCache(2)
    for id_ in ("a1", "b2", "c3"):
        shelf.put(id_, id_.encode())
    assert [shelf.find(id_) for id_ in ("a1", "b2", "c3")] == [None, b"b2", b"c3"]


def test_one_put_again_is_new() -> None:
    """And counts once."""
    shelf = BundleCache(2)
    for id_, bundle in (("a1", b"1"), ("b2", b"2"), ("a1", b"3"), ("c3", b"4")):
        shelf.put(id_, bundle)
    assert (shelf.find("a1"), shelf.find("b2")) == (b"3", None)


def test_a_beginning_must_be_of_one_alone() -> None:
    """Two that begin so are none."""
    shelf = BundleCache()
    shelf.put("abc1", b"1")
    shelf.put("abd2", b"2")
    assert (shelf.find("abc"), shelf.find("ab"), shelf.find("x")) == (b"1", None, None)
