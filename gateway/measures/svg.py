"""How is a run chart drawn, so that everybody can read it?

An SVG with title and description (what a screen reader says), with text in the reader's language. Colour means
nothing: points are discs, those of a run that signals are squares, a median of a phase that signals is dashed and so
named, a frozen median is dotted beyond the freeze, changes are numbered lines explained below. Everything is drawn in
`currentColor`, so that it follows the page: dark, print, high contrast. `alone` gives a file of its own with a
background and with colours for light, dark and print.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, log10
from textwrap import wrap
from typing import Final
from xml.sax.saxutils import escape

from gateway.measures.runchart import Phase, RunChart
from gateway.measures.words import NORWEGIAN, Words

HEIGHT = 340.0
TOP, BOTTOM = 48.0, 46.0
"""Margins of the drawing area."""
LINE_HEIGHT = 18.0
LONGEST_LINE = 108
"""Characters of a line of text below the chart."""
STYLE = (
    "svg{color:#1a1a1a;background:#fff}"
    "@media (prefers-color-scheme:dark){svg{color:#f2f2f2;background:#16181d}}"
    "@media print{svg{color:#000;background:#fff}}"
)


@dataclass(frozen=True)
class Frame:
    """How wide a chart is drawn."""

    width: float
    left: float
    right: float
    """Margins of the drawing area."""
    labels: int
    """Most periods that are named."""


WIDE: Final = Frame(760, 64, 104, 14)
NARROW: Final = Frame(340, 56, 60, 6)
"""For a phone, so that the letters stay as large as on a desk."""


@dataclass(frozen=True)
class _Scale:
    """Where values and points lie."""

    frame: Frame
    low: float
    high: float
    step: float
    points: int

    @property
    def end(self) -> float:
        """The right edge of the drawing area."""
        return self.frame.width - self.frame.right

    def x(self, place: float) -> float:
        """Of a point."""
        return self.frame.left + (place + 0.5) * (self.end - self.frame.left) / max(self.points, 1)

    def y(self, value: float) -> float:
        """Of a value."""
        return TOP + (self.high - value) * (HEIGHT - TOP - BOTTOM) / (self.high - self.low)

    def ticks(self) -> Iterator[float]:
        """The values that are written."""
        for number in range(round((self.high - self.low) / self.step) + 1):
            yield self.low + number * self.step


def svg(
    chart: RunChart,
    title: str,
    words: Words = NORWEGIAN,
    *,
    stratum: str | None = None,
    frame: Frame = WIDE,
    explained: bool = True,
    alone: bool = False,
) -> str:
    """The chart as SVG.

    :param title: of the measure, in the language of the words.
    :param stratum: what it shows a part of, in words.
    :param explained: with a heading above it, and below it what the rules say and what the changes are.
    :param alone: as a file of its own.
    """
    heading = f"{title}: {stratum}" if stratum else title
    lines = [
        line for text in (beneath(chart, words) if explained else ()) for line in wrap(text, LONGEST_LINE)
    ]
    height = HEIGHT + LINE_HEIGHT * len(lines) + 8
    scale = _scale(chart, frame)
    name = f"seriediagram-{chart.measure.id}-{frame.width:g}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="run-chart" role="img" lang="{words.html_language}" '
        f'viewBox="0 0 {frame.width:g} {height:g}" aria-labelledby="{name}-t {name}-d" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="currentColor" stroke="none">',
        f'<title id="{name}-t">{words.say("Seriediagram", "Run chart")}. {escape(heading)}</title>',
        f'<desc id="{name}-d">{escape(description(chart, words))}</desc>',
        *([f"<style>{STYLE}</style>"] if alone else []),
        *([_text(frame.left, 20, heading, size=15, weight="600")] if explained else []),
        *_axes(chart, scale, words),
        *(part for phase in chart.phases for part in _median(chart, phase, scale, words)),
        *_changes(chart, scale),
        *_series(chart, scale, words),
        *(_text(frame.left, HEIGHT + LINE_HEIGHT * (row + 0.6), line) for row, line in enumerate(lines)),
        "</svg>",
    ]
    return "".join(parts)


def beneath(chart: RunChart, words: Words) -> list[str]:
    """What stands below the chart: what the rules say of each phase, and the changes that are numbered in it."""
    notes = [f"{place}: {note}" for place, note in enumerate(_notes(chart, words), 1)]
    return [*(_said(chart, phase, words) for phase in chart.phases), *notes]


def description(chart: RunChart, words: Words = NORWEGIAN) -> str:
    """The chart in words: what a person who cannot see it is told."""
    there = [point for point in chart.points if point.value is not None]
    if not there:
        return words.say("Ingen punkter å vise.", "No points to show.")
    ends = [
        f"{words.period(point.start, chart.length)} ({words.number(chart.measure, point.value)})"
        for point in (there[0], there[-1])
    ]
    each = words.length(chart.length)
    said = [
        words.say(
            f"{len(there)} punkter, ett per {each}, fra {ends[0]} til {ends[1]}.",
            f"{len(there)} points, one per {each}, from {ends[0]} to {ends[1]}.",
        )
    ]
    if gaps := len(chart.points) - len(there):
        said.append(
            words.say(
                f"{gaps} {'periode' if gaps == 1 else 'perioder'} mangler punkt, fordi det er for få bak tallet, "
                "eller ingen.",
                f"{gaps} {'period has' if gaps == 1 else 'periods have'} no point, because too few stand behind "
                "the figure, or none.",
            )
        )
    said += [_said(chart, phase, words) for phase in chart.phases]
    change = words.say("Endring", "Change")
    said += [f"{change} {place}: {note}." for place, note in enumerate(_notes(chart, words), 1)]
    return " ".join(said)


def _notes(chart: RunChart, words: Words) -> list[str]:
    return [
        f"{words.day(each.day)}, {words.stage(each.stage)}: {each.text}{words.effect(each.effect)}"
        for each in chart.annotations
    ]


def _said(chart: RunChart, phase: Phase, words: Words) -> str:
    of = f"Median {words.number(chart.measure, phase.median)}"
    if phase.frozen is not None:
        of += words.say(", frosset", ", frozen")
    if phase.preliminary:
        of += words.say(" (foreløpig)", " (preliminary)")
    if len(chart.phases) > 1:
        start = words.period(chart.points[phase.first].start, chart.length)
        of = f"{words.say('Fra', 'From')} {start}: {of.lower()}"
    return f"{of}. {words.verdict(chart, phase)}"


def _scale(chart: RunChart, frame: Frame) -> _Scale:
    """A scale that begins at 0; a share ends at 1 at most."""
    values = [point.value for point in chart.points if point.value is not None]
    values += [phase.median for phase in chart.phases if phase.median is not None]
    most = max(values, default=1.0) or 1.0
    if chart.measure.kind == "share":
        high = next(end for end in (0.1, 0.2, 0.5, 1.0) if most <= end)
        return _Scale(frame, 0.0, high, high / 5, len(chart.points))
    rough = most / 5
    size = 10 ** floor(log10(rough))
    step = next(factor * size for factor in (1, 2, 5, 10) if rough <= factor * size * 1.0000001)
    return _Scale(frame, 0.0, ceil(most / step) * step, step, len(chart.points))


def _axes(chart: RunChart, scale: _Scale, words: Words) -> Iterator[str]:
    left, every = scale.frame.left, ceil(len(chart.points) / scale.frame.labels)
    for value in scale.ticks():
        y = scale.y(value)
        yield _line(left, y, scale.end, y, opacity="0.2")
        yield _text(left - 8, y + 4, words.number(chart.measure, value), anchor="end")
    for place, point in enumerate(chart.points):
        if place % every == 0:
            x, year = scale.x(place), point.start.isocalendar().year
            label = (
                str(point.start.isocalendar().week)
                if chart.length == "week"
                else words.month(point.start.month)
            )
            yield _text(x, HEIGHT - BOTTOM + 18, label, anchor="middle")
            before = chart.points[place - every].start.isocalendar().year if place else None
            if year != before:
                yield _text(x, HEIGHT - BOTTOM + 34, str(year), anchor="middle")
    yield _text(left - 8, HEIGHT - BOTTOM + 18, words.length(chart.length), anchor="end")


def _median(chart: RunChart, phase: Phase, scale: _Scale, words: Words) -> Iterator[str]:
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


def _series(chart: RunChart, scale: _Scale, words: Words) -> Iterator[str]:
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
                said += f" ({point.numerator} {words.say('av', 'of')} {point.denominator})"
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
