"""Which profile of ours is for which resource of a message, and how does a Bundle look that claims them all?"""

from __future__ import annotations

import copy
from typing import Any

from gateway.fhir.canonical import code_system, profile_url

Resource = dict[str, Any]

OF_TYPE = {
    "AllergyIntolerance": "somlos-allergy",
    "CarePlan": "somlos-care-plan",
    "Communication": "somlos-communication",
    "Composition": "somlos-body",
    "Condition": "somlos-condition",
    "Encounter": "somlos-stay",
    "EpisodeOfCare": "somlos-service",
    "Goal": "somlos-goal",
    "MedicationStatement": "somlos-medication",
    "Organization": "somlos-organization",
    "Patient": "somlos-patient",
    "Practitioner": "somlos-practitioner",
    "PractitionerRole": "somlos-practitioner-role",
    "RelatedPerson": "somlos-related-person",
    "ServiceRequest": "somlos-intervention",
}
OF_CODE = {code_system(9111): "somlos-function", code_system(9121): "somlos-event"}
"""Of an Observation, by the list its code is of."""


def claiming(bundle: Resource) -> Resource:
    """A copy in which every resource claims the profile that is meant for it."""
    made = copy.deepcopy(bundle)
    for entry in made["entry"]:
        name = _profile_of(entry["resource"])
        if name is not None:
            entry["resource"]["meta"] = {"profile": [profile_url(name)]}
    return made


def _profile_of(resource: Resource) -> str | None:
    if resource["resourceType"] == "Observation":
        codings = resource["code"].get("coding", ())
        return next((OF_CODE[c["system"]] for c in codings if c.get("system") in OF_CODE), None)
    return OF_TYPE.get(resource["resourceType"])
