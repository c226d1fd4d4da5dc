"""Which way does a content go to the format that is asked for?

e-message ⇄ Bundle, receipt ⇄ Bundle; between two versions of an e-message by way of the Bundle. What comes
out as XML is
checked against the grammar before it leaves: a translation that does not hold is an error of ours, never a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from lxml import etree

from gateway.emessage.read import EMessage, read
from gateway.emessage.rules_envelope import conversation
from gateway.emessage.schema import schema_for
from gateway.emessage.validate import validate_schema
from gateway.emessage.write import to_bytes
from gateway.errors import NotTranslatable, SomlosError
from gateway.fhir import json as fhir_json
from gateway.fhir.validate import validate
from gateway.recognition import is_json
from gateway.translate import backward, dialogue, envelope, receipts, sources
from gateway.translate.backward import Backward
from gateway.translate.facts import Facts
from gateway.translate.facts_fhir import facts_of_bundle, status_of_bundle
from gateway.translate.facts_xml import facts_of_message
from gateway.translate.loss import Loss, LossReport, element_path
from gateway.translate.roundtrip import RoundTrip, compare, missing
from gateway.translate.state import State
from gateway.translate.wording import written

Json = dict[str, Any]
Readable = EMessage | Json
TARGETS = ("fhir-r4", "plo-1.6", "plo-1.5", "dialog-1.0", "dialog-1.1", "apprec-1.0", "apprec-1.1")
_OF_INSTANCE = etree.XPath(
    "descendant-or-self::*/@xsi:*", namespaces={"xsi": "http://www.w3.org/2001/XMLSchema-instance"}
)
"""The attributes that XML Schema allows everywhere."""
_MOST_HELD = 50_000
"""Elements whose objects are held while a message is translated; bounds what a message of many costs."""
_OF_ORIGINAL = "Provenance.entity[0].what.identifier.value"
_TAKES_BACK = ("M", "C")
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"


@dataclass(frozen=True)
class Translation:
    """A content in another format."""

    data: bytes
    format: str
    loss: LossReport
    bundle: Json | None = field(default=None, repr=False)
    """The Bundle that `data` holds, for who goes on with it; None for an e-message."""


def facts_of(source: Readable) -> Facts:
    """The neutral facts of a message or receipt. Raises Refusal for a Bundle without MessageHeader."""
    return facts_of_bundle(source) if isinstance(source, dict) else facts_of_message(source)


def convert(source: Readable, target: str) -> Translation:
    """The content in the target format (one of `TARGETS`); content that already has it is written as it was read.

    What is asked for as PLO and has no care message in it (a dialogue, attachments alone) keeps its own version.
    Raises NotTranslatable: no grammar or mapping for the content, a receipt asked for as a message (or the reverse),
    content that the target demands and the source lacks, a source that does not follow its standard.
    """
    if target not in TARGETS:
        raise NotTranslatable("translate.unknown-target")
    if isinstance(source, dict):
        with _followed_standard(source):
            return _of_bundle(source, _own_version(source, target))
    if not isinstance(source, EMessage):
        raise NotTranslatable("fhir.not-a-bundle", path="Bundle")
    target = _own_version(source, target)
    if source.standard == target:
        return Translation(to_bytes(source.root), target, _report(0, 0, 0, 0))
    with _held(source.root), _followed_standard(source):
        bundle, state = _bundle_of(source)
        if target != "fhir-r4":
            return _in_own_places(_of_bundle(bundle, target, render=False), source.root)
        return Translation(fhir_json.write(bundle), target, _forward_report(state, source.root), bundle)


@contextmanager
def _followed_standard(source: Readable) -> Iterator[None]:
    """A source that the rules stumble over and that does not follow its standard (R4, or the schema of the message) is
    refused as that; else the fault is ours."""
    try:
        yield
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
        RecursionError,
        SomlosError,
    ) as error:
        if isinstance(error, SomlosError) and error.code != "translate.result-invalid":
            raise
        issues = validate(source) if isinstance(source, dict) else validate_schema(source)
        found = next((each for each in issues if each.severity == "error"), None)
        if found is None:
            raise
        raise NotTranslatable("translate.invalid-source", path=found.path) from None


@contextmanager
def _held(root: etree._Element) -> Iterator[None]:
    """While this lasts, lxml has one object for an element, and need not make it anew at every look."""
    objects = list(islice(root.iter(), _MOST_HELD))
    yield
    objects.clear()


def e_message_format(bundle: Json) -> str:
    """The format a Bundle has as an e-message when nobody asks for a certain one: that of the message it was made of,
    else AppRec 1.0, PLO 1.6, or the version a dialogue's type is agreed in."""
    kind, usual = ("apprec-", "apprec-1.0") if receipts.is_receipt(bundle) else ("plo-", "plo-1.6")
    stated = envelope.standard_of(bundle) or usual
    return _own_version(bundle, stated if stated.startswith(kind) else usual)


def _own_version(source: Readable, target: str) -> str:
    own = dialogue.dialogue_standard(source) if isinstance(source, dict) else source.standard
    other = own is not None and not own.startswith(("plo-", "apprec-"))
    return str(own) if other and target.startswith("plo-") else target


def _bundle_of(source: EMessage) -> tuple[Json, State]:
    to_bundle = receipts.to_bundle if source.standard.startswith("apprec-") else envelope.to_bundle
    return to_bundle(source)


