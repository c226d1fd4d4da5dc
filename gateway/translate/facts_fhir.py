"""Which neutral facts does a message Bundle state?"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

from gateway.errors import Refusal
from gateway.fhir.canonical import code_in_extension, code_system, extension_url, is_of
from gateway.translate import processing, receipts, version
from gateway.translate.bundle_view import View
from gateway.translate.codec import Json
from gateway.translate.company import names_nobody, standing_with
from gateway.translate.datatypes import set_of
from gateway.translate.dialogue import dialogue_standard
from gateway.translate.envelope import is_translated
from gateway.translate.facts import (
    Event,
    Facts,
    Party,
    PatientIdentity,
    ReceiptError,
    ReceiptFacts,
    Topic,
    identity_of,
)
from gateway.translate.facts_xml import moment
from gateway.translate.hooks import identifier_kind, is_out_of_use
from gateway.translate.identity import without_address
from gateway.translate.logistics import (
    CHILD_OF_TYPE,
    EVENTS_OF_TYPE,
    EXPECTED,
    TELLING_OF_STAY,
    time_of_event,
)
from gateway.translate.whom import Person, is_about, patient_of

_OF_EVENTS = frozenset({*CHILD_OF_TYPE.values(), "OpplysningOpphold", "TidsfestetHendelse"})
"""Components that hold nothing but events (9121)."""


def facts_of_bundle(bundle: Json) -> Facts:
    """The facts of a message Bundle. Raises Refusal where it has no MessageHeader, or several receivers: it would reach
    the first of them only."""
    view = _Stated(bundle)
    header = view.header
    destinations = header.get("destination") or [{}]
    if len(destinations) > 1:
        raise Refusal("fhir.several-destinations", path="MessageHeader.destination")
    provenance = view.provenance()
    status = view.status
    acknowledgement = code_in_extension(header, "acknowledgement", "7304")
    parent = version.parent_of(view.body() or view.first("Composition"), provenance, view.follow)
    return Facts(
        format="fhir-r4",
        message_id=_message_id(bundle, header),
        message_type="APPREC"
        if receipts.is_receipt(bundle)
        else str(header.get("eventCoding", {}).get("code") or ""),
        sender=view.party(header.get("sender") or header.get("author")),
        receiver=view.party(destinations[0].get("receiver")),
        generated_at=moment(bundle.get("timestamp")),
        header_id=_header_id(bundle, header),
        status=status,
        parent_id=parent,
        conversation_id=_conversation(header, parent),
        patient=view.patient(),
        acknowledgement=acknowledgement if acknowledgement in ("J", "N", "F") else None,  # type: ignore[arg-type]
        processing=processing.status_of(bundle, header),
        events=view.events(),
        topics=view.topics() if dialogue_standard(bundle) else (),
        receipt=_receipt(view, bundle) if receipts.is_receipt(bundle) else None,
    )


class Own(NamedTuple):
    """What a Bundle says of the patient it is about."""

    resources: list[Json]
    """Those about the patient, and those that name nobody; nothing of another's."""
    believed: list[Json]
    """Of these, what may be read as being so."""
    stay: Json
    """The patient's; empty: none, or it is not clear which."""


def own_of_bundle(bundle: Json) -> Own:
    """What a message Bundle says of its patient. Raises Refusal where it has no MessageHeader."""
    view = _Stated(bundle)
    own = view.own_resources()
    return Own(own, [each for each in own if view.is_believed(each)], view.stay())


def status_of_bundle(bundle: Json) -> str:
    """The code of 7309 that a message Bundle states; N where it states none."""
    return _Stated(bundle).status


def _conversation(header: Json, parent: str | None) -> str | None:
    """The conversation that is stated (one that is stated as empty is none); where nothing is, that of the parent's."""
    if not any(each.get("url") == extension_url("conversation") for each in header.get("extension", ())):
        return parent
    return str(_extension(header, "conversation", "valueString") or "").strip() or None


