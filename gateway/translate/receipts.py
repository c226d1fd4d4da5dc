"""How does a receipt (AppRec) become a Bundle with MessageHeader.response, and back?

Status 8258 and the errors 8221 are mapped by `mappings/apprec.map`; this module derives what FHIR wants besides
(response.code, the kind of issue) and reads it back where it was edited or where the receipt was born in FHIR.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from gateway import terminology
from gateway.emessage.apprec import MIG_VERSIONS
from gateway.emessage.read import EMessage
from gateway.errors import NotTranslatable
from gateway.fhir.bundle import BundleIndex
from gateway.fhir.canonical import EXACT, code_system, extension_url, is_of
from gateway.translate import hooks
from gateway.translate.codec import Json
from gateway.translate.compiler import mapping
from gateway.translate.envelope import (
    claim,
    is_translated,
    message_header,
    message_identifier,
    origin_of,
    set_message_header,
)
from gateway.translate.primitives import OSLO, primitive
from gateway.translate.reading import Reading
from gateway.translate.required import complete
from gateway.translate.state import State, derived_id
from gateway.translate.wording import element

_STRING = primitive("string", "string")
_ID = primitive("id", "string")
_TIME = primitive("dateTime", "dateTime")
_STATUS = extension_url("receipt-status")
_ORIGINAL_ISSUED = extension_url("original-issued")
_MIG_VERSION = extension_url("mig-version")
RESPONSE_CODES = {"1": "ok", "2": "fatal-error", "3": "ok"}
ISSUE_CODES = {
    **dict.fromkeys(("E20", "E21", "E35", "E53", "E54"), "not-found"),
    **dict.fromkeys(("E30", "E32", "E33", "E34", "E36"), "required"),
    **dict.fromkeys(("E10", "E31"), "value"),
    **dict.fromkeys(("S01", "S02", "S03", "S99"), "security"),
    **dict.fromkeys(("T01", "T02", "T99"), "structure"),
    "T10": "not-supported",
    "X99": "exception",
}


def to_bundle(receipt: EMessage) -> tuple[Json, State]:
    """The message Bundle of an AppRec, and the state with what was written how."""
    bound = mapping(receipt.standard)
    bundle: Json = {
        "resourceType": "Bundle",
        "type": "message",
        "meta": origin_of(receipt.standard),
        "entry": [],
    }
    receipt_id = (receipt.root.findtext("{*}Id") or "").strip()
    senders = [
        receipt.root.findtext(path) or ""
        for path in ("{*}Sender/{*}HCP/{*}Inst/{*}Dept/{*}Id", "{*}Sender/{*}HCP//{*}Id")
    ]
    state = State(bundle, (next((s for s in senders if s), "").strip(), receipt_id))
    bundle["id"] = state.derived_id("Bundle")
    header = message_header(state, receipt_id)
    bound.writer("AppRec", "ar:AppRec")(receipt.root, bundle, state)
    version = receipt.root.findtext("{*}MIGversion") or ""
    if version != MIG_VERSIONS[receipt.standard]:
        stated = {"url": _MIG_VERSION}
        _STRING.write(version, stated, "valueString")
        header.setdefault("extension", []).append(stated)
    set_message_header(bundle, state)
    _derive(state, header)
    complete(state)
    claim(header, "somlos-receipt-header")
    order = ("resourceType", "id", "meta", "identifier", "type", "timestamp", "_timestamp", "entry")
    return {key: bundle[key] for key in order if key in bundle}, state


def _derive(state: State, header: Json) -> None:
    response = header["response"]
    if "identifier" not in response:
        response["identifier"] = _derived_identifier(response)
    status = _status_of(response)
    response["code"] = _response_code(status)
    outcome = state.singletons.get("OperationOutcome")
    if outcome is not None:
        response["details"] = state.reference_to(outcome)
        for issue in outcome["issue"]:
            issue.update(_issue_kind(issue, status))
    for resource in _resources(state.bundle):
        for name, (finish, _) in hooks.HOOKS.items():
            for item in _items(resource, name):
                finish(item)


def _derived_identifier(response: Json) -> str:
    """The id that stands for a message id which is no FHIR id: made of its text."""
    meta = response.get("_identifier", {}).get("extension", ())
    return derived_id("original", next((e["valueString"] for e in meta if e.get("url") == EXACT), ""))


def original_id(response: Json) -> str:
    """The id of the message that a receipt is about, also where it is no FHIR id and another stands for it."""
    derived = response.get("identifier") == _derived_identifier(response)
    stated = {"_identifier": response["_identifier"]} if derived and "_identifier" in response else response
    return (_ID.read(stated, "identifier") or "").strip()


def _response_code(status: str | None) -> str:
    """What a status of 8258 means in FHIR; one that is none of the three is no acceptance."""
    return RESPONSE_CODES.get(status or "", "fatal-error")


def _issue_kind(issue: Json, status: str | None) -> Json:
    """The severity and kind that FHIR wants beside the receipt's own code."""
    code = next((c.get("code") for c in issue.get("details", {}).get("coding", ())), None)
    return {
        "severity": "warning" if status == "3" else "error",
        "code": ISSUE_CODES.get(str(code), "processing"),
    }