def _of_bundle(bundle: Json, target: str, *, render: bool = True) -> Translation:
    if target == "fhir-r4":
        return Translation(fhir_json.write(bundle), target, _report(0, 0, 0, 0), bundle)
    made = _read(bundle, target, render=render)
    data, root = written(target, made.reading.out)
    if not schema_for(target).validate(root):
        found = next(iter(validate_schema(EMessage(root, target, None, len(data)))), None)
        raise NotTranslatable("translate.result-invalid", path=found.path if found else "")
    report = _backward_report(made)
    if render:
        _refuse_as_new(bundle, root)
        report = _with_original_missing(report, root)
    return Translation(data, target, report)


def _in_own_places(made: Translation, source: etree._Element) -> Translation:
    """Another version of an e-message: what it has no room for is told by its place in the message that was given, and
    not in the Bundle between them, which nobody sees; so is an element that held nothing. Each is as grave as the
    gravest."""
    lost, gravest = made.loss.lost, made.loss.gravest_lost or "information"
    places = missing(source, read(made.data).root)
    if not places:
        return made
    kept = (each for each in made.loss.entries if each.kind != "lost")
    entries = (*(Loss(place, "", "lost", gravest) for place in places), *kept)
    total = made.loss.total - len(lost) + len(places)
    return replace(made, loss=replace(made.loss, total=total, entries=entries))


def _refuse_as_new(bundle: Json, root: etree._Element) -> None:
    """A dialogue, or attachments alone, cannot say that they replace or cancel: they would arrive as new ones."""
    if receipts.is_receipt(bundle) or next(root.iter("{*}Forsendelsesstatus"), None) is not None:
        return
    if status_of_bundle(bundle) in _TAKES_BACK:
        raise NotTranslatable("translate.unsupported-content", path="Provenance.activity")


def _with_original_missing(report: LossReport, root: etree._Element) -> LossReport:
    """A change or cancellation that names no original: it is sent as that, and a receiver cannot know of what."""
    found = [each for each in conversation(EMessage(root, "", root, 0)) if each.severity == "error"]
    if not found:
        return report
    lines = (Loss(_OF_ORIGINAL, "ConversationRef/RefToParent", "assumed", "error") for _ in found)
    return replace(
        report, entries=(*report.entries, *lines), notes=(*report.notes, *(each.code for each in found))
    )


def _read(bundle: Json, target: str, *, render: bool = True) -> Backward:
    if bundle.get("resourceType") != "Bundle":
        raise NotTranslatable("fhir.not-a-bundle", path="resourceType")
    if bundle.get("type") != "message":
        raise NotTranslatable("fhir.not-a-message-bundle", path="Bundle.type")
    receipt = receipts.is_receipt(bundle)
    strange = target.startswith("dialog-") and dialogue.dialogue_standard(bundle) is None
    if receipt != target.startswith("apprec-") or strange:
        raise NotTranslatable("translate.wrong-kind")
    if receipt:
        return backward.of_receipt(receipts.from_bundle(bundle, target))
    return backward.from_bundle(bundle, target, render=render)


def roundtrip(data: bytes) -> RoundTrip:
    """There and back again: the verdict for an e-message or receipt (by way of FHIR) or a Bundle (by way of XML).

    Raises Unreadable and NotTranslatable.
    """
    if is_json(data):
        bundle = fhir_json.read(data)
        with _followed_standard(bundle):
            return _roundtrip_bundle(bundle)
    message = read(data)
    with _followed_standard(message):
        bundle, _ = _bundle_of(message)
    made = _read(fhir_json.read(fhir_json.write(bundle)), message.standard)
    return compare(message.root, _root_of(made, message.standard))


def _root_of(made: Backward, standard: str) -> etree._Element:
    return written(standard, made.reading.out)[1]


def _roundtrip_bundle(bundle: Json) -> RoundTrip:
    """A Bundle's way to XML and back: lossless if XML holds every value of it, and the XML is stable."""
    target = e_message_format(bundle)
    made = _read(bundle, target)
    report = _backward_report(made)
    if report.lost:
        return RoundTrip("lossy", report.lost)
    message = read(written(target, made.reading.out)[0])
    found = compare(message.root, _root_of(_read(_bundle_of(message)[0], target), target))
    # a value that stands as text, or is implied, is there, but not in the same form
    return (
        RoundTrip("equivalent", report.entries) if found.verdict == "lossless" and report.entries else found
    )


def _report(
    total: int,
    native: int,
    extension: int,
    exact: int,
    entries: tuple[Loss, ...] = (),
    notes: tuple[str, ...] = (),
) -> LossReport:
    return LossReport(sources.version(), total, native, extension, exact, entries, notes)


def _forward_report(state: State, root: etree._Element) -> LossReport:
    counted, is_signed = state.counted, any(True for _ in root.iterchildren(_SIGNATURE))
    notes = ("signature not carried; verified: not checked",) if is_signed else ()
    typed = tuple(Loss(f"{element_path(element)}/@type", "", "lost", "error") for element in _typed(root))
    total = counted.native + counted.extension + counted.exact + len(typed)
    return _report(
        total, counted.native, counted.extension, counted.exact, (*counted.losses(), *typed), notes
    )


def _typed(root: etree._Element) -> Iterable[etree._Element]:
    """Elements that name a type of their own or say that they are nil: no translation carries that."""
    found = [each for each in _OF_INSTANCE(root) if each.attrname.endswith(("}type", "}nil"))]
    return dict.fromkeys(each.getparent() for each in found)


def _backward_report(made: Backward) -> LossReport:
    read_count = made.reading.read_count
    lost = sum(1 for each in made.losses if each.kind == "lost")
    return _report(read_count + lost, read_count, 0, 0, made.losses, made.notes)
