"""Which questions of a checklist do the messages already answer, and where does each answer come from?

An answer is put down only where a message says it: that the list of medicines came, the person's own words, how a
function was scored, with the day of the scoring. Whether anybody read, asked or assessed something no message says, so
those questions stay open for the person who does it. Each answer refers to its source (`prefilled-from`). Only what the
municipality of the plan may read itself is put down, and nobody else may read the answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec

from gateway import terminology
from gateway.fhir.canonical import code_system, extension_url
from gateway.projection.definitions import published
from gateway.projection.goals import voice_of

Json = dict[str, Any]
LIST_CAME: Final = "informasjon.legemiddelliste"
OWN_WORDS: Final = "ord"
FUNCTIONS: Final = {
    "funksjon.fysisk": ("5", "6", "7", "8", "9", "10", "11", "12"),
    "funksjon.kognisjon": ("15",),
    "funksjon.sanser": ("13", "14"),
}
"""Question, and the variables of 9111 that it asks about."""
AREAS: Final = code_system("9111")
_ERROR: Final = ("entered-in-error", "cancelled", "rejected")


@dataclass(frozen=True)
class Answer:
    """An answer, and the resources it comes from."""

    value: Json
    sources: tuple[str, ...]
    """References, Type/id."""


def prefilled(questionnaire: str, lists: Iterable[str], known: Iterable[Json]) -> Json:
    """The elements of a QuestionnaireResponse that messages fill in; empty: they answer no question of it.

    :param questionnaire: its canonical address
    :param lists: references to the messages that brought the list of medicines to the municipality
    :param known: what messages say of the patient, the oldest first: Goal, Observation
    """
    definition = _definition(questionnaire)
    if definition is None:
        return {}
    known = [each for each in known if each.get("status", each.get("lifecycleStatus")) not in _ERROR]
    answers = {**_list(tuple(lists)), **_own_words(known), **_functions(known)}
    items = _items(definition["item"], answers)
    return {"questionnaire": f"{definition['url']}|{definition['version']}", "item": items} if items else {}


def asks_for(questionnaire: str) -> tuple[str, ...]:
    """The types of the resources that can answer questions of it."""
    definition = _definition(questionnaire)
    questions = set(_links(definition["item"])) if definition is not None else set()
    goals, scores = OWN_WORDS in questions, not questions.isdisjoint(FUNCTIONS)
    return (*(("Goal",) if goals else ()), *(("Observation",) if scores else ()))


def _links(items: list[Json]) -> Iterator[str]:
    for each in items:
        yield each["linkId"]
        yield from _links(each.get("item", []))


@cache
def _definition(url: str) -> Json | None:
    return next((each for each in published("questionnaires").values() if each["url"] == url), None)


def _items(asked: list[Json], answers: dict[str, Answer]) -> list[Json]:
    """The items that have an answer, in the places of the questionnaire."""
    found = []
    for each in asked:
        item: Json = {"linkId": each["linkId"], "text": each["text"]}
        if inner := _items(each.get("item", []), answers):
            found.append({**item, "item": inner})
        elif each["linkId"] in answers:
            answer = answers[each["linkId"]]
            sources = [
                {"url": extension_url("prefilled-from"), "valueReference": {"reference": source}}
                for source in answer.sources
            ]
            found.append({**item, "answer": [{"extension": sources, **answer.value}]})
    return found


def _list(lists: tuple[str, ...]) -> dict[str, Answer]:
    return {LIST_CAME: Answer({"valueBoolean": True}, lists)} if lists else {}


def _own_words(known: list[Json]) -> dict[str, Answer]:
    """The words of the person, as they stand; several goals one below the other."""
    own = [
        (words, f"Goal/{each['id']}")
        for each in known
        if each["resourceType"] == "Goal" and voice_of(each) == "patient"
        if (words := (each.get("description") or {}).get("text"))
    ]
    if not own:
        return {}
    return {
        OWN_WORDS: Answer({"valueString": "\n".join(words for words, _ in own)}, tuple(s for _, s in own))
    }


def _functions(known: list[Json]) -> dict[str, Answer]:
    newest = {variable: each for each in known for variable in _variables(each)}
    found = {}
    for question, variables in FUNCTIONS.items():
        scored = [newest[variable] for variable in variables if variable in newest]
        if scored:
            said = "\n".join(_score(each) for each in scored)
            sources = dict.fromkeys(f"Observation/{each['id']}" for each in scored)
            found[question] = Answer({"valueString": said}, tuple(sources))
    return found


def _variables(resource: Json) -> Iterator[str]:
    """The variables of 9111 that it scores."""
    if resource["resourceType"] == "Observation" and _value(resource) is not None:
        for coding in (resource.get("code") or {}).get("coding", ()):
            if coding.get("system") == AREAS and coding.get("code"):
                yield coding["code"]


def _value(observation: Json) -> str | None:
    if "valueInteger" in observation:
        return str(observation["valueInteger"])
    score = _coding(observation.get("valueCodeableConcept"))
    found = score.get("display") or score.get("code")
    return str(found) if found else None


def _score(observation: Json) -> str:
    """`Hukommelse: 2 (2026-02-20) – glemmer avtaler`: as the message says it, with its remarks."""
    variable = next(each for each in observation["code"]["coding"] if each.get("system") == AREAS)
    name = variable.get("display") or terminology.display("9111", variable["code"]) or variable["code"]
    day = str(observation.get("effectiveDateTime", ""))[:10]
    said = f"{name}: {_value(observation)}" + (f" ({day})" if day else "")
    return " – ".join([said, *(note["text"] for note in observation.get("note", ()) if note.get("text"))])


def _coding(concept: Any) -> Json:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return next((each for each in codings or () if each.get("code")), {})


def read(rows: Iterable[Any]) -> list[Json]:
    """The resources of rows."""
    return [msgspec.json.decode(row["content"]) for row in rows]
