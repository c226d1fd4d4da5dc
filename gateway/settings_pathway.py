"""What does the operator tell about pathways: agreements with their limits, day rates, which plan follows?

    [[agreement]]                      # a hospital trust and a municipality, in force between two dates
    trust = "88810001"                 # HER-ids of level 1
    municipality = "88820001"
    valid_from = 2026-01-01
    source = "Samarbeidsavtale 5.3, signed 2025-12-01"
    reply = { amount = 3, unit = "hours", source = "§ 5.2", warn_before_hours = 1 }
    calendar = { opens = 08:00:00, closes = 15:30:00, closed = [2026-12-24] }

Only the national limits hold where no agreement is configured (`gateway/pathway/agreements.py`).
"""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.settings_base import HerId, Model

Text = Annotated[str, Field(min_length=1, max_length=300)]


class LimitSettings(Model):
    """A time limit of an agreement."""

    amount: int = Field(ge=0, le=3660)
    unit: Literal["hours", "working-hours", "days", "working-days"]
    source: Text
    """The text that sets it."""
    warn_before_hours: float = Field(default=0, ge=0, le=24 * 60)
    """How long before the limit to warn."""


class CalendarSettings(Model):
    """When somebody is at work."""

    opens: time = time(8)
    closes: time = time(15, 30)
    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)
    """Monday 1 to Sunday 7."""
    closed: tuple[date, ...] = ()
    """Days closed by agreement, beside the public holidays."""

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes or not self.weekdays:
            raise ValueError
        return self


class AgreementSettings(Model):
    """What a hospital trust and a municipality agreed."""

    trust: HerId
    municipality: HerId
    valid_from: date
    valid_to: date | None = None
    """The last day; absent: until further notice."""
    source: Text
    calendar: CalendarSettings = CalendarSettings()
    notice: LimitSettings | None = None
    """These three: absent means the national limit."""
    discharge_report: LimitSettings | None = None
    epikrise: LimitSettings | None = None
    medication_list: LimitSettings | None = None
    """Absent: as the discharge report's national limit."""
    admission_report: LimitSettings | None = None
    """These two: absent means that no number of hours was agreed."""
    reply: LimitSettings | None = None
    receive_within: LimitSettings | None = None
    letters_here: bool | None = None
    """Whether the trust's discharge letters go through this gateway; absent: as `[pathway]` says."""
    admission_message_is_notice: bool = False
    counts: Literal["sent", "delivered"] = "sent"
    """What proves that the other side was told."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError
        return self


class DayRateSettings(Model):
    """What a day costs for a municipality, as Helsedirektoratet set it for a period; none is built in."""

    valid_from: date
    valid_to: date
    nok: Decimal = Field(gt=0)
    source: Text


class Community(Model):
    """A helsefellesskap: a trust's catchment and its municipalities, dated."""

    name: Text
    code: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    trusts: tuple[HerId, ...] = Field(min_length=1)
    municipalities: tuple[HerId, ...] = Field(min_length=1)
    valid_from: date
    valid_to: date | None = None


class PathwaySettings(Model):
    """What is made of the messages beside delivering them."""

    enabled: bool = True
    """Whether stays, clocks, plans and FHIR resources are made at all."""
    plan: bool = True
    """Whether a discharge to the patient's home starts the plan that follows."""
    letters_here: bool = True
    """Whether discharge letters (epikriser) go through this gateway. If not, none is called missing."""
    share: float = Field(default=0.05, gt=0, le=1)
    """Most of one processor's time that is spent on it while many messages come in; few are followed at once."""
    alarm_days: float = Field(default=14, gt=0)
    """How many days after its limit a missed clock is still an alarm."""
