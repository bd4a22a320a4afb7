"""Plurals, lists and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from monitor.model.text import Text
from probes.observation import clean

LISTED = 4
"""Names in a list before the rest is a number."""


@lru_cache(4096)
def one_line(text: str) -> str:
    """Text from outside, on one line, with single spaces and nothing unprintable."""
    return clean(" ".join(text.split()))


@lru_cache(4096)
def title(text: Text | None, name: str) -> Text:
    """A configured title, or the name where a language has none."""
    if text is None:
        plain = one_line(name)
        return Text(sv=plain, en=plain)
    return Text(sv=one_line(text.sv) or one_line(name), en=one_line(text.en) or one_line(name))


def plural(number: int, one: str, many: str) -> str:
    """``1 mätning``, ``2 mätningar``."""
    return f"{number} {one if number == 1 else many}"


def capital(clause: str) -> str:
    return clause[:1].upper() + clause[1:]


def sentence(clause: Text) -> Text:
    """A clause as a sentence of its own."""
    return Text(sv=f"{capital(clause.sv)}.", en=f"{capital(clause.en)}.")


def joined_sentences(sentences: Iterable[Text | None]) -> Text:
    """Sentences one after the other; those that had nothing to say are left out."""
    said = [each for each in sentences if each is not None and each.sv]
    return Text(sv=" ".join(each.sv for each in said), en=" ".join(each.en for each in said))


def enumeration(names: Sequence[Text], number: int | None = None) -> Text:
    """``a``, ``a och b``, ``a, b och c``; of a long list the first few and a number. Where there are
    ``number`` in all, no more than the first :data:`LISTED` and one need be given.
    """
    number = len(names) if number is None else number
    shown = names if number <= LISTED + 1 else names[:LISTED]
    sv = [name.sv for name in shown]
    en = [name.en for name in shown]
    if len(shown) < number:
        left = number - len(shown)
        sv.append(f"{left} till")
        en.append(f"{left} more")
    return Text(sv=_and(sv, "och"), en=_and(en, "and"))


def _and(words: list[str], conjunction: str) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