def _message_id(bundle: Json, header: Json) -> str:
    own = without_address(bundle.get("identifier") or {}).strip()
    return own or str(header.get("id") or bundle.get("id") or "")


def _header_id(bundle: Json, header: Json) -> str | None:
    own = header.get("id")
    if receipts.is_receipt(bundle) or not isinstance(own, str) or own == _message_id(bundle, header):
        return None
    return own


def _extension(resource: Json, name: str, key: str) -> Any:
    return next(
        (e.get(key) for e in resource.get("extension", ()) if e.get("url") == extension_url(name)), None
    )


def _codes(concept: object, code_set: str) -> list[str]:
    codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
    return [str(c["code"]) for c in codings if is_of(c, code_system(code_set)) and "code" in c]


def _receipt(view: _Stated, bundle: Json) -> ReceiptFacts:
    status, errors = receipts.status_of(bundle), []
    for issue in receipts.issues_of(bundle):
        words = receipts.words_of(issue)
        details = {"text": issue[words]} if words else issue.get("details", {})
        codings = details.get("coding") or [{"display": details.get("text", "")}]
        coding = next((each for each in codings if is_of(each, code_system("8221"))), codings[0])
        system = str(coding.get("system", "")).removeprefix("urn:oid:")
        if details and (status != "1" or issue.get("severity") != "information"):
            errors.append(
                ReceiptError(
                    str(coding.get("code", "")),
                    system,
                    str(coding.get("display") or details.get("text") or ""),
                )
            )
    reasons = view.header.get("reason", {}).get("coding") or [{}]
    return ReceiptFacts(
        status,  # type: ignore[arg-type]
        receipts.original_id(view.header["response"]),
        reasons[0].get("code"),
        tuple(errors),
    )


