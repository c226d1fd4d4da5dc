"""What do the measures show: one figure each, and for one of them its run chart, its parts and its table?

Figures and charts are made by `gateway/measures`, titles stand in the Measures; small numbers are hidden there. Nobody
is named here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, cast, get_args

from markupsafe import Markup

from gateway.accounts.roles import Viewer
from gateway.console.flow import Choice
from gateway.console.texts import Texts
from gateway.errors import Refusal
from gateway.measures.definitions import MEASURES
from gateway.measures.periods import Length, start_of
from gateway.measures.reports import DIMENSIONS, UNKNOWN, Dimension, Report, Wanted
from gateway.measures.resources import title_of
from gateway.measures.runchart import STAGES
from gateway.measures.svg import NARROW, WIDE, beneath, svg
from gateway.measures.words import ENGLISH, NORWEGIAN, Words
from gateway.pathway.calendar import day_of
from gateway.services import GatewayServices

LOOK_BACK: Final[dict[str, timedelta]] = {"week": timedelta(weeks=26), "month": timedelta(days=3 * 366)}
_STRATUM: Final = re.compile(r"[A-Za-z0-9_.+-]{1,60}")


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
    stratum: str
    part: str
    """What of it is shown, in words; empty: the whole."""
    charts: tuple[Markup, ...]
    """Its run chart for a wide and for a narrow screen; empty: there is nothing to show."""
    below: tuple[str, ...]
    """What the rules say, and the changes that are numbered in the chart."""
    total: Line
    parts: tuple[Line, ...]
    periods: tuple[Period, ...]
    lengths: tuple[Choice, ...]
    dimensions: tuple[Choice, ...]
    stages: tuple[Choice, ...]
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
        by if by in DIMENSIONS else "municipality",
        stratum if _STRATUM.fullmatch(stratum) else "",
    )


def wanted_of(
    services: GatewayServices, viewer: Viewer, length: Length, by: Dimension | None = None
) -> Wanted:
    """What is counted for this person: everything, broken down as asked; or what is of the own organisation, and that
    in one: small groups could be told apart."""
    now = services.measures.now()
    only = None if viewer.her_ids is None else services.measures.side_of(viewer.her_ids)
    return Wanted(
        now=now,
        length=length,
        by=by if only is None else None,
        only=only,
        since=start_of(day_of(now) - LOOK_BACK[length], length),
        until=day_of(now),
    )


def part_name(services: GatewayServices, by: Dimension, code: str, texts: Texts) -> str:
    """A part of a measure as it is read: who, which group, which level, how old."""
    if code == UNKNOWN:
        return texts("measure.part.unknown")
    if by == "helsefellesskap":
        return next((each.name for each in services.settings.community if each.code == code), code)
    if by in ("municipality", "trust"):
        return services.measures.name_of(by, code)
    return texts.or_code("measure.care-level" if by.startswith("care-level") else f"measure.{by}", code)


def words_of(texts: Texts) -> Words:
    """The words of figures in the reader's language."""
    return ENGLISH if texts.language == "en" else NORWEGIAN


def measures(services: GatewayServices, viewer: Viewer, texts: Texts) -> tuple[Line, ...]:
    """Every measure with its figure over the last half year."""
    wanted = wanted_of(services, viewer, "week")
    return tuple(_line(services.measures.report(id, wanted), words_of(texts)) for id in MEASURES)


def _line(report: Report, words: Words) -> Line:
    measure = report.measure
    total = report.lines[0].total if report.lines else None
    return Line(
        id=measure.id,
        title=title_of(measure.id, english=words.english),
        figure=words.figure(measure, total) if total else words.nothing,
        behind=words.count(total.denominator) if total else "0",
        kind=words.kind(measure.kind),
    )


def chart(services: GatewayServices, viewer: Viewer, id: str, asked: Asked, texts: Texts) -> Chart:
    """One measure.

    :raises Refusal: api.not-found: there is no such measure.
    """
    found = services.measures.report(id, wanted_of(services, viewer, asked.length))
    broken = services.measures.report(id, wanted_of(services, viewer, asked.length, asked.by))
    by, stratum = (asked.by, asked.stratum) if broken.wanted.by else (None, "")
    words, measure = words_of(texts), found.measure
    title = title_of(id, english=words.english)
    name = part_name(services, by, stratum, texts) if by and stratum else None
    try:
        run = services.measures.chart(id, broken.wanted if stratum else found.wanted, stratum or None)
        drawn = tuple(
            Markup(svg(run, title, words, stratum=name, frame=frame, explained=False))
            for frame in (WIDE, NARROW)
        )
        below = tuple(beneath(run, words))
    except Refusal:
        drawn, below = (), ()
    shown = next((line for line in broken.lines if line.stratum == stratum), None)
    line = shown or (found.lines[0] if found.lines else None)
    return Chart(
        id=id,
        title=title,
        stratum=stratum,
        part=name or "",
        charts=drawn,
        below=below,
        total=_line(found, words),
        parts=tuple(
            Line(
                id,
                part_name(services, by, part.stratum or "", texts),
                words.figure(measure, part.total),
                words.count(part.total.denominator),
                "",
                part.stratum or "",
            )
            for part in broken.lines
            if by
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
        dimensions=tuple(Choice(each, texts(f"measure.by.{each}"), each == by) for each in DIMENSIONS if by),
        stages=tuple(Choice(each, words.stage(each), chosen=False) for each in STAGES),
        query=f"period={asked.length}&by={asked.by}",
        today=day_of(found.wanted.now),
    )
