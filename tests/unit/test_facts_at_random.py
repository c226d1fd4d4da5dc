"""Do the facts of a Bundle and of the e-message made of it agree, whatever others compose of stays, events, people and
versions?"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.emessage.read import read
from gateway.errors import NotTranslatable
from gateway.fhir.canonical import code_system, extension_url
from gateway.translate import convert, facts_of
from gateway.translate.facts import Facts
from gateway.translate.logistics import EVENTS_OF_TYPE, TELLING_OF_STAY
from tests.support.born import BODY_TYPES, HEADER, LOGISTICS, PATIENT, SENDER, message

Json = dict[str, Any]
SEEDS, PARTS = 1_200, 6
FNR = "urn:oid:2.16.578.1.12.4.1.4.1"
AT = "urn:uuid:3f0c0b1e-0000-4000-8002-{:012d}"
OTHER, COMPOSITION, PROVENANCE = AT.format(1), AT.format(2), AT.format(3)
TIMES = ("2026-03-09T10:00:00+01:00", "2026-03-10", "2026-03-11T08:00:00Z", "2026-03-12T23:30:00+01:00")
STAYS = (*("planned", "arrived", "in-progress", "finished"), *("cancelled", "entered-in-error", "onleave"))
OBSERVED = ("final", "final", "amended", "preliminary", "registered", "cancelled", "entered-in-error")
OF_EVENT = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "")
OPERATIONS = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"


def composed(seed: int) -> Json:
    """A message that others could compose."""
    some = random.Random(seed)
    resources = [_stay(some) for _ in range(some.choice((0, 1, 1, 1, 2)))]
    resources += [_event(some) for _ in range(some.choice((0, 0, 1, 1, 2, 3)))]
    made = message(some.choice((*LOGISTICS, *LOGISTICS, *BODY_TYPES)), resources)
    header, patient = (entry["resource"] for entry in made["entry"][:2])
    named = [each["reference"] for each in header.get("focus", ())]
    if some.random() < 0.3:
        other = {"resourceType": "Patient", "identifier": [{"system": FNR, "value": "13116900216"}]}
        made["entry"].append({"fullUrl": OTHER, "resource": other})
    if some.random() < 0.3:
        patient["deceasedDateTime"] = some.choice(TIMES)
    if some.random() < 0.5:
        made["entry"].append({"fullUrl": COMPOSITION, "resource": _composition(some, named, resources)})
        if some.random() < 0.8:
            header["focus"] = [{"reference": COMPOSITION}]
    if some.random() < 0.5:
        about = some.choice((HEADER, made["entry"][-1]["fullUrl"], *named))
        made["entry"].append({"fullUrl": PROVENANCE, "resource": _provenance(some, about)})
    return made


def _whom(some: random.Random) -> Json:
    strange = ({"reference": OTHER}, {"display": "Kari Annen"})
    known = ({"reference": PATIENT}, {"identifier": {"system": FNR, "value": "15833810178"}})
    return dict(some.choice(strange if some.random() < 0.15 else known))


def _stay(some: random.Random) -> Json:
    made: Json = {
        "resourceType": "Encounter",
        "status": some.choice(STAYS),
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": _whom(some),
        "period": {"start": some.choice(TIMES)} if some.random() < 0.8 else {"end": "2026-03-14"},
        "hospitalization": {"dischargeDisposition": {"text": "Hjem"}},
    }
    if some.random() < 0.5:
        made["period"]["end"] = some.choice(("2026-03-14T10:00:00+01:00", "2026-03-15"))
    if some.random() < 0.5:
        ready = {"url": extension_url("discharge-ready"), "valueDateTime": some.choice(TIMES)}
        made["extension"] = [ready]
    return made


def _event(some: random.Random) -> Json:
    code = {"system": code_system("9121"), "code": some.choice(("1", "1", "2", "2", "3", "4", "13"))}
    made: Json = {
        "resourceType": "Observation",
        "status": some.choice(OBSERVED),
        "code": {"coding": [code]},
        "subject": _whom(some),
    }
    form, time = some.choice(OF_EVENT), some.choice(TIMES)
    if form:
        made[form] = {"start": time} if form == "effectivePeriod" else time
    if some.random() < 0.2:
        made["extension"] = [{"url": extension_url("estimate"), "valueBoolean": some.random() < 0.5}]
    return made


def _composition(some: random.Random, named: Sequence[str], resources: Sequence[Json]) -> Json:
    stays = [url for url, each in zip(named, resources, strict=True) if each["resourceType"] == "Encounter"]
    entries = some.sample(named, some.randint(0, len(named)))
    made: Json = {
        "resourceType": "Composition",
        "status": some.choice(("final", "final", "amended", "entered-in-error", "preliminary")),
        "type": {"text": "Rapport"},
        "subject": {"reference": PATIENT},
        "date": "2026-03-09",
        "author": [{"display": "EPJ"}],
        "title": "Rapport",
        "section": [{"title": "Opphold", "entry": [{"reference": url} for url in entries]}],
    }
    if stays and some.random() < 0.5:
        made["encounter"] = {"reference": some.choice(stays)}
    if some.random() < 0.3:
        code = some.choice(("replaces", "appends", "transforms"))
        made["relatesTo"] = [{"code": code, "targetIdentifier": {"value": "earlier-2"}}]
    return made


def _provenance(some: random.Random, about: str) -> Json:
    made: Json = {
        "resourceType": "Provenance",
        "target": [{"reference": about}],
        "recorded": "2026-03-09T10:00:00Z",
        "agent": [{"who": {"reference": SENDER}}],
    }
    if some.random() < 0.7:
        operation = {"system": OPERATIONS, "code": some.choice(("CREATE", "UPDATE", "NULLIFY"))}
        status = {"system": code_system("7309"), "code": some.choice("NMAC")}
        made["activity"] = {"coding": [some.choice((operation, status))]}
    if some.random() < 0.7:
        role = some.choice(("revision", "removal", "source", "derivation"))
        made["entity"] = [{"role": role, "what": {"identifier": {"value": "earlier-1"}}}]
    return made


def events(facts: Facts, kind: str) -> list[tuple[str, ...]]:
    """Those that such a message has room for; of several with one code none, as the message tells one of them."""
    room = EVENTS_OF_TYPE.get(kind, ("1", "2", "3", "4", "13") if kind in TELLING_OF_STAY else ())
    codes = [event.code for event in facts.events]
    return sorted(
        (event.code, str(event.time), str(event.date_only), str(event.estimate))
        for event in facts.events
        if event.code in room and codes.count(event.code) == 1
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_both_say_the_same(part: int) -> None:
    translated = 0
    for seed in range(part, SEEDS, PARTS):
        found = composed(seed)
        facts = facts_of(found)
        try:
            told = facts_of(read(convert(found, "plo-1.6").data))
        except NotTranslatable:
            continue
        translated += 1
        for name in ("message_type", "status", "parent_id", "conversation_id", "patient"):
            assert getattr(facts, name) == getattr(told, name), (seed, name)
        twice = {event.code for event in facts.events} - {
            code for code, *_ in events(facts, facts.message_type)
        }
        alike = [event for event in events(told, told.message_type) if event[0] not in twice]
        assert events(facts, facts.message_type) == alike, seed
    assert translated > SEEDS / PARTS / 4