def _status_of(response: Json) -> str | None:
    for extension in response.get("extension", ()):
        if extension.get("url") == _STATUS:
            code = extension.get("valueCoding", {}).get("code")
            return str(code) if code else None
    return None


def _urls(element: Json) -> list[str]:
    return [str(extension.get("url")) for extension in element.get("extension", ())]


def is_receipt(bundle: Json) -> bool:
    """Whether a message Bundle is a receipt: its MessageHeader answers a message."""
    for entry in bundle.get("entry", ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "MessageHeader":
            return "response" in resource
    return False


def status_of(bundle: Json) -> str:
    """8258 of a receipt Bundle: as it says itself, unless response.code was edited to mean something else. What was
    fatal is no acceptance, whatever else is said."""
    header = next(r for r in _resources(bundle) if r.get("resourceType") == "MessageHeader")
    response, severities = header["response"], {issue.get("severity") for issue in issues_of(bundle)}
    stated = _status_of(response)
    code = response.get("code")
    if code != "ok" or "fatal" in severities:
        return "2"
    if stated in RESPONSE_CODES and _response_code(stated) == code:
        return str(stated)
    return "3" if severities & {"warning", "error"} else "1"


def issues_of(bundle: Json) -> list[Json]:
    """The issues of a receipt Bundle, those that the response names first."""
    return [issue for outcome in _outcomes(bundle) for issue in _items(outcome, "issue")]


def _outcomes(bundle: Json) -> list[Json]:
    """The OperationOutcomes: what response.details names, then the others, and those inside the MessageHeader."""
    header = next(r for r in _resources(bundle) if r.get("resourceType") == "MessageHeader")
    there = [r for r in (*_resources(bundle), *_items(header, "contained")) if _is_outcome(r)]
    details = header["response"].get("details") or {}
    named = BundleIndex(bundle).resolve(details.get("reference"), header) if len(there) > 1 else None
    return sorted(there, key=lambda each: each is not named)


def _is_outcome(resource: Json) -> bool:
    return resource.get("resourceType") == "OperationOutcome"


def with_original(bundle: Json, message_id: str, message_type: str, issued_at: datetime | None) -> Json:
    """The receipt Bundle with what AppRec must say of the message it is about, where the receipt does not say it.

    R4 has a place for the MessageHeader's id only: a receipt made by the standard says neither type nor date. What it
    does say stays, but for the id: the sender knows its message by MsgId.
    """
    bundle = copy.deepcopy(bundle)
    header = next((r for r in _resources(bundle) if r.get("resourceType") == "MessageHeader"), None)
    if header is None or "response" not in header:
        return bundle
    response = header["response"]
    if _ID.read(response, "identifier") != message_id:
        response.pop("identifier", None)
        response.pop("_identifier", None)
        _ID.write(message_id, response, "identifier")
    if message_type:
        _state_type(header, message_type)
    if issued_at is not None:
        _state_issued(response, issued_at)
    return bundle


def _state_type(header: Json, message_type: str) -> None:
    """The type (8279) among the reasons, before those that others put there."""
    reason = header.setdefault("reason", {})
    codings = _items(reason, "coding")
    system = code_system("8279")
    if any(is_of(coding, system) and coding.get("code") for coding in codings):
        return
    coding = {"system": system, "code": message_type}
    if display := terminology.display("8279", message_type):
        coding["display"] = display
    reason["coding"] = [coding, *codings]


def _state_issued(response: Json, issued_at: datetime) -> None:
    extensions = _items(response, "extension")
    stated = [e for e in extensions if e.get("url") == _ORIGINAL_ISSUED]
    if any(_TIME.read(extension, "valueDateTime") for extension in stated):
        return
    issued = {"url": _ORIGINAL_ISSUED, "valueDateTime": issued_at.astimezone(OSLO).isoformat()}
    response["extension"] = [*(e for e in extensions if e not in stated), issued]


def from_bundle(bundle: Json, standard: str) -> Reading:
    """The reading of a receipt Bundle, with the text of AppRec in a version. Raises NotTranslatable for what AppRec
    demands and the Bundle lacks."""
    bound = mapping(standard)
    bundle = copy.deepcopy(bundle)
    outcome, given, in_words = _gather(bundle)
    prepared, replaced = _prepared(bundle)
    key = ("", str(bundle.get("identifier", {}).get("value", "")))
    reading = Reading(prepared, key, born_in_fhir=not is_translated(bundle))
    for resource in _resources(prepared):
        if resource.get("resourceType") == "MessageHeader":
            reading.singletons.setdefault("MessageHeader", resource)
    if outcome is not None:
        reading.singletons["OperationOutcome"] = outcome
    _note_derived(reading, replaced)
    for issue, said in in_words:
        reading.used(issue, said)
    version = _version(reading, standard)
    reading.elsewhere["ar:MIGversion"] = lambda: reading.out.append(element("MIGversion", version))
    bound.reader("AppRec", "ar:AppRec")(prepared, reading)
    reading.refuse_what_is_missing()
    for each in replaced:
        each.resource[each.name] = each.given
    if outcome is not None:
        outcome["issue"] = given
    return reading


def _gather(bundle: Json) -> tuple[Json | None, list[Json], list[tuple[Json, str]]]:
    """All issues in the OperationOutcome that the rules read: that one, its own issues, and those that have only
    words or a kind (with the key of it), said as the rules want it. None: there is no OperationOutcome.

    A receipt that is all well has no errors: what only informs stands in none.
    """
    header = next((r for r in _resources(bundle) if r.get("resourceType") == "MessageHeader"), None)
    outcomes = _outcomes(bundle) if header is not None else []
    if header is None or not outcomes:
        return None, [], []
    for inside in [each for each in _items(header, "contained") if _is_outcome(each)]:
        header["contained"].remove(inside)
        bundle["entry"].append({"fullUrl": f"#{inside.get('id')}", "resource": inside})
    if header.get("contained") == []:
        del header["contained"]
    told = [each for outcome in outcomes for each in _items(outcome, "issue")]
    if status_of(bundle) == "1":
        told = [issue for issue in told if issue.get("severity") != "information"]
    given = _items(outcomes[0], "issue")
    outcomes[0]["issue"] = told
    return outcomes[0], given, [(issue, key) for issue in told for key in _say_in_words(issue)]


def _say_in_words(issue: Json) -> Iterator[str]:
    key = words_of(issue)
    if key is not None:
        issue["details"] = {"text": issue[key]}
        yield key


def words_of(issue: Json) -> str | None:
    """The key of what an issue without details says: its words, or at least of what kind it is."""
    key = "diagnostics" if isinstance(issue.get("diagnostics"), str) else "code"
    return key if "details" not in issue and key in issue else None


def _version(reading: Reading, standard: str) -> str:
    """MIGversion: as the receipt stated it, else as its standard wants it."""
    version = MIG_VERSIONS[standard]
    for extension in reading.singletons["MessageHeader"].get("extension", ()):
        if extension.get("url") == _MIG_VERSION:
            version = _STRING.read(extension, "valueString") or ""
            reading.used(extension, "valueString")
    return version


def _resources(bundle: Json) -> list[Json]:
    return [entry["resource"] for entry in bundle.get("entry", ()) if isinstance(entry.get("resource"), dict)]


def _items(resource: Json, name: str) -> list[Json]:
    return _items_of(resource.get(name))


def _items_of(found: Any) -> list[Json]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _note_derived(reading: Reading, replaced: list[_Replaced]) -> None:
    """What `_derive` writes has been read where it is still what it was; of an item that the rules read as another one,
    only what they have from it."""
    response = reading.singletons["MessageHeader"]["response"]
    reading.used(response, "code")
    for issue in reading.singletons.get("OperationOutcome", {}).get("issue", ()):
        for key, value in _issue_kind(issue, _status_of(response)).items():
            if issue.get(key) == value:
                reading.used(issue, key)
    for each in replaced:
        for given, (item, keys) in zip(_items_of(each.given), each.prepared, strict=True):
            if item is not given:
                reading.stands_for(item, given)
            for key in keys:
                reading.used(item, key)


class _Replaced(NamedTuple):
    """The identifiers, telephones or addresses of a resource, while the rules read them as they want them."""

    resource: Json
    name: str
    given: Any
    prepared: list[hooks.Prepared]
    """Each with the keys that only follow from others."""


def _prepared(bundle: Json) -> tuple[Json, list[_Replaced]]:
    """The Bundle as the rules read it: status stated, the message's id without its address form, identifiers,
    telephones and addresses prepared (these also apart)."""
    header: Any = next((r for r in _resources(bundle) if r.get("resourceType") == "MessageHeader"), None)
    if header is None:
        raise NotTranslatable("fhir.no-message-header")
    response = header["response"]
    if response.get("identifier") == _derived_identifier(response):
        del response["identifier"]
    _state_status(bundle, response)
    if "coding" not in header.get("eventCoding", {}) and not header.get("eventCoding"):
        header["eventCoding"] = {"system": code_system("8279"), "code": "APPREC"}
    replaced = []
    for resource in _resources(bundle):
        for name, (_, prepare) in hooks.HOOKS.items():
            found = [prepare(item) for item in _items(resource, name)]
            if found:
                replaced.append(_Replaced(resource, name, resource[name], found))
                resource[name] = [item for item, _ in found]
    return {**bundle, "identifier": message_identifier(bundle)}, replaced


def _state_status(bundle: Json, response: Json) -> None:
    stated = _status_of(response)
    status, is_stated = status_of(bundle), stated or _STATUS in _urls(response)
    if is_stated and response.get("code") == _response_code(stated) == _response_code(status):
        return
    kept = [e for e in response.get("extension", ()) if e.get("url") != _STATUS]
    coding = {"system": code_system("8258"), "code": status, "display": terminology.display("8258", status)}
    response["extension"] = [*kept, {"url": _STATUS, "valueCoding": coding}]