class _Stated(View):
    """What a Bundle states of its parties, its patient and the stay."""

    def party(self, reference: object) -> Party:
        """The communication party and its organisation."""
        found = self.follow(reference)
        if (
            not found and isinstance(reference, dict) and "identifier" in reference
        ):  # named by its identifier only
            found = {"identifier": [reference["identifier"]], "name": reference.get("display", "")}
        if not found:
            return Party(None, None)
        person: Json = {}
        if found.get("resourceType") == "PractitionerRole":
            person = self.follow(found.get("practitioner"), "Practitioner")
            found = self.follow(found.get("organization"), "Organization")
        elif found.get("resourceType") == "Practitioner":
            person, found = found, {}
        levels, known = [found], {id(found)}
        while (parent := self.follow(levels[-1].get("partOf"))) and id(parent) not in known:
            levels.append(parent)
            known.add(id(parent))
        if is_translated(self.bundle):  # as it stands in the e-message, however deep it is
            levels = levels[-2:]
        if not person and levels[-1] and (len(levels) == 1 or not _her(levels[0])):
            person = self._professional_in(levels[-1])
        named = [(_her(level), str(level.get("name", ""))) for level in levels]
        hers = [(her, name) for her, name in [(_her(person), _name_of(person)), *named] if her]
        if not hers:
            alone = _name_of(person) if len(named) == 1 else ""
            return Party(None, None, named[0][1] or alone, named[-1][1] or alone)
        return Party(hers[0][0], hers[-1][0], hers[0][1], hers[-1][1])

    def _professional_in(self, organisation: Json) -> Json:
        """The health professional that an organisation of level 1 names as the communication party (DESIGN §7)."""
        if "partOf" in organisation:
            return {}
        named = _extension(organisation, "health-professional", "valueReference")
        role = self.follow(named, "PractitionerRole")
        person = self.follow(role.get("practitioner") if role else named, "Practitioner")
        of_receipt = [
            self.follow(extension.get("valueReference"), "Practitioner")
            for extension in organisation.get("extension", ())
            if extension.get("url") == extension_url("person")
        ]
        return person or next((found for found in reversed(of_receipt) if _her(found)), {})

    def patient(self) -> PatientIdentity | None:
        """The patient's identity number."""
        stated = [each for each in self._the_patient().get("identifier", ()) if not is_out_of_use(each)]
        return identity_of([(_kind_of(each), str(each.get("value") or "").strip()) for each in stated])

    def _the_patient(self) -> Json:
        """Whom the message is about; of several reports, each with its patient, none."""
        focus = [resource for resource in self.focus() if self.is_believed(resource)]
        lists = [r for r in focus if r.get("resourceType") == "List"]
        body = {} if lists or self.body() else self.first("Composition")  # one that nothing names is the body
        named = patient_of([body, *focus], self.follow) or {}
        if lists and not named.get("identifier"):
            return self.follow(lists[0].get("subject")) if len(lists) == 1 else {}
        if named and not any(named is each for each in self.resources):
            patients = (r for r in self.resources if r.get("resourceType") == "Patient")
            return next((each for each in patients if Person(each).is_same_as(Person(named))), named)
        return named or self.first("Patient") or self._contained_patient()

    def _is_about(self, resource: Json, patient: Json) -> bool:
        with_others = names_nobody(resource) and id(resource) in self._with_others
        return not with_others and is_about(resource, patient, self.follow)

    def own_resources(self) -> list[Json]:
        """The resources that are not another patient's. Where the message is about several, or nobody, all are."""
        if not self._the_patient():
            return self.resources
        not_own = {*map(id, self._of_others), *self._with_others}
        return [resource for resource in self.resources if id(resource) not in not_own]

    @cached_property
    def _of_others(self) -> list[Json]:
        """The resources that name another patient."""
        patient = self._the_patient()
        known, others = Person(patient), []
        for resource in self.resources:
            if resource.get("resourceType") != "Patient":
                is_his = is_about(resource, patient, self.follow)
            else:
                is_his = resource is patient or known.is_same_as(Person(resource))
            if not is_his:
                others.append(resource)
        return others

    @cached_property
    def _with_others(self) -> set[int]:
        """The resources (by identity) that name nobody and stand with another patient's."""
        return standing_with(self._of_others, self.resources, self.follow)

    def _contained_patient(self) -> Json:
        inner = (each for resource in self.resources for each in resource.get("contained", ()))
        return next((each for each in inner if each.get("resourceType") == "Patient"), {})

    def topics(self) -> tuple[Topic, ...]:
        """The coded topics of a dialogue's notes: of the Communications in its sections, else of those in focus."""
        body = self.body() or self.first("Composition")
        notes = [entry for section in body.get("section", ()) for entry in section.get("entry", ())]
        found = [self.follow(reference) for reference in notes or self.header.get("focus", ())]
        patient = self.follow(body.get("subject"), "Patient") or self._the_patient()
        codings = [
            (concept.get("coding") or [{}])[0]
            for note in found
            if note.get("resourceType") == "Communication"
            and self._is_about(note, patient)
            and self.is_believed(note)
            for concept in note.get("category", ())[:1]
        ]
        return tuple(Topic(set_of(c), str(c["code"])) for c in codings if c.get("code"))

    def stay(self) -> Json:
        """The stay: what the body names, else the one in focus, else the only one; empty if there is none, or if it
        is not the patient's."""
        body, patient = self.body() or self.first("Composition"), self._the_patient()

        def own(encounters: Iterable[Json]) -> list[Json]:
            kind = (each for each in encounters if each.get("resourceType") == "Encounter")
            return [each for each in kind if self._is_about(each, patient)]

        named = own([self.follow(body.get("encounter"))]) or own(self.focus())
        there = named or own(self.resources)
        return there[0] if named or len(there) == 1 else {}

    def events(self) -> tuple[Event, ...]:
        """The dated events of the stay: Observations of 9121, with the times that stand in the Encounter's period. A
        stay that never was has none, unless the message takes back what it repeats."""
        encounter, patient = self.stay(), self._the_patient()
        if version.is_taken_back(encounter) and self.status != "C":
            encounter = {}
        period = encounter.get("period", {})
        standing = {"1": period.get("start"), "2": period.get("end")}
        events = []
        for resource in self.resources:
            for code in self._events_named(resource):
                if not self.is_believed(resource) or not self._is_about(resource, patient):
                    continue
                holder, key = time_of_event(resource)
                time = holder.get(key) or standing.get(code)
                estimate = bool(_extension(resource, "estimate", "valueBoolean"))
                events.append(Event(code, moment(time), bool(time) and "T" not in str(time), estimate))
        said, wanted = {event.code for event in events}, EVENTS_OF_TYPE.get(self.message_type, ())
        for code, time in standing.items():
            tells = code in wanted or self.message_type in TELLING_OF_STAY
            if tells and isinstance(time, str) and code not in said:
                estimate = code not in wanted or code == "1"  # the type of a notice says what has happened
                estimate = estimate and encounter.get("status") in EXPECTED[code]
                events.append(Event(code, moment(time), "T" not in time, estimate))
        ready = _extension(encounter, "discharge-ready", "valueDateTime")
        if isinstance(ready, str) and "3" not in said and "3" in wanted:
            events.append(Event("3", moment(ready), "T" not in ready, False))
        died = patient.get("deceasedDateTime")
        if isinstance(died, str) and "13" not in said and self.message_type == "LOG_DOD":
            events.append(Event("13", moment(died), "T" not in died, False))
        return tuple(
            sorted(events, key=lambda event: wanted.index(event.code) if event.code in wanted else -1)
        )

    def _events_named(self, resource: Json) -> list[str]:
        """The codes of 9121 of an Observation; where the e-message has nothing but events, one that names no set is one
        of them."""
        concept = resource.get("code")
        if resource.get("resourceType") != "Observation" or not isinstance(concept, dict):
            return []
        sets = ("9121", "") if id(resource) in self._among_events else ("9121",)
        codings = concept.get("coding", ())
        return [str(c["code"]) for c in codings if c.get("code") and set_of(c) in sets]

    @cached_property
    def _among_events(self) -> set[int]:
        """What the body names (by identity) where the e-message has nothing but events."""
        sections, found = [*self.body().get("section", ())], set[int]()
        for section in sections:  # grows as it goes
            sections += section.get("section", ())
            if any(coding.get("code") in _OF_EVENTS for coding in section.get("code", {}).get("coding", ())):
                found.update(id(self.follow(entry)) for entry in section.get("entry", ()))
        return found


def _her(resource: Json) -> str | None:
    for identifier in resource.get("identifier", ()):
        if _kind_of(identifier) == "HER" and not is_out_of_use(identifier):
            return str(identifier.get("value") or "").strip() or None
    for extension in resource.get("extension", ()):  # of a receipt: AdditionalId
        if extension.get("url") == extension_url("additional-id") and "HER" in (
            code_in_extension(extension, "id-type", "9051"),
            code_in_extension(extension, "id-type", "8116"),
        ):
            return str(_extension(extension, "id", "valueString") or "").strip() or None
    return None


def _kind_of(identifier: Json) -> str:
    """The kind of an identifier (8116, 9051): what its system stands for, else what it says; empty for none."""
    concept = identifier.get("type")
    return identifier_kind(identifier.get("system")) or next(
        iter([*_codes(concept, "8116"), *_codes(concept, "9051")]), ""
    )


def _name_of(person: Json) -> str:
    """A person's name as it is shown."""
    name = (person.get("name") or [{}])[0]
    given = [part for part in name.get("given", ()) if isinstance(part, str)]
    parts = (*given, str(name.get("family", "")))
    return str(name.get("text") or " ".join(part for part in parts if part)).strip()
