"""How does a measure, and how do its figures, look in FHIR?

A Measure is a file of `profiles/measures/`. A MeasureReport holds one period: the total, and the strata of a dimension.
What is hidden has no number but the reason `masked`; a count of 1 to 4 is masked too. Not yet due and missing stand as
populations of their own (CodeSystem measure-count), so that nobody takes them for failures.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, Final

from gateway import package_data
from gateway.fhir import json as fhir_json
from gateway.fhir.canonical import DATA_ABSENT_REASON, own_code_system
from gateway.fhir.translation import translated
from gateway.measures.definitions import MEASURES, Measure
from gateway.measures.figures import FEW, Figure
from gateway.measures.periods import last_of, name_of
from gateway.measures.reports import Line, Report

Json = dict[str, Any]
POPULATION: Final = "http://terminology.hl7.org/CodeSystem/measure-population"
UCUM: Final = "http://unitsofmeasure.org"
MASKED: Final = {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": "masked"}]}


@cache
def measure_resource(measure_id: str) -> Json:
    """The Measure of an id. KeyError: there is none."""
    if measure_id not in MEASURES:
        raise KeyError(measure_id)
    file = package_data.profiles() / "measures" / f"{measure_id}.json"
    return fhir_json.read(file.read_bytes())


def title_of(measure_id: str, *, english: bool = False) -> str:
    """The measure's title, in Norwegian or in English."""
    resource = measure_resource(measure_id)
    title: str = resource["title"]
    return (translated(resource, "title", "en") or title) if english else title


def report_id(measure: Measure, period: str, by: str | None = None) -> str:
    """The id of the MeasureReport of a period (`2026-W05`, `2026-01`): whoever computes it again finds it again."""
    return ".".join([measure.id, period, *([by] if by else [])])


def measure_report(total: Report, start: date, parts: Report | None = None) -> Json:
    """The MeasureReport of the period that begins on `start`.

    :param parts: the same measure and periods, broken down by a dimension.
    """
    measure, wanted = total.measure, total.wanted
    by = parts.wanted.by if parts else None
    group = _group(measure, _at(total.lines[0], start)) if total.lines else {}
    if parts and by:
        strata = [
            {"value": {"text": line.stratum or ""}, **_group(measure, _at(line, start))}
            for line in parts.lines
            if not _at(line, start).empty
        ]
        code = {"coding": [{"system": own_code_system("measure-dimension"), "code": by}]}
        group["stratifier"] = [{"code": [code], **({"stratum": strata} if strata else {})}]
    resource = measure_resource(measure.id)
    return {
        "resourceType": "MeasureReport",
        "id": report_id(measure, name_of(start, wanted.length), by),
        "language": "nb",
        "status": "complete",
        "type": "summary",
        "measure": f"{resource['url']}|{total.version}",
        "date": wanted.now.isoformat(),
        "reporter": {"display": "Sømløs"},
        "period": {"start": start.isoformat(), "end": last_of(start, wanted.length).isoformat()},
        "improvementNotation": resource["improvementNotation"],
        "group": [group] if group else [],
    }


def _at(line: Line, start: date) -> Figure:
    return next(figure for at, figure in line.periods if at == start)


def _group(measure: Measure, figure: Figure) -> Json:
    share = measure.kind == "share"
    counts: list[tuple[str, str, int | None]] = [
        (POPULATION, "denominator" if share else "measure-population", figure.denominator),
        (
            POPULATION,
            "denominator-exclusion" if share else "measure-population-exclusion",
            _sum(figure.excluded),
        ),
        *([(POPULATION, "numerator", figure.numerator)] if share else []),
        (own_code_system("measure-count"), "not-yet-due", figure.not_yet_due),
        (own_code_system("measure-count"), "missing-data", _sum(figure.missing)),
    ]
    found: Json = {"population": [_population(*count) for count in counts]}
    if figure.hidden:
        found["measureScore"] = MASKED
    elif figure.value is not None:
        value = figure.value * 100 if share else figure.value
        found["measureScore"] = {
            "value": float(f"{value:.6g}"),
            "unit": measure.unit,
            "system": UCUM,
            "code": measure.unit,
        }
    return found


def _sum(counts: Mapping[Any, int]) -> int:
    """Their sum; `FEW` if one of them may not be told: it could be found from the others."""
    return FEW if FEW in counts.values() else sum(counts.values())


def _population(system: str, code: str, count: int | None) -> Json:
    coded = {"code": {"coding": [{"system": system, "code": code}]}}
    return coded | ({"_count": MASKED} if count is None or count == FEW else {"count": count})
