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
    presence,
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
            about=("clinicalStatus", "verificationStatus"),
            holds=lambda node: (
                not _in_error(node, _ALLERGY_VERIFICATION) or not there(node, "clinicalStatus")
            ),
        ),
    ),
    "Appointment": (
        presence("app-2", lambda node: there(node, "start") == there(node, "end")),
        Invariant(
            "app-3",
            lambda node: (
                (there(node, "start") and there(node, "end"))
                or node.get("status") in ("proposed", "cancelled", "waitlist")
            ),
        ),
        Invariant(
            "app-4",
            about=("cancelationReason",),
            holds=lambda node: (
                not there(node, "cancelationReason") or node.get("status") in ("noshow", "cancelled")
            ),
        ),
    ),
    "Appointment.participant": (presence("app-1", lambda node: any_there(node, "type", "actor")),),
    "AppointmentResponse": (presence("apr-1", lambda node: any_there(node, "participantType", "actor")),),
    "AuditEvent.entity": (
        presence("sev-1", lambda node: not (there(node, "name") and there(node, "query"))),
    ),
    "CarePlan.activity": (
        presence("cpl-3", lambda node: not (there(node, "detail") and there(node, "reference"))),
    ),
    "Composition.section": (
        presence("cmp-1", lambda node: any_there(node, "text", "entry", "section")),
        presence("cmp-2", lambda node: not (there(node, "emptyReason") and there(node, "entry"))),
    ),
    "Condition": (
        Invariant("con-3", _problem_has_status, "warning", about=("category",)),
        Invariant("con-4", about=("abatement",), holds=_abated_has_status),
        Invariant(
            "con-5",
            about=("clinicalStatus", "verificationStatus"),
            holds=lambda node: (
                not _in_error(node, _CONDITION_VERIFICATION) or not there(node, "clinicalStatus")
            ),
        ),
    ),
    "Condition.stage": (presence("con-1", lambda node: any_there(node, "summary", "assessment")),),
    "Condition.evidence": (presence("con-2", lambda node: any_there(node, "code", "detail")),),
    "Consent": (presence("ppc-1", lambda node: any_there(node, "policy", "policyRule")),),
    "FamilyMemberHistory": (
        presence("fhs-1", lambda node: not (choice_there(node, "age") and choice_there(node, "born"))),
        presence("fhs-2", lambda node: not there(node, "estimatedAge") or choice_there(node, "age")),
    ),
    "Goal.target": (
        presence("gol-1", lambda node: not choice_there(node, "detail") or there(node, "measure")),
    ),
    "Group": (
        Invariant(
            "grp-1", about=("member",), holds=lambda node: "member" not in node or node.get("actual") is True
        ),
    ),
    "Immunization.education": (presence("imm-1", lambda node: any_there(node, "documentType", "reference")),),
    "List": (
        presence("lst-1", lambda node: not (there(node, "emptyReason") and there(node, "entry"))),
        Invariant(
            "lst-2",
            about=("entry",),
            holds=lambda node: (
                node.get("mode") == "changes" or not any(there(e, "deleted") for e in node.get("entry", ()))
            ),
        ),
        Invariant(
            "lst-3",
            about=("entry",),
            holds=lambda node: (
                node.get("mode") == "working" or not any(there(e, "date") for e in node.get("entry", ()))
            ),
        ),
    ),
    "MedicationAdministration.dosage": (
        presence("mad-1", lambda node: there(node, "dose") or choice_there(node, "rate")),
    ),
    "MedicationDispense": (
        Invariant(
            "mdd-1",
            about=("whenPrepared", "whenHandedOver"),
            holds=lambda node: in_order(node.get("whenPrepared"), node.get("whenHandedOver")),
        ),
    ),
    "NutritionOrder": (
        presence(
            "nor-1", lambda node: any_there(node, "oralDiet", "supplement", "enteralFormula"), "warning"
        ),
    ),
    "Observation": (
        presence(
            "obs-6", lambda node: not there(node, "dataAbsentReason") or not choice_there(node, "value")
        ),
        Invariant("obs-7", about=("component", "value"), holds=_no_value_for_component_code),
    ),
    "Observation.referenceRange": (presence("obs-3", lambda node: any_there(node, "low", "high", "text")),),
    "Organization": (
        presence("org-1", lambda node: any_there(node, "identifier", "name")),
        Invariant("org-2", about=("address",), holds=lambda node: _not_at_home(node, "address")),
        Invariant("org-3", about=("telecom",), holds=lambda node: _not_at_home(node, "telecom")),
    ),
    "Parameters.parameter": (presence("inv-1-parameters", _one_parameter_content),),
    "Patient.contact": (
        presence("pat-1", lambda node: any_there(node, "name", "telecom", "address", "organization")),
    ),
    "QuestionnaireResponse.item": (
        presence("qrs-1", lambda node: not ("answer" in node and "item" in node)),
    ),
    "RequestGroup.action": (
        presence("rqg-1", lambda node: there(node, "resource") != there(node, "action")),
    ),
    "ServiceRequest": (presence("prr-1", lambda node: needs(node, "orderDetail", "code")),),
    "Task": (
        Invariant(
            "inv-1-task",
            about=("authoredOn", "lastModified"),
            holds=lambda node: in_order(node.get("authoredOn"), node.get("lastModified")),
        ),
    ),
}
