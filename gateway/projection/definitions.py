"""Which plan definitions and questionnaires are there? Data of `profiles/`, read once."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec

from gateway import package_data
from gateway.fhir.canonical import extension_url
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
def plan_definition(id: str = HOME) -> PlanDefinition | None:
    """The definition with this id, as the rules read it; None: there is none."""
    found = published("plans").get(id)
    if found is None:
        return None
    actions = tuple(_action(each) for each in found["action"])
    return PlanDefinition(found["url"], found["version"], found["title"], actions)


def _action(said: Json) -> Action:
    extensions = said.get("extension", ())
    checklists = [e["valueCode"] for e in extensions if e["url"] == extension_url("checklist")]
    proofs = [e["valueCoding"]["code"] for e in extensions if e["url"] == extension_url("proved-by")]
    return Action(
        id=said["id"],
        title=said["title"],
        role=said["participant"][0]["role"]["coding"][0]["code"],
        days=said.get("timingDuration", {}).get("value"),
        checklist=next(iter(checklists), None),
        questionnaire=said.get("definitionCanonical"),
        proved_by=frozenset(proofs),
    )
