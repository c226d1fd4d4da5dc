"""What is an alarm, how fast is sent again, how long is what kept? The settings of operators."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.settings_base import Model, Seconds


class AlarmSettings(Model):
    """When something is an alarm, and who is told."""

    webhook: str | None = Field(default=None, pattern=r"^https?://[^\s@]+$")
    """Address that is told of each alarm when it opens and when it closes; no patient data."""
    bearer: str | None = Field(default=None, repr=False)
    """The secret shown to it; "env:NAME" reads it from the environment."""
    base_url: str | None = Field(default=None, pattern=r"^https?://[^\s@?#]+$")
    """Address of this gateway as operators reach it: the permalinks begin with it."""
    stuck_after_s: Seconds = 30 * 60.0
    """How long the first delivery of a lane may be tried in vain before it is an alarm."""
    certificate_days: int = Field(default=30, ge=1, le=365)
    """How many days before a certificate ends it is an alarm."""


class ReplaySettings(Model):
    """How sending again goes on, and when it stops by itself."""

    per_second: Annotated[float, Field(gt=0, le=1000)] = 5.0
    """The usual rate."""
    stop_negative: int = Field(default=3, ge=1)
    """It stops when at least so many were rejected (or handed to a person) …"""
    stop_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    """… and these are at least this part of those that came to an end."""


class MeasureSettings(Model):
    """Whether MeasureReports are written by themselves, and when."""

    publish: bool = False
    """Write the weekly and monthly reports of all measures, each once, for all of the helsefellesskap to read."""
    publish_after_days: int = Field(default=35, ge=1, le=366)
    """So many days after the period's end: by then what is asked for within 28 or 30 days is known."""
    publish_at: str = Field(default="04:30", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
    """When it is looked after, each day (Europe/Oslo)."""


class Retention(Model):
    """How many days after a message is over its parts are kept; None: for ever."""

    bodies_days: int | None = Field(default=None, ge=1)
    """The content, as received and as sent."""
    metadata_days: int | None = Field(default=None, ge=1)
    """Everything else: the message is forgotten after that."""
    at: str = Field(default="03:30", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
    """When it is looked after, each day (Europe/Oslo)."""
