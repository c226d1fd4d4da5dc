"""For every invariant: a resource that breaks it and nothing else, and the same put right."""

from __future__ import annotations

from typing import Any

from tests.support.fhir_invariants_resources import RESOURCES
from tests.support.fhir_parts import (
    HIGH,
    LOW,
    OTHER_EXTENSION,
    PATIENT,
    UCUM,
    basic,
    bundle,
    container,
    document,
    quantity,
    timing,
)

Resource = dict[str, Any]
Case = tuple[Resource, Resource]

# id: (a resource that breaks it, the same put right)
DATATYPES: dict[str, Case] = {
    "ext-1": (
        basic({"valueString": "x", "extension": [{"url": OTHER_EXTENSION, "valueBoolean": True}]}),
        basic({"extension": [{"url": OTHER_EXTENSION, "valueBoolean": True}]}),
    ),
    "per-1": (
        basic({"valuePeriod": {"start": "2026-01-01T12:00:00+02:00", "end": "2026-01-01T09:59:59Z"}}),
        basic({"valuePeriod": {"start": "2026-01-01T12:00:00+02:00", "end": "2026-01-01T10:00:00Z"}}),
    ),
    "qty-3": (
        basic({"valueQuantity": {"code": "kg"}}),
        basic({"valueQuantity": {"code": "kg", "system": UCUM}}),
    ),
    "sqty-1": (
        basic({"valueRange": {"low": quantity(comparator="<")}}),
        basic({"valueRange": {"low": quantity()}}),
    ),
    "age-1": (
        basic({"valueAge": quantity(value=-1, code="a")}),
        basic({"valueAge": quantity(value=1, code="a")}),
    ),
    "dis-1": (basic({"valueDistance": {"value": 1}}), basic({"valueDistance": quantity(code="m")})),
    "drt-1": (
        basic({"valueDuration": {"code": "d", "system": UCUM}}),
        basic({"valueDuration": quantity(code="d")}),
    ),
    "cnt-3": (basic({"valueCount": quantity(code="1")}), basic({"valueCount": quantity(value=2, code="1")})),
    "rng-2": (
        basic({"valueRange": {"low": HIGH, "high": LOW}}),
        basic({"valueRange": {"low": LOW, "high": HIGH}}),
    ),
    "rat-1": (
        basic({"valueRatio": {"numerator": LOW}}),
        basic({"valueRatio": {"numerator": LOW, "denominator": HIGH}}),
    ),
    "att-1": (
        basic({"valueAttachment": {"data": "SGVp"}}),
        basic({"valueAttachment": {"data": "SGVp", "contentType": "text/plain"}}),
    ),
    "cpt-2": (
        basic({"valueContactPoint": {"value": "22000000"}}),
        basic({"valueContactPoint": {"value": "22000000", "system": "phone"}}),
    ),
    "exp-1": (
        basic({"valueExpression": {"language": "text/fhirpath"}}),
        basic({"valueExpression": {"language": "text/fhirpath", "expression": "true"}}),
    ),
    "drq-1": (
        basic(
            {"valueDataRequirement": {"type": "Patient", "codeFilter": [{"valueSet": "http://example.org"}]}}
        ),
        basic({"valueDataRequirement": {"type": "Patient", "codeFilter": [{"path": "code"}]}}),
    ),
    "tim-1": (timing(duration=1), timing(duration=1, durationUnit="h")),
    "tim-2": (timing(period=1), timing(period=1, periodUnit="d")),
    "tim-4": (timing(duration=-1, durationUnit="h"), timing(duration=0, durationUnit="h")),
    "tim-5": (timing(period=-1, periodUnit="h"), timing(period=0, periodUnit="h")),
    "tim-6": (timing(periodMax=2, periodUnit="d"), timing(periodMax=2, period=1, periodUnit="d")),
    "tim-7": (timing(durationMax=2, durationUnit="d"), timing(durationMax=2, duration=1, durationUnit="d")),
    "tim-8": (timing(countMax=2), timing(countMax=2, count=1)),
    "tim-9": (timing(offset=5, when=["C"]), timing(offset=5, when=["AC"])),
    "tim-10": (timing(timeOfDay=["10:00:00"], when=["AC"]), timing(timeOfDay=["10:00:00"])),
}

BUNDLES: dict[str, Case] = {
    "bdl-1": (bundle(total=1), bundle("searchset", total=1)),
    "bdl-2": (
        bundle(entry=[{"resource": PATIENT, "search": {"mode": "match"}}]),
        bundle("searchset", entry=[{"resource": PATIENT, "search": {"mode": "match"}}]),
    ),
    "bdl-3": (bundle("batch"), bundle("batch", entry=[{"request": {"method": "GET", "url": "Patient/1"}}])),
    "bdl-4": (
        bundle("batch-response"),
        bundle("batch-response", entry=[{"response": {"status": "200 OK"}}]),
    ),
    "bdl-5": (
        bundle(entry=[{"fullUrl": "https://example.org/x"}]),
        bundle(entry=[{"fullUrl": "https://example.org/x", "resource": PATIENT}]),
    ),
    "bdl-8": (
        bundle(entry=[{"fullUrl": "https://example.org/Patient/a/_history/1", "resource": PATIENT}]),
        bundle(entry=[{"fullUrl": "https://example.org/Patient/a", "resource": PATIENT}]),
    ),
    "bdl-9": (document(identifier={"value": "x"}), document()),
    "bdl-10": ({k: v for k, v in document().items() if k != "timestamp"}, document()),
    "bdl-11": (
        document(entry=[{"fullUrl": "urn:uuid:6f1c2f5e-0d0f-4d6e-9c55-2a7b0c9d1e11", "resource": PATIENT}]),
        document(),
    ),
    "dom-2": (
        container(
            {
                **PATIENT,
                "contained": [{**PATIENT, "id": "b"}],
                "link": [{"other": {"reference": "#b"}, "type": "refer"}],
            }
        ),
        container(PATIENT),
    ),
    "dom-3": (
        {"resourceType": "Basic", "code": {"text": "x"}, "contained": [PATIENT]},
        {
            "resourceType": "Basic",
            "code": {"text": "x"},
            "contained": [{**PATIENT, "link": [{"other": {"reference": "#"}, "type": "refer"}]}],
        },
    ),
    "dom-4": (
        container({**PATIENT, "meta": {"versionId": "1"}}),
        container({**PATIENT, "meta": {"source": "urn:x"}}),
    ),
    "dom-5": (container({**PATIENT, "meta": {"security": [{"code": "x"}]}}), container(PATIENT)),
    "ref-1": (
        {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": "#b"}},
        container({**PATIENT, "id": "b"}, "#b"),
    ),
}

CASES: dict[str, Case] = {**DATATYPES, **RESOURCES, **BUNDLES}
