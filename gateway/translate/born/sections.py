"""What of a Composition's own words does the e-message keep?

A section that holds its content as narrative only becomes a journal note with the section's title; one whose entries
say it all repeats them, and its narrative is not said twice. The title of a section that only puts its entries together
is no note either: what they say stands under the headings of the e-message. So with a List.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway import terminology
from gateway.translate.born.open_bundle import OpenBundle
from gateway.translate.born.wording import plain
from gateway.translate.codec import Json
from gateway.translate.loss import Loss

NOTES = ("MedisinskfagligeOpplysninger", "GenereltJournalnotat")
"""Where a text stands that has no other place."""
_TARGET = "/".join((*NOTES, "Journaltekst"))
_HEADINGS = ("9141", "9142", "9145")


def leave_to_others(work: OpenBundle) -> None:
    """A section with a focus of its own tells of somebody else (a newborn, a donor): its words are lost."""
    for section in _sections(work.composition or {}):
        if isinstance(section.get("focus"), dict) and not work.means_the_patient(section["focus"]):
            for holder, key in ((section, "title"), (section.get("text", {}), "div")):
                if key in holder:
                    work.rendered.append(Loss(f"{work.place_of(holder)}.{key}", "", "lost", "warning"))
            section.pop("title", None)
            section.pop("text", None)


def render(work: OpenBundle) -> None:
    """Every narrative that says more than the entries beside it, as a note."""
    for each in work.of_type("List"):
        _name_what_went(work, each)
        if (
            not _is_about_changes(each)
            and "emptyReason" not in each
            and each.get("entry")
            and _all_there(work, [e.get("item") for e in each["entry"]])
        ):
            work.form.update(_own_objects(each))
    if work.composition is None or not work.allows(NOTES[0]):
        return
    for section in list(_sections(work.composition)):
        if _only_groups(work, section):
            work.form.update(_own_objects(section))
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


def _name_what_went(work: OpenBundle, each: Json) -> None:
    for entry in each.get("entry", ()):
        resource = work.follow(entry.get("item")) or {} if entry.get("deleted") is True else {}
        medication = work.follow(resource.get("medicationReference")) or resource
        name = medication.get("code", {}).get("text") or resource.get("description", {}).get("text")
        if isinstance(name, str):
            entry["item"].setdefault("display", name)


def _is_about_changes(each: Json) -> bool:
    """Whether a List says what came and went: then it is told, with the name of what went."""
    return each.get("mode") == "changes" or any(
        entry.get("deleted") is True for entry in each.get("entry", ())
    )


def _only_groups(work: OpenBundle, section: Json) -> bool:
    """Whether a section says nothing itself: it only puts together what its entries and sections say."""
    says = {"emptyReason", "extension", "modifierExtension"} & section.keys()
    entries = section.get("entry", [])
    return not says and bool(entries or "section" in section) and _all_there(work, entries)


def _all_there(work: OpenBundle, entries: list[Json]) -> bool:
    return all(work.follow(entry) is not None for entry in entries)


def _own_objects(section: Json) -> Iterator[int]:
    for key in ("code", "orderedBy", "mode"):
        concept = section.get(key)
        if isinstance(concept, dict):
            yield id(concept)
            yield from map(id, concept.get("coding", ()))
    yield id(section)
    yield from map(id, section.get("entry", ()))


def _titled(work: OpenBundle, section: Json, text: str, note: Json) -> str:
    title = section.get("title")
    if not isinstance(title, str):
        return text
    if "emptyReason" not in section:  # that is told with its title
        work.say(section, "title", note, "valueString", _TARGET)
    return text if text.startswith(title) else f"{title}\n{text}"


def _sections(holder: Json) -> Iterator[Json]:
    for section in holder.get("section", ()):
        yield section
        yield from _sections(section)


def _is_heading(coding: Json) -> bool:
    return terminology.number_of(str(coding.get("system", ""))) in _HEADINGS
