"""Which messages does somebody look for: by id, partner, type and time, or by patient?

A patient's identity number is typed into a form, never into an address; it leaves nothing behind but its patient key in
the audit, with the purpose. The list shows no patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from gateway.accounts.roles import Viewer
from gateway.console.flow import PAGE_ROWS, Choice, Row, page_of, partner_choices, rows_of, type_choices
from gateway.console.texts import Texts
from gateway.console.times import OSLO
from gateway.ledger.rows import MessageFilter
from gateway.services import GatewayServices

MOST_OF_PATIENT: Final = 200
LONGEST_ID: Final = 255


@dataclass(frozen=True)
class Sought:
    """What somebody looks for; nothing of it can identify a patient."""

    id: str = ""
    partner: str = ""
    type: str = ""
    since: str = ""
    """Day, YYYY-MM-DD."""
    until: str = ""
    before: int | None = None

    @property
    def is_something(self) -> bool:
        """Whether anything was asked for."""
        return bool(self.id or self.partner or self.type or self.since or self.until)

    def query(self, before: int | None = None) -> str:
        """The query string of this search, from a place in the list onwards."""
        names = ("id", "partner", "type", "since", "until")
        pairs = [(name, getattr(self, name)) for name in names if getattr(self, name)]
        return "?" + urlencode([*pairs, ("before", str(before))] if before is not None else pairs)


@dataclass(frozen=True)
class Results:
    """What was found."""

    sought: Sought
    rows: tuple[Row, ...] | None
    """None: nothing was asked for yet."""
    older: str | None
    partners: tuple[Choice, ...]
    types: tuple[Choice, ...]
    refused: str = ""
    """Why the search for a patient was not done, in words."""
    by_patient: bool = False
    more: bool = False
    """There is more than is shown."""


def sought_of(query: Mapping[str, str], before: int | None) -> Sought:
    """What an address asks for; what it says wrongly counts as not said. An identity number is not looked for here."""
    wanted = " ".join(query.get("id", "").split())[:LONGEST_ID]
    days = {name: query.get(name, "") if _day(query.get(name, "")) else "" for name in ("since", "until")}
    return Sought(
        id="" if _is_identity_number(wanted) else wanted,
        partner=query.get("partner", ""),
        type=query.get("type", ""),
        before=before,
        **days,
    )


def find(services: GatewayServices, sought: Sought, viewer: Viewer, now: datetime, texts: Texts) -> Results:
    """What was found by id, partner, type and time. `now`: aware."""
    rows, older = None, None
    if sought.is_something:
        found = services.reader.list_messages(
            _filter(services, sought, viewer), before=sought.before, limit=PAGE_ROWS + 1
        )
        shown, next_before = page_of(found)
        rows = rows_of(services, shown, now, texts)
        older = None if next_before is None else f"/console/find{sought.query(next_before)}"
    return Results(
        sought, rows, older, partner_choices(services, sought.partner), type_choices(sought.type, texts)
    )


def _filter(services: GatewayServices, sought: Sought, viewer: Viewer) -> MessageFilter:
    owner = services.partners.owner_of(sought.partner) if sought.partner else None
    since, until = _day(sought.since), _day(sought.until)
    return MessageFilter(
        id=sought.id or None,
        her_ids=owner.her_ids if owner else (sought.partner,) if sought.partner else (),
        message_type=sought.type or None,
        since=since,
        until=until + timedelta(days=1) if until else None,
        receipts=bool(sought.id),
        scope=viewer.her_ids,
    )


def _day(text: str) -> datetime | None:
    """The beginning of a day in Norway."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        return None
    return datetime.combine(day, time(), OSLO).astimezone(UTC)


def number_of(form: Mapping[str, Any]) -> str | None:
    """The identity number a form holds; None: none that can be one."""
    number = "".join(str(form.get("number", "")).split())
    return number if _is_identity_number(number) else None


def _is_identity_number(text: str) -> bool:
    """Eleven digits: also one that is written wrongly is nobody else's business."""
    return len(text) == 11 and text.isascii() and text.isdigit()


def of_patient(
    services: GatewayServices, patient_key: str, viewer: Viewer, now: datetime, texts: Texts
) -> Results:
    """The messages of one patient, newest first. The search stands in the audit before it is done. `now`: aware."""
    wanted = MessageFilter(patient_key=patient_key, scope=viewer.her_ids)
    found = services.reader.list_messages(wanted, limit=MOST_OF_PATIENT + 1)
    rows = rows_of(services, found[:MOST_OF_PATIENT], now, texts)
    return Results(
        Sought(),
        rows,
        None,
        partner_choices(services, ""),
        type_choices("", texts),
        by_patient=True,
        more=len(found) > MOST_OF_PATIENT,
    )
