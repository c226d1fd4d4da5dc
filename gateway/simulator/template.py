"""How does a story file with placeholders become a message?

A story file is the message as a person would read it, XML or JSON, with a few placeholders:

    {{name}}                 a value of the step, escaped; a line whose value is None is left out
    {{day+2}}                a date of the story
    {{day+2 14:05}}          a local time of that day, without zone
    {{instant day+2 14:05}}  the same time with its offset
    {{component cave}}       an id that stays the same in a correction
    {{> file.xml}}           another story file in its place

Nothing else is a language: no conditions, no loops.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from uuid import UUID, uuid5
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
_PLACEHOLDER = re.compile(r"\{\{([^{}]+)\}\}")
_TIME = re.compile(r"day([+-]\d+)(?: (\d\d):(\d\d))?")


@dataclass(frozen=True)
class Clock:
    """The story's own calendar: day 0 is the day the patient is admitted."""

    day_zero: date

    def render(self, text: str) -> str | None:
        """`day+2`, `day+2 14:05` or `instant day+2 14:05` as it stands in a message; None if it is no time."""
        instant = text.startswith("instant ")
        match = _TIME.fullmatch(text.removeprefix("instant "))
        if match is None:
            return None
        day = self.day_zero + timedelta(days=int(match[1]))
        if match[2] is None:
            return day.isoformat()
        moment = datetime(day.year, day.month, day.day, int(match[2]), int(match[3]), tzinfo=OSLO)
        return moment.isoformat() if instant else moment.replace(tzinfo=None).isoformat()


def story_file(name: str) -> str:
    """The text of one story file of this package."""
    return (files("gateway.simulator") / "story" / name).read_text(encoding="utf-8")


def escape_xml(value: str) -> str:
    """`value` as XML text or attribute content."""
    return escape(value, {'"': "&quot;"})


def escape_json(value: str) -> str:
    """`value` as the inside of a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


@dataclass(frozen=True)
class Filler:
    """Fills the placeholders of story files from one step's values."""

    values: Mapping[str, str | None]
    quote: Callable[[str], str]
    clock: Clock | None = None
    component_space: UUID | None = None
    """Namespace of component ids: the same for a message and its corrections."""

    def fill(self, text: str) -> str:
        """`text` with every placeholder filled; KeyError names an unknown one."""
        lines = (self._line(line) for line in text.splitlines())
        return "\n".join(line for line in lines if line is not None)

    def _line(self, line: str) -> str | None:
        included = re.fullmatch(r"\s*\{\{> ([\w.-]+)\}\}\s*", line)
        if included:
            name = included[1]
            return self.fill(story_file(self.values.get(f"file:{name}") or name))
        names = _PLACEHOLDER.findall(line)
        if any(name in self.values and self.values[name] is None for name in names):
            return None
        return _PLACEHOLDER.sub(lambda match: self.quote(self._value(match[1])), line)

    def _value(self, name: str) -> str:
        if name.startswith("component ") and self.component_space:
            return str(uuid5(self.component_space, name))
        moment = self.clock.render(name) if self.clock else None
        if moment is not None:
            return moment
        value = self.values[name]
        return "" if value is None else value


def fill(text: str, values: Mapping[str, str | None], quote: Callable[[str], str]) -> str:
    """`text` with its placeholders filled from `values` alone."""
    return Filler(values, quote).fill(text)
