"""Pure: text in the languages of the page and of messages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The same text in both languages."""

    sv: str
    en: str

    def pick(self, language: str) -> str:
        """The text in English for ``en``, in Swedish for all else."""
        return self.en if language == "en" else self.sv
