"""Does a Bundle that no e-message was before become a valid message, with every text in it or named as lost?

The Bundle is the municipality's Innleggelsesrapport of the demo's story, composed by hand in the shape of our profiles.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.emessage.read import read
from gateway.emessage.validate import validate
from gateway.errors import NotTranslatable
from gateway.fhir import json as fhir_json
from gateway.fhir.canonical import code_system
from gateway.fhir.validate import validate as validate_fhir
from gateway.translate import Translation, convert, facts_of, roundtrip
from tests.support.official import findings
from tests.support.story import told
from tests.support.translation import TEXT_TYPES, Json, leaves, places

BODY = told()["innleggelsesrapport"].body
PATIENTS_OWN_VIEW = "13"
PLACED = (
    *("RelatedPerson", "Condition", "AllergyIntolerance", "MedicationStatement", "EpisodeOfCare", "Goal"),
    *("ServiceRequest", "Consent", "DeviceRequest"),
)
"""Types that have a place of their own in this report, whether or not a section names them."""


def bundle() -> Json:
    return fhir_json.read(BODY)


def resources(found: Json, kind: str) -> list[Json]:
    return [e["resource"] for e in found["entry"] if e["resource"]["resourceType"] == kind]


def composition(found: Json) -> Json:
    return resources(found, "Composition")[0]


def root_of(made: Translation) -> etree._Element:
    return etree.fromstring(made.data)


def texts_of(made: Translation) -> list[str]:
    """Every text and attribute of the message; of an address (`tel:…`) what follows the scheme too."""
    found = [value for _, _, value in leaves(made.data)]
    return found + [value.partition(":")[2] for value in found if ":" in value]


def untold(found: Json, made: Translation) -> list[str]:
    """The places of native texts that stand neither in the message nor in its loss report."""
    told_of = {entry.source for entry in made.loss.entries}
    texts = set(texts_of(made))
    numbers: dict[int, str] = {}
    seen: dict[str, int] = {}
    for number, entry in enumerate(found["entry"]):
        kind = entry["resource"]["resourceType"]
        seen[kind] = seen.get(kind, 0) + 1
        numbers[number] = f"{kind}[{seen[kind]}]"
    missing = []
    for place in places(found, TEXT_TYPES):
        head, _, rest = place.path.partition(".")
        name = f"{numbers[int(head.partition('#')[2])]}.{rest}"
        if (
            place.value not in texts
            and name not in told_of
            and head.partition("#")[0] + "." + rest not in told_of
        ):
            missing.append(name)
    return missing


def without_sections(found: Json) -> Json:
    composition(found)["section"] = []
    return found


def without_composition(found: Json) -> Json:
    gone = composition(found)
    found["entry"] = [entry for entry in found["entry"] if entry["resource"] is not gone]
    resources(found, "MessageHeader")[0]["focus"] = []
    for provenance in resources(found, "Provenance"):
        found["entry"] = [entry for entry in found["entry"] if entry["resource"] is not provenance]
    return found


def without_plan(found: Json) -> Json:
    """No CarePlan: its goals and activities are named by nothing."""
    gone = resources(found, "CarePlan")[0]
    address = next(entry["fullUrl"] for entry in found["entry"] if entry["resource"] is gone)
    found["entry"] = [entry for entry in found["entry"] if entry["resource"] is not gone]
    return _without_reference(found, address)


def _without_reference(value: Any, address: str) -> Any:
    if isinstance(value, list):
        kept = [_without_reference(item, address) for item in value]
        return [item for item in kept if item not in ({}, [])]
    if isinstance(value, dict):
        if value.get("reference") == address:
            return {}
        made = {key: _without_reference(item, address) for key, item in value.items()}
        return {key: item for key, item in made.items() if item not in ({}, [])}
    return value


SHAPES: dict[str, Callable[[Json], Json]] = {
    "as composed": lambda found: found,
    "no section": without_sections,
    "no Composition": without_composition,
    "no CarePlan": without_plan,
}


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> Json:
    """The report in several shapes."""
    return SHAPES[request.param](bundle())


def test_the_bundle_is_valid() -> None:
    assert validate_fhir(bundle()) == ()


def test_it_becomes_a_valid_message(shape: Json, standards: Path) -> None:
    made = convert(shape, "plo-1.6")
    assert findings(standards, "plo-1.6", made.data) == []
    assert [found for found in validate(read(made.data)) if found.severity == "error"] == []
    assert roundtrip(made.data).verdict == "lossless"


def test_it_becomes_a_valid_message_of_1_5(shape: Json, standards: Path) -> None:
    assert findings(standards, "plo-1.5", convert(shape, "plo-1.5").data) == []


def test_every_text_is_there_or_named(shape: Json) -> None:
    assert untold(shape, convert(shape, "plo-1.6")) == []


def test_the_bundle_given_is_not_changed(shape: Json) -> None:
    before = copy.deepcopy(shape)
    convert(shape, "plo-1.6")
    assert shape == before


def test_the_patients_own_words_stand_once_under_the_patients_own_view(shape: Json) -> None:
    (own,) = [
        g
        for g in resources(shape, "Goal")
        if "Patient" in g["expressedBy"].get("type", "Patient") and own_words(shape, g)
    ]
    words = own["description"]["text"]
    made = convert(shape, "plo-1.6")
    assert texts_of(made).count(words) == 1
    (note,) = [n for n in root_of(made).iter("{*}Journaltekst") if n.findtext("{*}Notat") == words]
    heading = note.find("{*}Overskriftskode")
    assert heading is not None
    assert dict(heading.attrib) == {
        "V": PATIENTS_OWN_VIEW,
        "S": "2.16.578.1.12.4.1.1.9141",
        "DN": "Pasientens egne vurderinger",
    }
    assert note.getparent().tag.endswith("}InfoFraSykepleier")  # type: ignore[union-attr]
    assert "rendered" in [entry.kind for entry in made.loss.entries]


def own_words(found: Json, goal: Json) -> bool:
    """Whether the patient expressed the goal."""
    patients = [e["fullUrl"] for e in found["entry"] if e["resource"]["resourceType"] == "Patient"]
    return goal["expressedBy"].get("reference") in patients


@pytest.mark.parametrize("kind", PLACED)
@pytest.mark.parametrize("shape_name", ["no section", "no Composition"])
def test_what_no_section_names_has_its_place(kind: str, shape_name: str) -> None:
    """As many elements as where the sections name them."""
    named = root_of(convert(bundle(), "plo-1.6"))
    placed = root_of(convert(SHAPES[shape_name](bundle()), "plo-1.6"))
    elements = {
        "RelatedPerson": "ParorendeForesatt",
        "Condition": "MedisinskDiagnose",
        "AllergyIntolerance": "Allerginotat",
        "MedicationStatement": "Legemiddelinfo",
        "EpisodeOfCare": "EksisterendeTjeneste",
        "Goal": "InfoMaalForventetRes",
        "ServiceRequest": "Tiltaksbeskrivelse",
        "Consent": "ReservasjonOnske",
        "DeviceRequest": "StatusHjelpemiddel",
    }
    count = len(list(named.iter(f"{{*}}{elements[kind]}")))
    assert count > 0 or not resources(bundle(), kind)
    assert len(list(placed.iter(f"{{*}}{elements[kind]}"))) == count


@pytest.mark.parametrize("seed", range(12))
def test_whatever_sections_are_missing_nothing_is_lost_in_silence(seed: int, standards: Path) -> None:
    chance, found = random.Random(seed), bundle()
    drop_some(composition(found), chance)
    made = convert(found, "plo-1.6")
    assert findings(standards, "plo-1.6", made.data) == []
    assert untold(found, made) == []


def drop_some(section: Json, chance: random.Random) -> None:
    """Takes sections, and entries of sections, away at random."""
    kept = [inner for inner in section.get("section", ()) if chance.random() > 0.4]
    for inner in kept:
        drop_some(inner, chance)
    if "section" in section:
        section["section"] = kept
    if "entry" in section:
        section["entry"] = [entry for entry in section["entry"] if chance.random() > 0.3]


def test_a_goal_added_in_fhir_stands_among_the_goals() -> None:
    found = bundle()
    goal = {
        "resourceType": "Goal",
        "id": "nytt",
        "lifecycleStatus": "active",
        "description": {"text": "Klarer trappen til posten"},
        "subject": {"reference": patient_address(found)},
        "target": [{"dueDate": "2026-12-24"}],
    }
    found["entry"].append({"fullUrl": "urn:uuid:00000000-0000-4000-8000-00000000abcd", "resource": goal})
    before, after = root_of(convert(bundle(), "plo-1.6")), root_of(convert(found, "plo-1.6"))
    goals = list(after.iter("{*}InfoMaalForventetRes"))
    assert len(goals) == len(list(before.iter("{*}InfoMaalForventetRes"))) + 1
    assert goals[-1].findtext(".//{*}Beskrivelse") == "Klarer trappen til posten"
    assert goals[-1].findtext(".//{*}ForventesOppnaadd") == "2026-12-24"


def patient_address(found: Json) -> str:
    return next(e["fullUrl"] for e in found["entry"] if e["resource"]["resourceType"] == "Patient")


def test_what_the_report_has_no_place_for_is_told_as_text() -> None:
    found = bundle()
    resource = {
        "resourceType": "Immunization",
        "id": "vaksine",
        "status": "completed",
        "vaccineCode": {"text": "Influensavaksine"},
        "patient": {"reference": patient_address(found)},
        "occurrenceDateTime": "2026-10-01",
    }
    found["entry"].append({"fullUrl": "urn:uuid:00000000-0000-4000-8000-00000000abce", "resource": resource})
    made = convert(found, "plo-1.6")
    kinds = {loss.source: loss.kind for loss in made.loss.entries}
    assert kinds["Immunization[1].vaccineCode.text"] == "rendered"
    (note,) = [text for text in texts_of(made) if text.startswith("Vaksinasjon")]
    assert note == "Vaksinasjon\nVaksine: Influensavaksine\nTidspunkt: 01.10.2026"


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda found: found["entry"].clear(), "fhir.no-message-header"),
        (
            lambda found: composition(found)["section"][0]["entry"].append({"reference": "urn:uuid:nowhere"}),
            "fhir.bad-reference",
        ),
    ],
    ids=["no entry", "dangling"],
)
def test_what_cannot_be_a_message_is_refused_by_name(spoil: Callable[[Json], Any], code: str) -> None:
    found = bundle()
    spoil(found)
    with pytest.raises(NotTranslatable) as refused:
        convert(found, "plo-1.6")
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("status", "activity", "code"),
    [
        ("final", "N", "N"),
        ("final", None, "N"),
        ("amended", None, "M"),
        ("amended", "M", "M"),
        ("amended", "A", "A"),
        ("entered-in-error", None, "C"),
        ("entered-in-error", "N", "C"),  # a cancellation is one, whatever a forgotten Provenance says
    ],
)
def test_message_and_facts_agree_on_the_status(status: str, activity: str | None, code: str) -> None:
    found = bundle()
    composition(found)["status"] = status
    for provenance in resources(found, "Provenance"):
        provenance.pop("activity", None)
        if activity:
            provenance["activity"] = {"coding": [{"system": code_system(7309), "code": activity}]}
    made = convert(found, "plo-1.6")
    assert facts_of(found).status == code
    assert facts_of(read(made.data)).status == code
    element = root_of(made).find(".//{*}Forsendelsesstatus")
    assert element is not None
    assert element.get("V") == code
    assert element.get("DN")
    assert ("assumed: Forsendelsesstatus = N" in made.loss.notes) == (code == "N" and activity is None)
