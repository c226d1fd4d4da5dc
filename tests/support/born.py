"""Message Bundles that no e-message was before: wrapped round any resources, or made at random from the shapes of R4.

Every random text is unlike every other, so that finding it in the message proves that it came from its place.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from gateway.fhir import tables
from gateway.fhir.canonical import code_system
from gateway.translate import Translation
from tests.support.translation import TEXT_TYPES, Json, leaves, places

PATIENT = "urn:uuid:3f0c0b1e-0000-4000-8000-000000000001"
SENDER = "urn:uuid:3f0c0b1e-0000-4000-8000-000000000002"
RECEIVER = "urn:uuid:3f0c0b1e-0000-4000-8000-000000000003"
HEADER = "urn:uuid:3f0c0b1e-0000-4000-8000-000000000004"
BODY_TYPES = (
    *("INNLEGGELSESRAPPORT", "HELSEOPPL_SOKNAD", "HELSEOPPLYSNINGER_LEGE", "ORIENTERING_TJENESTETILBUD"),
    *("MEDISINSKE_OPPLYSNINGER", "UTSKRIVNINGSRAPPORT"),
)
LOGISTICS = ("LOG_INNLAGT", "LOG_UTSKRIVNINGSKLAR", "LOG_AVMELDING", "LOG_UTSKREVET", "LOG_DOD")
LISTED = (
    *("CarePlan", "Goal", "Encounter", "Condition", "AllergyIntolerance", "MedicationStatement"),
    *("Observation", "RelatedPerson", "EpisodeOfCare", "ServiceRequest", "Appointment", "Communication"),
)
"""The types that a care message is made of."""
OTHERS = (
    *(
        "Procedure",
        "Immunization",
        "MedicationRequest",
        "FamilyMemberHistory",
        "DiagnosticReport",
        "CareTeam",
    ),
    *("DeviceRequest", "Consent", "Flag", "ClinicalImpression", "Task", "NutritionOrder", "RiskAssessment"),
)


def message(message_type: str, resources: Iterable[Json], *, event: str | None = None) -> Json:
    """A message Bundle of that type around the resources, with a patient, a sender and a receiver."""
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": code_system("8279"), "code": message_type},
        "sender": {"reference": SENDER},
        "destination": [{"endpoint": "https://mottak.example", "receiver": {"reference": RECEIVER}}],
        "source": {"endpoint": "https://avsender.example"},
    }
    entries = [
        {"fullUrl": HEADER, "resource": header},
        {"fullUrl": PATIENT, "resource": patient()},
        {"fullUrl": SENDER, "resource": organisation("8095678", "Hjemmetjenesten sone øst")},
        {"fullUrl": RECEIVER, "resource": organisation("8091234", "Medisinsk sengepost")},
    ]
    for number, resource in enumerate(resources):
        url = f"urn:uuid:3f0c0b1e-0000-4000-8001-{number:012d}"
        entries.append({"fullUrl": url, "resource": resource})
        header.setdefault("focus", []).append({"reference": url})  # type: ignore[union-attr, attr-defined]
    return {
        "resourceType": "Bundle",
        "type": "message",
        "identifier": {
            "system": "urn:ietf:rfc:3986",
            "value": "urn:uuid:3f0c0b1e-0000-4000-8000-00000000beef",
        },
        "timestamp": "2026-03-09T10:15:30+01:00",
        "entry": entries,
    }


def patient() -> Json:
    """Whom the messages are about; made up."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "15833810178"}],
        "name": [{"family": "Prøvesen", "given": ["Solveig"]}],
        "gender": "female",
        "birthDate": "1938-03-15",
    }


def organisation(her_id: str, name: str) -> Json:
    """A communication party."""
    identifier = {"system": "urn:oid:2.16.578.1.12.4.1.2", "value": her_id}
    return {"resourceType": "Organization", "identifier": [identifier], "name": name}


def untold(found: Json, made: Translation) -> list[str]:
    """The places of native texts that stand neither in the message nor in its loss report."""
    told_of = {entry.source for entry in made.loss.entries}
    texts = "\n".join(value for _, _, value in leaves(made.data))
    names: dict[int, str] = {}
    seen: dict[str, int] = {}
    for number, entry in enumerate(found["entry"]):
        kind = entry["resource"]["resourceType"]
        seen[kind] = seen.get(kind, 0) + 1
        names[number] = f"{kind}[{seen[kind]}]"
    missing = []
    for place in places(found, TEXT_TYPES):
        head, _, rest = place.path.partition(".")
        name = f"{names[int(head.partition('#')[2])]}.{rest}"
        if place.value not in texts and name not in told_of:
            missing.append(name)
    return missing


# at random


