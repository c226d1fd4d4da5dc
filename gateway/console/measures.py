"""What do the measures show: one figure each, and for one of them its run chart, its parts and its table?

Figures and charts are made by `gateway/measures`, whose titles and sentences are Norwegian; small numbers are hidden
there. Nobody is named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, cast, get_args

from markupsafe import Markup

from gateway.accounts.roles import Viewer
from gateway.console.flow import Choice
from gateway.console.texts import Texts
from gateway.errors import Refusal
from gateway.measures import words
from gateway.measures.definitions import MEASURES
from gateway.measures.periods import Length
from gateway.measures.reports import DIMENSIONS, Dimension, Report, Wanted
from gateway.measures.resources import title_of
from gateway.measures.runchart import STAGES
from gateway.measures.svg import svg
from gateway.pathway.calendar import day_of
from gateway.services import GatewayServices

LOOK_BACK: Final[dict[str, timedelta]] = {"week": timedelta(weeks=26), "month": timedelta(days=3 * 366)}
SHOWN_DIMENSIONS: Final = ("municipality", "trust")


@dataclass(frozen=True)
class Line:
    """One measure in the list, or one part of a measure."""

    id: str
    title: str
    figure: str
    behind: str
    """How many stand behind it."""
    kind: str
    code: str = ""


@dataclass(frozen=True)
class Period:
    """One period of the table."""

    name: str
    figure: str
    numerator: str
    denominator: str


@dataclass(frozen=True)
class Chart:
    """One measure."""

    id: str
    title: str
    chart: Markup | None
    """Its run chart; None: there is nothing to show."""
    total: Line
    parts: tuple[Line, ...]
    periods: tuple[Period, ...]
    lengths: tuple[Choice, ...]
    dimensions: tuple[Choice, ...]
    stages: tuple[str, ...]
    query: str
    """The choice, for the addresses of the exports."""
    today: date


@dataclass(frozen=True)
class Asked:
    """What an address asks for; what it says wrongly counts as not said."""

    length: Length = "week"
    by: Dimension = "municipality"
    stratum: str = ""


def asked_of(query: Mapping[str, str]) -> Asked:
    """What an address asks for."""
    length, by = query.get("period", "week"), query.get("by", "municipality")
    stratum = query.get("stratum", "")
    return Asked(
        cast(Length, length) if length in get_args(Length) else "week",
        cast(Dimension, by) if by in SHOWN_DIMENSIONS else "municipality",
        stratum if stratum.isalnum() and len(stratum) <= 20 else "",
    )


def wanted_of(
    services: GatewayServices, viewer: Viewer, length: Length, by: Dimension | None = None
) -> Wanted:
    """What is counted for this person: everything, or what is of the own organisation."""
    now = services.measures.now()
    only = None if viewer.her_ids is None else services.measures.side_of(viewer.her_ids)
    return Wanted(
        now=now, length=length, by=by, only=only, since=day_of(now) - LOOK_BACK[length], until=day_of(now)
    )


def measures(services: GatewayServices, viewer: Viewer) -> tuple[Line, ...]:
    """Every measure with its figure over the last half year."""
    wanted = wanted_of(services, viewer, "week")
    return tuple(_line(services.measures.report(id, wanted)) for id in MEASURES)


def _line(report: Report) -> Line:
    measure = report.measure
    total = report.lines[0].total if report.lines else None
    return Line(
        id=measure.id,
        title=title_of(measure.id),
        figure=words.figure(measure, total) if total else words.NOTHING,
        behind=words.count(total.denominator) if total else "0",
        kind=words.KINDS[measure.kind],
    )


def chart(services: GatewayServices, viewer: Viewer, id: str, asked: Asked, texts: Texts) -> Chart:
    """One measure.

    :raises Refusal: api.not-found: there is no such measure.
    """
    found = services.measures.report(id, wanted_of(services, viewer, asked.length))
    broken = services.measures.report(id, wanted_of(services, viewer, asked.length, asked.by))
    title, measure = title_of(id), found.measure
    name = services.measures.name_of(asked.by, asked.stratum) if asked.stratum else None
    try:
        wanted = broken.wanted if asked.stratum else found.wanted
        drawn = Markup(svg(services.measures.chart(id, wanted, asked.stratum or None), title, stratum=name))
    except Refusal:
        drawn = None
    shown = next((line for line in broken.lines if line.stratum == asked.stratum), None)
    line = shown or (found.lines[0] if found.lines else None)
    return Chart(
        id=id,
        title=title,
        chart=drawn,
        total=_line(found),
        parts=tuple(
            Line(
                id,
                services.measures.name_of(asked.by, part.stratum or ""),
                words.figure(measure, part.total),
                words.count(part.total.denominator),
                "",
                part.stratum or "",
            )
            for part in broken.lines
        ),
        periods=tuple(
            Period(
                words.period(start, asked.length),
                words.figure(measure, figure),
                words.count(figure.numerator),
                words.count(figure.denominator),
            )
            for start, figure in reversed(line.periods if line else ())
        ),
        lengths=tuple(
            Choice(each, texts(f"measure.period.{each}"), each == asked.length) for each in get_args(Length)
        ),
        dimensions=tuple(
            Choice(each, texts(f"measure.by.{each}"), each == asked.by) for each in SHOWN_DIMENSIONS
        ),
        stages=STAGES,
        query=f"period={asked.length}&by={asked.by}",
        today=day_of(found.wanted.now),
    )


assert set(SHOWN_DIMENSIONS) <= set(DIMENSIONS)
