"""To which stay does a report, an epikrise or a reply belong?

None of them states the stay (the admission date in a Utskrivningsrapport is text without a code). So each goes to
the one stay of the trust it was sent in:

    notice (Helseopplysninger)   sent while the stay was open
    Innleggelsesrapport          the same; it may go ahead of the patient (HIS 1143, clarified 15.02.2020): then to a
                                 stay that begins within two days
    reply to a ready-notice      the stay whose ready-notice it refers to; else the stay that had one before it was sent
    Utskrivningsrapport, LIB,    the latest stay that was ready or ended on the day it was sent, else the one that was
    epikrise                     open

Several fit: uncertain. A report or epikrise that fits none is not uncertain: it may belong to an outpatient contact,
or to a patient without municipal services. A reply that fits none is.

Uncertain: the header of an epikrise does not say which contact it is about, nor whether it is preliminary (a
preliminary one does not count in the national indicator); two days ahead is our choice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gateway.pathway.calendar import day_of, start_of
from gateway.pathway.documents import Document
from gateway.pathway.events import ADMISSION_REPORT, LOG_KLAR, NOTICE, REPLY, Moment
from gateway.pathway.placement import Draft, Placing

AHEAD: Final = timedelta(days=2)
"""How long before an admission an admission report may be sent to be about it."""


def place_report(placing: Placing, document: Document) -> None:
    """Place a report, an epikrise or a reply."""
    drafts = placing.of(document.trust)
    if document.kind == REPLY:
        placing.to_the_one(document, _asked_by(document, drafts))
        return
    sent = document.first_sent
    if document.kind in (NOTICE, ADMISSION_REPORT):
        fitting = [draft for draft in drafts if draft.holds(sent)]
        if not fitting and document.kind == ADMISSION_REPORT:
            fitting = [d for d in drafts if d.admitted and sent < d.admitted.at <= sent + AHEAD]
    else:
        fitting = _ready_or_ended(drafts, sent) or [draft for draft in drafts if draft.holds(sent)]
    placing.to_the_one(document, fitting, "no-stay")


def _asked_by(reply: Document, drafts: list[Draft]) -> list[Draft]:
    named = {reply.current.parent, reply.current.conversation} - {None}
    notices = [(draft, d) for draft in drafts for d in draft.documents if d.kind == LOG_KLAR]
    linked = [draft for draft, notice in notices if named & {key.id for key in notice.keys}]
    asked = linked or [
        draft
        for draft, notice in notices
        if notice.first_sent <= reply.first_sent and draft.holds(reply.first_sent)
    ]
    return [draft for draft in drafts if any(draft is other for other in asked)]


def _ready_or_ended(drafts: list[Draft], sent: datetime) -> list[Draft]:
    """The latest stay that was ready or ended by the day of sending; several, where they were open together."""
    found = [draft for draft in drafts if any(start_of(day_of(m.at)) <= sent for m in _from_when(draft))]
    if not found:
        return []
    latest = max(_admission(draft) for draft in found)
    return [d for d in found if _admission(d) == latest or d.ended is None or d.ended.at > latest]


def _admission(draft: Draft) -> datetime:
    return draft.admitted.at if draft.admitted else draft.documents[0].first_sent


def _from_when(draft: Draft) -> list[Moment]:
    """When its outcome may be reported from: each time it was declared ready, and its end."""
    ready = [d.own.moment for d in draft.documents if d.kind == LOG_KLAR and d.live and d.own]
    return [*ready, *([draft.ended] if draft.ended else [])]