class Composer:
    """Makes resources at random from the shapes of R4."""

    def __init__(self, seed: int, *, fullness: float = 0.35) -> None:
        self.chance = random.Random(seed)
        self.fullness = fullness
        self.addresses: dict[str, list[str]] = {"Patient": [PATIENT], "Organization": [SENDER, RECEIVER]}
        self._count = 0

    def message(self, message_type: str, kinds: Iterable[str], most: int = 6) -> Json:
        """A message about up to `most` resources of these types."""
        known = list(kinds)
        chosen = [self.chance.choice(known) for _ in range(self.chance.randint(1, most))]
        for number, kind in enumerate(chosen):
            url = f"urn:uuid:3f0c0b1e-0000-4000-8001-{number:012d}"
            self.addresses.setdefault(kind, []).append(url)
        return message(message_type, [self.resource(kind) for kind in chosen])

    def resource(self, kind: str) -> Json:
        """One resource with some of what its type may have; about the patient of the message."""
        made: Json = {"resourceType": kind, **self._object(kind, depth=0)}
        for key in ("subject", "patient"):
            if key in {name for element in tables.elements(kind) for name in element.names()}:
                made[key] = {"reference": PATIENT}
        return made

    def _object(self, kind: str, depth: int) -> Json:
        made: Json = {}
        for element in tables.elements(kind):
            if element.name in _LEFT_OUT or (not element.required and not self._want(depth)):
                continue
            name, found = self.chance.choice(sorted(element.names().items()))
            if found.name in _LEFT_OUT_TYPES or depth > 4:
                continue
            count = self.chance.randint(1, 2) if element.repeats else 1
            values = [self._value(found, element.value_set, depth) for _ in range(count)]
            kept = [value for value in values if value is not None and value != {}]
            if kept:
                made[name] = kept if element.repeats else kept[0]
        return made

    def _want(self, depth: int) -> bool:
        return self.chance.random() < self.fullness / (1 + depth / 2)

    def _value(self, found: tables.ElementType, value_set: str | None, depth: int) -> Any:
        name = found.name
        if name == "Reference":
            return self._reference(found.targets)
        if name == "CodeableConcept":
            return self._concept(value_set)
        if name == "Coding":
            return self._coding(value_set)
        if tables.is_declared(name):
            return self._object("Quantity" if name == "SimpleQuantity" else name, depth + 1)
        return self._primitive(name, value_set)

    def _text(self) -> str:
        self._count += 1
        return f"{self.chance.choice(_WORDS)} {self._count:03d}{self.chance.randint(100, 999)}"

    def _reference(self, targets: frozenset[str] | None) -> Json:
        known = [url for kind in sorted(targets or self.addresses) for url in self.addresses.get(kind, ())]
        if known and self.chance.random() < 0.5:
            return {"reference": self.chance.choice(known)}
        return {"display": self._text()}

    def _concept(self, value_set: str | None) -> Json:
        made: Json = {}
        if value_set or self.chance.random() < 0.6:
            made["coding"] = [self._coding(value_set)]
        if "coding" not in made or self.chance.random() < 0.5:
            made["text"] = self._text()
        return made

    def _coding(self, value_set: str | None) -> Json:
        if value_set:
            system, codes = self.chance.choice(sorted(tables.value_set(value_set).items()))
            return {"system": system, "code": self.chance.choice(sorted(codes))}
        system = self.chance.choice(_SYSTEMS)
        return {"system": system, "code": str(self.chance.randint(1, 99999)), "display": self._text()}

    def _primitive(self, name: str, value_set: str | None) -> Any:
        if value_set:
            _, codes = self.chance.choice(sorted(tables.value_set(value_set).items()))
            return self.chance.choice(sorted(codes))
        made = {
            "boolean": lambda: self.chance.random() < 0.5,
            "integer": lambda: self.chance.randint(0, 90),
            "positiveInt": lambda: self.chance.randint(1, 90),
            "unsignedInt": lambda: self.chance.randint(0, 90),
            "decimal": lambda: Decimal(self.chance.randint(1, 9999)) / 100,
            "date": lambda: f"2026-{self.chance.randint(1, 12):02d}-{self.chance.randint(1, 28):02d}",
            "dateTime": lambda: (
                f"2026-03-{self.chance.randint(1, 28):02d}T10:{self.chance.randint(10, 59)}:00+01:00"
            ),
            "instant": lambda: (
                f"2026-03-{self.chance.randint(1, 28):02d}T10:{self.chance.randint(10, 59)}:00+01:00"
            ),
            "time": lambda: f"08:{self.chance.randint(10, 59)}:00",
            "string": self._text,
            "markdown": self._text,
            "code": lambda: self.chance.choice(("da", "en", "nb")),
            "uri": lambda: f"https://epj.example/{self.chance.randint(1, 9999)}",
            "url": lambda: f"https://epj.example/{self.chance.randint(1, 9999)}",
            "canonical": lambda: f"https://epj.example/{self.chance.randint(1, 9999)}",
        }.get(name)
        return None if made is None else made()


_WORDS = (
    "Brystsmerter",
    "Går med rullator",
    "Bor på Åsen",
    "Penicillin <sterk>",
    "5 % & mer",
    "Søvnløs «ofte»",
)
_SYSTEMS = ("http://snomed.info/sct", "http://loinc.org", "https://lokalt.example/koder", code_system("7110"))
_LEFT_OUT = frozenset(
    {"id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension"}
)
_LEFT_OUT_TYPES = frozenset({"Resource", "Narrative", "Extension", "Meta", "base64Binary"})
