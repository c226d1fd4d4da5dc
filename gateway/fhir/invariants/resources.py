"""Which invariants do the resources have that may stand in our Bundles?"""

from __future__ import annotations

from typing import Final

from gateway.fhir.invariants.node import (
    Invariant,
    Node,
    any_there,
    choice_there,
    has_code,
    in_order,
    needs,
    there,
)

_HL7: Final = "http://terminology.hl7.org/CodeSystem/"
_ALLERGY_VERIFICATION: Final = _HL7 + "allergyintolerance-verification"
_CONDITION_VERIFICATION: Final = _HL7 + "condition-ver-status"
_CONDITION_STATUS: Final = _HL7 + "condition-clinical"


def _in_error(node: Node, system: str) -> bool:
    return has_code(node.get("verificationStatus"), system, "entered-in-error")


def _problem_has_status(node: Node) -> bool:
    listed = any(
        has_code(category, _HL7 + "condition-category", "problem-list-item")
        for category in node.get("category", ())
    )
    return there(node, "clinicalStatus") or _in_error(node, _CONDITION_VERIFICATION) or not listed


def _abated_has_status(node: Node) -> bool:
    over = has_code(node.get("clinicalStatus"), _CONDITION_STATUS, "resolved", "remission", "inactive")
    return not choice_there(node, "abatement") or over


def _no_value_for_component_code(node: Node) -> bool:
    """Code and component code are the same coding: the value belongs in the component."""
    if "component" not in node or not choice_there(node, "value"):
        return True
    own = node["code"].get("coding", ())
    return not any(coding in own for part in node["component"] for coding in part["code"].get("coding", ()))


def _not_at_home(node: Node, name: str) -> bool:
    return all(part.get("use") != "home" for part in node.get(name, ()))


def _one_parameter_content(node: Node) -> bool:
    return ("part" in node) + ("resource" in node) + choice_there(node, "value") == 1


RESOURCES: Final[dict[str, tuple[Invariant, ...]]] = {
    "AllergyIntolerance": (
        Invariant(
            "ait-1", lambda node: _in_error(node, _ALLERGY_VERIFICATION) or there(node, "clinicalStatus")
        ),
        Invariant(
            "ait-2",
            lambda node: not _in_error(node, _ALLERGY_VERIFICATION) or not there(node, "clinicalStatus"),
        ),
    ),
    "Appointment": (
        Invariant("app-2", lambda node: there(node, "start") == there(node, "end")),
        Invariant(
            "app-3",
            lambda node: (
                (there(node, "start") and there(node, "end"))
                or node.get("status") in ("proposed", "cancelled", "waitlist")
            ),
        ),
        Invariant(
            "app-4",
            lambda node: (
                not there(node, "cancelationReason") or node.get("status") in ("noshow", "cancelled")
            ),
        ),
    ),
    "Appointment.participant": (Invariant("app-1", lambda node: any_there(node, "type", "actor")),),
    "AppointmentResponse": (Invariant("apr-1", lambda node: any_there(node, "participantType", "actor")),),
    "AuditEvent.entity": (
        Invariant("sev-1", lambda node: not (there(node, "name") and there(node, "query"))),
    ),
    "CarePlan.activity": (
        Invariant("cpl-3", lambda node: not (there(node, "detail") and there(node, "reference"))),
    ),
    "Composition.section": (
        Invariant("cmp-1", lambda node: any_there(node, "text", "entry", "section")),
        Invariant("cmp-2", lambda node: not (there(node, "emptyReason") and there(node, "entry"))),
    ),
    "Condition": (
        Invariant("con-3", _problem_has_status, "warning"),
        Invariant("con-4", _abated_has_status),
        Invariant(
            "con-5",
            lambda node: not _in_error(node, _CONDITION_VERIFICATION) or not there(node, "clinicalStatus"),
        ),
    ),
    "Condition.stage": (Invariant("con-1", lambda node: any_there(node, "summary", "assessment")),),
    "Condition.evidence": (Invariant("con-2", lambda node: any_there(node, "code", "detail")),),
    "Consent": (Invariant("ppc-1", lambda node: any_there(node, "policy", "policyRule")),),
    "FamilyMemberHistory": (
        Invariant("fhs-1", lambda node: not (choice_there(node, "age") and choice_there(node, "born"))),
        Invariant("fhs-2", lambda node: not there(node, "estimatedAge") or choice_there(node, "age")),
    ),
    "Goal.target": (
        Invariant("gol-1", lambda node: not choice_there(node, "detail") or there(node, "measure")),
    ),
    "Group": (Invariant("grp-1", lambda node: "member" not in node or node.get("actual") is True),),
    "Immunization.education": (
        Invariant("imm-1", lambda node: any_there(node, "documentType", "reference")),
    ),
    "List": (
        Invariant("lst-1", lambda node: not (there(node, "emptyReason") and there(node, "entry"))),
        Invariant(
            "lst-2",
            lambda node: (
                node.get("mode") == "changes" or not any(there(e, "deleted") for e in node.get("entry", ()))
            ),
        ),
        Invariant(
            "lst-3",
            lambda node: (
                node.get("mode") == "working" or not any(there(e, "date") for e in node.get("entry", ()))
            ),
        ),
    ),
    "MedicationAdministration.dosage": (
        Invariant("mad-1", lambda node: there(node, "dose") or choice_there(node, "rate")),
    ),
    "MedicationDispense": (
        Invariant("mdd-1", lambda node: in_order(node.get("whenPrepared"), node.get("whenHandedOver"))),
    ),
    "NutritionOrder": (
        Invariant(
            "nor-1", lambda node: any_there(node, "oralDiet", "supplement", "enteralFormula"), "warning"
        ),
    ),
    "Observation": (
        Invariant(
            "obs-6", lambda node: not there(node, "dataAbsentReason") or not choice_there(node, "value")
        ),
        Invariant("obs-7", _no_value_for_component_code),
    ),
    "Observation.referenceRange": (Invariant("obs-3", lambda node: any_there(node, "low", "high", "text")),),
    "Organization": (
        Invariant("org-1", lambda node: any_there(node, "identifier", "name")),
        Invariant("org-2", lambda node: _not_at_home(node, "address")),
        Invariant("org-3", lambda node: _not_at_home(node, "telecom")),
    ),
    "Parameters.parameter": (Invariant("inv-1-parameters", _one_parameter_content),),
    "Patient.contact": (
        Invariant("pat-1", lambda node: any_there(node, "name", "telecom", "address", "organization")),
    ),
    "QuestionnaireResponse.item": (
        Invariant("qrs-1", lambda node: not ("answer" in node and "item" in node)),
    ),
    "RequestGroup.action": (
        Invariant("rqg-1", lambda node: there(node, "resource") != there(node, "action")),
    ),
    "ServiceRequest": (Invariant("prr-1", lambda node: needs(node, "orderDetail", "code")),),
    "Task": (
        Invariant("inv-1-task", lambda node: in_order(node.get("authoredOn"), node.get("lastModified"))),
    ),
}
