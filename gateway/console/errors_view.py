"""What stands on the pages of the error catalogue?"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.console.texts import Texts
from gateway.errors import CATALOGUE, CatalogueEntry


@dataclass(frozen=True)
class EntryView:
    """One code, in the reader's language."""

    code: str
    sentence: str
    other_sentence: str
    """The same in the other language: what the partner abroad, or the log, says."""
    owner: str
    next_step: str
    retry: bool
    apprec: str | None


@dataclass(frozen=True)
class Section:
    """A part of the catalogue: the codes that begin alike."""

    name: str
    title: str
    entries: tuple[EntryView, ...]


def sections(texts: Texts) -> tuple[Section, ...]:
    """The whole catalogue, section by section, in the order of its titles."""
    names = sorted(
        {code.partition(".")[0] for code in CATALOGUE}, key=lambda name: texts.or_code("section", name)
    )
    return tuple(
        Section(
            name,
            texts.or_code("section", name),
            tuple(_view(entry, texts) for code, entry in CATALOGUE.items() if code.partition(".")[0] == name),
        )
        for name in names
    )


def entry_view(code: str, texts: Texts) -> EntryView | None:
    """One code; None when the catalogue does not have it."""
    entry = CATALOGUE.get(code)
    return _view(entry, texts) if entry else None


def _view(entry: CatalogueEntry, texts: Texts) -> EntryView:
    english = texts.language == "en"
    return EntryView(
        code=entry.code,
        sentence=entry.en if english else entry.no,
        other_sentence=entry.no if english else entry.en,
        owner=texts(f"owner.{entry.owner}"),
        next_step=entry.next_step_en if english else entry.next_step_no,
        retry=entry.retry,
        apprec=entry.apprec,
    )
