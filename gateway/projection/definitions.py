"""Which plan definitions and questionnaires are there? Data of `profiles/`, read once."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec

from gateway import package_data
from gateway.fhir.canonical import extension_url
from gateway.fhir.translation import translated
from gateway.pathway.plan import Action, PlanDefinition

Json = dict[str, Any]
HOME: Final = "helhetlig-pasientforlop-hjemme"
"""Id of the plan that a discharge starts."""
WHAT_MATTERS: Final = "hva-er-viktig"


@cache
def published(folder: str) -> dict[str, Json]:
    """The resources of a folder of `profiles/`, by their id."""
    files = sorted((package_data.profiles() / folder).glob("*.json"))
    found = [msgspec.json.decode(file.read_bytes()) for file in files]
    return {each["id"]: each for each in found}


@cache
def codes_of(code_system: str) -> frozenset[str]:
    """The codes of one of our own code systems."""
    found = published("terminology")[code_system]
    return frozenset(concept["code"] for concept in found["concept"])


@cache
def plan_definition(id: str = HOME) -> PlanDefinition | None:
    """The definition with this id, as the rules read it; None: there is none."""
    found = published("plans").get(id)
    if found is None:
        return None
    actions = tuple(_action(each) for each in found["action"])
    return PlanDefinition(found["url"], found["version"], found["title"], actions)


@cache
def role_names() -> dict[str, tuple[str, str]]:
    """The roles of the plan, in Norwegian and in English, as our code system says."""
    concepts = {each["code"]: each for each in published("terminology")["pathway"]["concept"]}
    definitions = [definition for id in published("plans") if (definition := plan_definition(id))]
    roles = sorted({action.role for definition in definitions for action in definition.actions})
    return {role: (concepts[role]["display"], _english(concepts[role])) for role in roles}


@cache
def concept_names(code_system: str) -> dict[str, tuple[str, str]]:
    """The codes of one of our own code systems with their names, in Norwegian and in English."""
    concepts = published("terminology")[code_system]["concept"]
    return {each["code"]: (each["display"], each["definition"].rstrip(".")) for each in concepts}


def _english(concept: Json) -> str:
    said = (each["value"] for each in concept.get("designation", ()) if each["language"] == "en")
    return str(next(said, concept["display"]))


def _action(said: Json) -> Action:
    extensions = said.get("extension", ())
    checklists = [e["valueCode"] for e in extensions if e["url"] == extension_url("checklist")]
    proofs = [e["valueCoding"]["code"] for e in extensions if e["url"] == extension_url("proved-by")]
    return Action(
        id=said["id"],
        title=said["title"],
        title_en=translated(said, "title", "en") or said["title"],
        role=said["participant"][0]["role"]["coding"][0]["code"],
        days=said.get("timingDuration", {}).get("value"),
        checklist=next(iter(checklists), None),
        questionnaire=said.get("definitionCanonical"),
        proved_by=frozenset(proofs),
    )
