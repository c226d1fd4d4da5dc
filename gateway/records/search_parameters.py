"""By what can a FHIR resource be found? One table for the index, the search and what the server says that it can do.

A parameter has a name, a type (token, reference, date, uri) and the elements it looks at; names of elements are
walked through lists, and a choice ends in [x]. Whatever can name a person is taken in a POST body only, never in an
address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["token", "reference", "date", "uri"]


@dataclass(frozen=True)
class Parameter:
    """One search parameter of one resource type."""

    name: str
    kind: Kind
    paths: tuple[str, ...]
    identity: bool = False


def _table(text: str) -> dict[str, tuple[Parameter, ...]]:
    found: dict[str, list[Parameter]] = {}
    for line in text.strip().splitlines():
        if not line.startswith(" "):
            resource_type = line.strip()
            found[resource_type] = []
            continue
        name, kind, paths = line.split()
        parameter = Parameter(name, kind.rstrip("!"), tuple(paths.split("|")), kind.endswith("!"))  # type: ignore[arg-type]
        found[resource_type].append(parameter)
    return {resource_type: tuple(parameters) for resource_type, parameters in found.items()}


PARAMETERS: Final = _table("""
CarePlan
    status token status
    intent token intent
    category token category
    date date period
    goal reference goal
    encounter reference encounter
    instantiates-canonical uri instantiatesCanonical
    based-on reference basedOn
    part-of reference partOf
Goal
    lifecycle-status token lifecycleStatus
    achievement-status token achievementStatus
    category token category
    start-date date startDate
Encounter
    status token status
    class token class
    type token type
    date date period
    episode-of-care reference episodeOfCare
    identifier token identifier
EpisodeOfCare
    status token status
    date date period
    organization reference managingOrganization
    identifier token identifier
Task
    status token status
    business-status token businessStatus
    code token code
    intent token intent
    authored-on date authoredOn
    period date executionPeriod
    based-on reference basedOn
    focus reference focus
    encounter reference encounter
    owner reference owner
Communication
    status token status
    category token category
    sent date sent
    received date received
    encounter reference encounter
    sender reference sender|contained.partOf
    recipient reference recipient
MessageHeader
    event token eventCoding
    focus reference focus
    sender reference sender
    receiver reference destination.receiver
Provenance
    target reference target
    recorded date recorded
    agent reference agent.who
    activity token activity
AuditEvent
    date date recorded
    type token type
    subtype token subtype
    action token action
    outcome token outcome
MeasureReport
    status token status
    measure uri measure
    date date date
    period date period
QuestionnaireResponse
    status token status
    questionnaire uri questionnaire
    authored date authored
    based-on reference basedOn
Patient
    identifier token! identifier
Organization
    identifier token identifier
Questionnaire
    url uri url
    status token status
Measure
    url uri url
    status token status
PlanDefinition
    url uri url
    status token status
""")
"""By resource type. Every type has `_id` and `_lastUpdated` too; a kind marked with ! names a person."""

OF_A_PATIENT: Final = frozenset(
    {
        *("CarePlan", "Goal", "Encounter", "EpisodeOfCare", "Task", "Communication"),
        *(
            "AuditEvent",
            "QuestionnaireResponse",
            "Observation",
            "Condition",
            "MedicationStatement",
            "AllergyIntolerance",
            "Composition",
        ),
    }
)
"""Types that are found by their patient, `patient` or `subject`: by the key, without an index of their own."""
PATIENT_PARAMETERS: Final = ("patient", "subject", "patient.identifier", "subject.identifier")
"""Taken in a POST body only."""
SEARCHED: Final = tuple(sorted({*PARAMETERS, *OF_A_PATIENT}))
"""Types that can be searched for."""


def parameters_of(resource_type: str) -> tuple[Parameter, ...]:
    """The parameters of a type, without those that every type has and those of the patient."""
    return PARAMETERS.get(resource_type, ())


def is_of_patient(resource_type: str) -> bool:
    """Whether resources of this type are found by their patient."""
    return resource_type in OF_A_PATIENT


def told() -> dict[str, list[tuple[str, str]]]:
    """Name and type of each parameter of each type, for what the server says that it can do."""
    found: dict[str, list[tuple[str, str]]] = {}
    for resource_type in SEARCHED:
        parameters = [(each.name, str(each.kind)) for each in parameters_of(resource_type)]
        if is_of_patient(resource_type):
            parameters += [(name, "reference") for name in PATIENT_PARAMETERS if "." not in name]
        found[resource_type] = [*parameters, ("_id", "token"), ("_lastUpdated", "date")]
    return found
