"""How is a moment or a span written so that a person reads it at a glance?

Inside the code every time is aware and UTC (DESIGN §4.12); a page shows Europe/Oslo, and names the zone in the title.
Pure: "now" is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from gateway.console.texts import Texts

OSLO = ZoneInfo("Europe/Oslo")


@dataclass(frozen=True)
class Shown:
    """One moment, ready for a `<time>` element."""

    machine: str
    """ISO 8601 in UTC, for the `datetime` attribute."""
    short: str
    """`14:03` today, else `21. nov. 14:03`."""
    exact: str
    """`14:03:22` today, else `21. nov. 14:03:22`."""
    full: str
    """`21. november 2026 kl. 14:03:22 (Europe/Oslo, CET)`."""

    def __html__(self) -> Markup:
        """As it stands in a page: short, with the whole of it and its zone on hover."""
        return self._element(self.short)

    @property
    def to_the_second(self) -> Markup:
        """The same, to the second."""
        return self._element(self.exact)

    def _element(self, said: str) -> Markup:
        return Markup('<time datetime="{}" title="{}">{}</time>').format(self.machine, self.full, said)


def shown(moment: datetime, now: datetime, texts: Texts) -> Shown:
    """The moment as a person in Norway reads it. Both times must be aware."""
    local, today = moment.astimezone(OSLO), now.astimezone(OSLO)
    day = "" if local.date() == today.date() else _day(local, today, texts) + " "
    month = texts("months").split()[local.month - 1]
    full = texts(
        "time.full",
        day=local.day,
        month=month,
        year=local.year,
        clock=f"{local:%H:%M:%S}",
        zone=f"Europe/Oslo, {local:%Z}",
    )
    machine = moment.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Shown(machine, f"{day}{local:%H:%M}", f"{day}{local:%H:%M:%S}", full)


def _day(local: datetime, today: datetime, texts: Texts) -> str:
    month = texts("months.short").split()[local.month - 1]
    year = "" if local.year == today.year else f" {local.year}"
    return texts("time.day", day=local.day, month=month) + year


def written(day: date) -> str:
    """A day that has no hour: `21.11.2026`."""
    return f"{day.day}.{day.month}.{day.year}"


def age(moment: datetime, now: datetime, texts: Texts) -> str:
    """How long ago, in the largest unit that still says something: `12 s`, `4 min`, `3 t`, `2 d`."""
    return span((now - moment).total_seconds(), texts)


def span(seconds: float, texts: Texts) -> str:
    """A span of time in its largest whole unit; a negative one counts as none."""
    whole = max(0, int(seconds))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if whole >= size:
            return f"{whole // size} {texts('unit.' + unit)}"
    return f"{whole} {texts('unit.second')}"
