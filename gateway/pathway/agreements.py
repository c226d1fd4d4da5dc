"""Which time limits hold between a hospital trust and a municipality, from when, and who says so?

Only this is national: the notice within 24 hours of admission (forskrift 18 November 2011 no. 1115 om kommunal
betaling for utskrivningsklare pasienter, § 8); the epikrise at latest after 7 days (Helsedirektoratet's indicator;
the paragraph of pasientjournalforskriften is not verified here); the Utskrivningsrapport on the day of discharge
(HIS 1148, a recommendation). "Straks" (§§ 10, 11) has no number of hours. Everything else (admission report within so
many hours, answer within so many) is a matter of each agreement and comes with its text: nothing is built in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from gateway.pathway.calendar import Limit, WorkingCalendar
from gateway.pathway.documents import Counts

ClockKind = Literal["notice", "admission-report", "reply", "discharge-report", "medication-list", "epikrise"]
SECTION_8 = "FOR-2011-11-18-1115 § 8"
ON_DISCHARGE = "HIS 1148"
EPIKRISE_LAW = "pasientjournalforskriften (epikrise)"
WARNING = timedelta(hours=4)
NOTICE_LIMIT = Limit(24, "hours", SECTION_8, WARNING)
DISCHARGE_LIMIT = Limit(0, "days", ON_DISCHARGE, WARNING)
EPIKRISE_LIMIT = Limit(7, "days", EPIKRISE_LAW, timedelta(days=1))


@dataclass(frozen=True)
class Agreement:
    """What a hospital trust and a municipality agreed, in force between two dates."""

    trust: str
    municipality: str
    """HER-ids of level 1."""
    valid_from: date
    valid_to: date | None = None
    """The last day; None: until further notice."""
    source: str = ""
    """The agreement: its name, date and place."""
    calendar: WorkingCalendar = field(default_factory=WorkingCalendar)
    notice: Limit | None = NOTICE_LIMIT
    """From the admission."""
    admission_report: Limit | None = None
    """From the notification of the admission (LOG_INNLAGT)."""
    reply: Limit | None = None
    """From the ready-notice. None: at once, without a number (§ 11)."""
    discharge_report: Limit | None = DISCHARGE_LIMIT
    medication_list: Limit | None = DISCHARGE_LIMIT
    epikrise: Limit | None = EPIKRISE_LIMIT
    """These three from the discharge."""
    admission_message_is_notice: bool = False
    """Whether LOG_INNLAGT counts as the notice of § 8. It holds no health information, so by itself it does not."""
    letters_here: bool = True
    """Whether the trust's discharge letters (epikriser) go through this gateway: else none can be called missing."""
    counts: Counts = "sent"
    """What proves that the other side was told."""
    receive_within: Limit | None = None
    """Days are payable only when the patient was not received within this time after the ready-notice (such a rule was
    applied in a dispute, Møre og Romsdal 2016; it is no national rule)."""

    def limit(self, kind: ClockKind) -> Limit | None:
        """The limit of a clock; None: none was agreed."""
        limits: dict[ClockKind, Limit | None] = {
            "notice": self.notice,
            "admission-report": self.admission_report,
            "reply": self.reply,
            "discharge-report": self.discharge_report,
            "medication-list": self.medication_list,
            "epikrise": self.epikrise,
        }
        return limits[kind]


def agreement_on(
    agreements: Iterable[Agreement], trust: str, municipality: str, day: date
) -> Agreement | None:
    """The agreement in force on a day; of several the one that came into force last. None: there is none."""
    found = [
        a
        for a in agreements
        if (a.trust, a.municipality) == (trust, municipality)
        and a.valid_from <= day
        and (a.valid_to is None or day <= a.valid_to)
    ]
    return max(found, key=lambda a: a.valid_from, default=None)
