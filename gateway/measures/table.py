"""How do a measure's figures look as CSV (RFC 4180, UTF-8, point as decimal sign), for a spreadsheet or a statistician?

A hidden figure is empty and marked; a count of 1 to 4 of those excluded, missing or not yet due is written `1-4`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date

from gateway.measures.figures import FEW, Figure
from gateway.measures.periods import last_of, name_of
from gateway.measures.reports import Report

COLUMNS = (
    "measure",
    "version",
    "as_of",
    "period",
    "first_day",
    "last_day",
    "dimension",
    "stratum",
    "kind",
    "unit",
    "value",
    "numerator",
    "denominator",
    "hidden",
    "not_yet_due",
    "excluded",
    "missing",
    "noted",
)


def table(report: Report) -> str:
    """A line for each stratum and period; `period` is `all` for the whole."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(_rows(report))
    return out.getvalue()


def _rows(report: Report) -> Iterator[list[str]]:
    length = report.wanted.length
    for line in report.lines:
        yield _row(report, line.stratum, "all", report.first, report.last, line.total)
        for start, figure in line.periods:
            yield _row(report, line.stratum, name_of(start, length), start, last_of(start, length), figure)


def _row(
    report: Report, stratum: str | None, name: str, first: date | None, last: date | None, figure: Figure
) -> list[str]:
    return [
        report.measure.id,
        report.version,
        report.wanted.now.isoformat(),
        name,
        str(first or ""),
        str(last or ""),
        report.wanted.by or "",
        stratum or "",
        report.measure.kind,
        report.measure.unit,
        "" if figure.value is None else f"{figure.value:.6g}",
        "" if figure.numerator is None else str(figure.numerator),
        "" if figure.denominator is None else str(figure.denominator),
        "yes" if figure.hidden else "no",
        _count(figure.not_yet_due),
        *(
            "; ".join(f"{reason}={_count(number)}" for reason, number in counts.items())
            for counts in (figure.excluded, figure.missing, figure.noted)
        ),
    ]


def _count(number: int) -> str:
    return "1-4" if number == FEW else str(number)
