"""How is a run chart drawn, so that everybody can read it?

An SVG with title and description (what a screen reader says), with text in Norwegian. Colour means nothing: points are
discs, those of a run that signals are squares, a median of a phase that signals is dashed and so named, a frozen
median is dotted beyond the freeze, changes are numbered lines explained below. Everything is drawn in `currentColor`,
so that it follows the page: dark, print, high contrast. `alone` gives a file of its own with a background and with
colours for light, dark and print.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, log10
from textwrap import wrap
from xml.sax.saxutils import escape

from gateway.measures import words
from gateway.measures.runchart import Phase, RunChart

WIDTH, HEIGHT = 760.0, 340.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 104.0, 48.0, 46.0
"""Margins of the drawing area."""
LINE_HEIGHT = 18.0
MOST_LABELS = 14
LONGEST_LINE = 108
"""Characters of a line of text below the chart."""
STYLE = (
    "svg{color:#1a1a1a;background:#fff}"
    "@media (prefers-color-scheme:dark){svg{color:#f2f2f2;background:#16181d}}"
    "@media print{svg{color:#000;background:#fff}}"
)


@dataclass(frozen=True)
class _Scale:
    """Where values and points lie."""

    low: float
    high: float
    step: float
    points: int

    def x(self, place: float) -> float:
        """Of a point."""
        return LEFT + (place + 0.5) * (WIDTH - LEFT - RIGHT) / max(self.points, 1)

    def y(self, value: float) -> float:
        """Of a value."""
        return TOP + (self.high - value) * (HEIGHT - TOP - BOTTOM) / (self.high - self.low)

    def ticks(self) -> Iterator[float]:
        """The values that are written."""
        for number in range(round((self.high - self.low) / self.step) + 1):
            yield self.low + number * self.step


def svg(chart: RunChart, title: str, *, stratum: str | None = None, alone: bool = False) -> str:
    """The chart as SVG.

    :param title: of the measure, in Norwegian.
    :param stratum: what it shows a part of, in words.
    :param alone: as a file of its own.
    """
    heading = f"{title}: {stratum}" if stratum else title
    below = [f"{place}: {note}" for place, note in enumerate(_notes(chart), 1)]
    said = [*(_said(chart, phase) for phase in chart.phases), *below]
    lines = [line for text in said for line in wrap(text, LONGEST_LINE)]
    height = HEIGHT + LINE_HEIGHT * len(lines) + 8
    scale = _scale(chart)
    name = f"seriediagram-{chart.measure.id}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="run-chart" role="img" viewBox="0 0 {WIDTH:g} {height:g}" '
        f'lang="nb" aria-labelledby="{name}-t {name}-d" font-family="system-ui, sans-serif" font-size="12" '
        f'fill="currentColor" stroke="none">',
        f'<title id="{name}-t">Seriediagram. {escape(heading)}</title>',
        f'<desc id="{name}-d">{escape(description(chart))}</desc>',
        *([f"<style>{STYLE}</style>"] if alone else []),
        _text(LEFT, 20, heading, size=15, weight="600"),
        *_axes(chart, scale),
        *(part for phase in chart.phases for part in _median(chart, phase, scale)),
        *_changes(chart, scale),
        *_series(chart, scale),
        *(_text(LEFT, HEIGHT + LINE_HEIGHT * (row + 0.6), line) for row, line in enumerate(lines)),
        "</svg>",
    ]
    return "".join(parts)


def description(chart: RunChart) -> str:
    """The chart in words: what a person who cannot see it is told."""
    there = [(point, place) for place, point in enumerate(chart.points) if point.value is not None]
    if not there:
        return "Ingen punkter å vise."
    first, last = there[0][0], there[-1][0]
    gaps = len(chart.points) - len(there)
    said = [
        f"{len(there)} punkter, ett per {words.PERIODS[chart.length]}, fra {words.period(first.start, chart.length)}"
        f" ({words.number(chart.measure, first.value)}) til {words.period(last.start, chart.length)}"
        f" ({words.number(chart.measure, last.value)})."
    ]
    if gaps:
        many = "1 periode" if gaps == 1 else f"{gaps} perioder"
        said.append(f"{many} mangler punkt, fordi det er for få bak tallet, eller ingen.")
    said += [_said(chart, phase) for phase in chart.phases]
    said += [f"Endring {place}: {note}." for place, note in enumerate(_notes(chart), 1)]
    return " ".join(said)


def _notes(chart: RunChart) -> list[str]:
    effects = {"note": "", "freeze": " (medianen fryses)", "new-phase": " (ny median)"}
    return [
        f"{words.day(each.day)}, {each.stage}: {each.text}{effects[each.effect]}"
        for each in chart.annotations
    ]


def _said(chart: RunChart, phase: Phase) -> str:
    of = f"Median {words.number(chart.measure, phase.median)}"
    if phase.frozen is not None:
        of += ", frosset"
    if phase.preliminary:
        of += " (foreløpig)"
    if len(chart.phases) > 1:
        of = f"Fra {words.period(chart.points[phase.first].start, chart.length)}: {of.lower()}"
    return f"{of}. {words.verdict(chart, phase)}"


def _scale(chart: RunChart) -> _Scale:
    """A scale that begins at 0; a share ends at 1 at most."""
    values = [point.value for point in chart.points if point.value is not None]
    values += [phase.median for phase in chart.phases if phase.median is not None]
    most = max(values, default=1.0) or 1.0
    if chart.measure.kind == "share":
        high = next(end for end in (0.1, 0.2, 0.5, 1.0) if most <= end)
        return _Scale(0.0, high, high / 5, len(chart.points))
    rough = most / 5
    size = 10 ** floor(log10(rough))
    step = next(factor * size for factor in (1, 2, 5, 10) if rough <= factor * size * 1.0000001)
    return _Scale(0.0, ceil(most / step) * step, step, len(chart.points))


def _axes(chart: RunChart, scale: _Scale) -> Iterator[str]:
    for value in scale.ticks():
        y = scale.y(value)
        yield _line(LEFT, y, WIDTH - RIGHT, y, opacity="0.2")
        yield _text(LEFT - 8, y + 4, words.number(chart.measure, value), anchor="end")
    every = ceil(len(chart.points) / MOST_LABELS)
    for place, point in enumerate(chart.points):
        if place % every == 0:
            x, year = scale.x(place), point.start.isocalendar().year
            label = (
                str(point.start.isocalendar().week)
                if chart.length == "week"
                else words.MONTHS[point.start.month - 1]
            )
            yield _text(x, HEIGHT - BOTTOM + 18, label, anchor="middle")
            before = chart.points[place - every].start.isocalendar().year if place else None
            if year != before:
                yield _text(x, HEIGHT - BOTTOM + 34, str(year), anchor="middle")
    yield _text(LEFT - 8, HEIGHT - BOTTOM + 18, words.PERIODS[chart.length], anchor="end")


def _median(chart: RunChart, phase: Phase, scale: _Scale) -> Iterator[str]:
    if phase.median is None:
        return
    y = scale.y(phase.median)
    start, end = scale.x(phase.first - 0.5), scale.x(phase.end - 0.5)
    frozen = end if phase.frozen is None else scale.x(phase.frozen - 0.5)
    yield _line(start, y, frozen, y, width="1.5", dash="8 4" if phase.runs.signal else None)
    if phase.frozen is not None:
        yield _line(frozen, y, end, y, width="1.5", dash="8 4" if phase.runs.signal else "2 3")
    label = words.number(chart.measure, phase.median)
    if phase.end < len(chart.points):
        yield _text(start + 4, y - 6, f"median {label}", weight="600")
        return
    signal = ("signal",) if phase.runs.signal else ()
    for row, text in enumerate(("median", label, *signal)):
        yield _text(end + 8, y + 4 + 15 * (row - 0.5), text, weight="600")


def _changes(chart: RunChart, scale: _Scale) -> Iterator[str]:
    for number, each in enumerate(chart.annotations, 1):
        place = next(
            (p for p, point in enumerate(chart.points) if point.start >= each.day), len(chart.points)
        )
        x = scale.x(place - 0.5)
        yield _line(x, TOP - 4, x, HEIGHT - BOTTOM, dash="3 3", opacity="0.7")
        yield _text(x, TOP - 8, str(number), anchor="middle", weight="600")


def _series(chart: RunChart, scale: _Scale) -> Iterator[str]:
    marked = {
        phase.first + place for phase in chart.phases if phase.runs.shift for place in phase.runs.longest_at
    }
    stretch: list[str] = []
    stretches = [stretch]
    for place, point in enumerate(chart.points):
        if point.value is None:
            stretch = []
            stretches.append(stretch)
        else:
            stretch.append(f"{scale.x(place):.1f},{scale.y(point.value):.1f}")
    for each in stretches:
        if len(each) > 1:
            yield f'<polyline points="{" ".join(each)}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    for place, point in enumerate(chart.points):
        if point.value is not None:
            x, y = scale.x(place), scale.y(point.value)
            said = f"{words.period(point.start, chart.length)}: {words.number(chart.measure, point.value)}"
            if point.denominator is not None and chart.measure.kind == "share":
                said += f" ({point.numerator} av {point.denominator})"
            shape = (
                f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"'
                if place in marked
                else f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"'
            )
            yield f"{shape}><title>{escape(said)}</title></{'rect' if place in marked else 'circle'}>"


def _line(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    *,
    width: str = "1",
    dash: str | None = None,
    opacity: str = "1",
) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="currentColor" '
        f'stroke-width="{width}" stroke-opacity="{opacity}"{dashed}/>'
    )


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    size: int | None = None,
    weight: str | None = None,
) -> str:
    more = f' font-size="{size}"' if size else ""
    more += f' font-weight="{weight}"' if weight else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(text)}</text>'
