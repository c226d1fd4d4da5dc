"""What of a Composition's own words does the e-message keep?

A section that holds its content as narrative only becomes a journal note with the section's title; one whose entries
say it all repeats them, and its narrative is not said twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway import terminology
from gateway.translate.born.open_bundle import OpenBundle
from gateway.translate.born.wording import plain
from gateway.translate.codec import Json

NOTES = ("MedisinskfagligeOpplysninger", "GenereltJournalnotat")
"""Where a text stands that has no other place."""
_TARGET = "/".join((*NOTES, "Journaltekst"))
_HEADINGS = ("9141", "9142", "9145")


def render(work: OpenBundle) -> None:
    """Every narrative that says more than the entries beside it, as a note."""
    if work.composition is None or not work.allows(NOTES[0]):
        return
    for section in list(_sections(work.composition)):
        narrative = section.get("text")
        if not isinstance(narrative, dict) or not isinstance(narrative.get("div"), str):
            continue
        repeats = narrative.get("status") in ("generated", "empty") and (
            "entry" in section or "section" in section
        )
        text = "" if repeats else plain(narrative["div"])
        if not text.strip("–- \n"):
            continue
        note: Json = {"resourceType": "Observation"}
        note["valueString"] = _titled(work, section, text, note)
        heading = section.get("code")
        if isinstance(heading, dict) and any(_is_heading(c) for c in heading.get("coding", ())):
            note["code"] = heading
        work.say(narrative, "div", note, "valueString", _TARGET)
        reference = work.add(note, f"urn:somlos:narrative-{len(work.resources)}")
        work.section(NOTES).setdefault("entry", []).append(reference)


def _titled(work: OpenBundle, section: Json, text: str, note: Json) -> str:
    title = section.get("title")
    if not isinstance(title, str):
        return text
    work.say(section, "title", note, "valueString", _TARGET)
    return text if text.startswith(title) else f"{title}\n{text}"


def _sections(holder: Json) -> Iterator[Json]:
    for section in holder.get("section", ()):
        yield section
        yield from _sections(section)


def _is_heading(coding: Json) -> bool:
    return terminology.number_of(str(coding.get("system", ""))) in _HEADINGS
