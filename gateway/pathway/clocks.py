"""Which deadlines run, which were met, missed or cancelled?

    notice             admission → Helseopplysninger (9140=1), 24 hours; forskrift 2011-11-18-1115 § 8
    admission-report   LOG_INNLAGT was told → Innleggelsesrapport; agreement
    reply              each ready-notice was told → the municipality's reply (9155=1) or coded answer; § 11, agreement
    discharge-report   discharge → Utskrivningsrapport, the same day; HIS 1148, agreement
    medication-list    discharge → list of medicines, the same day; HIS 1148, agreement
    epikrise           discharge → epikrise, at latest after 7 days

State, at the time asked about:

    met        done at or before it was due
    cancelled  what it waited for lost its reason before it was due: cancelled, withdrawn, discharged, dead
    missed     due and not done, or done too late (then `stopped` says when)
    running    not due yet; `warning` from the agreed time before
    unknown    cannot be judged from messages; `notes` say why

A start of which only the day is known counts from the end of that day, the reading that never calls late what
may have been in time; notes say so. A report counts from the last withdrawal of readiness on: an older one is
about a discharge that was called off. A missed notice is only called so when there is a sign that
municipal services are needed (a ready-notice, or the notice itself); otherwise it is unknown.

Uncertain: whether sending or arrival of a message counts (the agreement says); an epikrise may be preliminary, which
its header does not show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.pathway.agreements import Agreement, ClockKind, agreement_on
from gateway.pathway.calendar import day_of
from gateway.pathway.documents import Document
from gateway.pathway.events import (
    ADMISSION_REPORT,
    DISCHARGE_REPORT,
    EPIKRISE,
    LOG_AVMELDING,
    LOG_INNLAGT,
    LOG_KLAR,
    LOG_UTSKREVET,
    MEDICATION_LIST,
    NOTICE,
    REPLY,
    MessageKey,
    Moment,
    Statement,
)
from gateway.pathway.stays import ReadyNotice, Stay

ClockState = Literal["running", "met", "missed", "cancelled", "unknown"]
Note = Literal[
    "start-is-a-day",
    "start-not-known",
    "no-limit-agreed",
    "need-not-known",
    "content-not-known",
    "letters-elsewhere",
    "reply-not-coded",
    "stay-uncertain",
]


@dataclass(frozen=True)
class Clock:
    """One deadline of a stay towards one municipality."""

    kind: ClockKind
    municipality: str
    state: ClockState
    about: MessageKey | None
    """The message that started it; None: no message here did."""
    started: Moment | None
    due: datetime | None
    """Aware, UTC. None: no limit was agreed, or the start is not known."""
    warn_at: datetime | None
    warning: bool
    """Running, and the time to warn has come."""
    stopped: datetime | None
    """When it was done (also when too late)."""
    stopped_by: MessageKey | None
    source: str
    """The text that sets the limit."""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Done:
    """That something was done."""

    at: datetime
    by: MessageKey
    coded: bool = False
    """A coded answer, not a message whose text must be read."""


@dataclass(frozen=True)
class _Case:
    """What a clock is judged from."""

    kind: ClockKind
    about: MessageKey | None
    started: Moment | None
    done: Done | None = None
    void: datetime | None = None
    """When it lost its reason."""
    cancelled: bool = False
    """Its start was taken back."""
    notes: tuple[Note, ...] = ()
    undecidable: Note | None = None
    """Why a deadline that seems missed cannot be called so."""


def clocks_of(stay: Stay, agreements: Iterable[Agreement], now: datetime) -> tuple[Clock, ...]:
    """The clocks of a stay towards every municipality that an agreement covers, at `now` (aware).

    The agreement in force on the day of admission holds for the whole stay.
    """
    known = tuple(agreements)
    found: list[Clock] = []
    for municipality in stay.municipalities:
        began = stay.admitted.at if stay.admitted else stay.documents[0].first_sent
        agreement = agreement_on(known, stay.trust, municipality, day_of(began))
        if agreement:
            found += [_judged(case, stay, agreement, now) for case in _cases(stay, agreement)]
    return tuple(found)


def _judged(case: _Case, stay: Stay, agreement: Agreement, now: datetime) -> Clock:
    limit = agreement.limit(case.kind)
    due = limit.due(case.started.latest, agreement.calendar) if limit and case.started else None
    warn_at = due - limit.warn_before if due and limit else None
    notes = list(case.notes)
    notes += ["start-is-a-day"] if case.started and case.started.is_day else []
    notes += ["start-not-known"] if not case.started and not case.cancelled else []
    notes += ["no-limit-agreed"] if limit is None else []
    notes += ["stay-uncertain"] if stay.doubts else []
    state = _state(case, due, now)
    if state == "missed" and case.undecidable:
        state = "unknown"
        notes.append(case.undecidable)
    return Clock(
        kind=case.kind,
        municipality=agreement.municipality,
        state=state,
        about=case.about,
        started=case.started,
        due=due,
        warn_at=warn_at,
        warning=state == "running" and warn_at is not None and now >= warn_at,
        stopped=case.done.at if case.done and state in ("met", "missed") else None,
        stopped_by=case.done.by if case.done and state in ("met", "missed") else None,
        source=limit.source if limit else "",
        notes=tuple(notes),
    )


def _state(case: _Case, due: datetime | None, now: datetime) -> ClockState:
    """The state by the rules above. What is done before its reason is lost counts as done."""
    if case.cancelled:
        return "cancelled"
    done, void = case.done.at if case.done else None, case.void
    if done and (due is None or done <= due) and (void is None or done <= void):
        return "met"
    if void and (due is None or void <= due):
        return "cancelled"
    if due is None:
        return "running" if case.started else "unknown"
    return "running" if now <= due and done is None else "missed"


def _cases(stay: Stay, agreement: Agreement) -> Iterator[_Case]:
    yield from _notice(stay, agreement)
    yield from _admission_report(stay, agreement)
    yield from _replies(stay, agreement)
    yield from _after_discharge(stay, agreement)


def towards(agreement: Agreement, documents: Iterable[Document]) -> list[Document]:
    """The documents between the trust and the agreement's municipality."""
    return [d for d in documents if d.current.counterpart == agreement.municipality]


def _first(documents: Iterable[Document], agreement: Agreement, since: datetime | None = None) -> Done | None:
    """The document that told first, not before `since`."""
    told = [(at, d.key) for d in documents if (at := d.told(agreement.counts)) and not (since and at < since)]
    return Done(*min(told)) if told else None


def _ended(stay: Stay) -> datetime | None:
    """When it ended, for what that cancels."""
    return stay.end.placed if stay.end else None


def _notice(stay: Stay, agreement: Agreement) -> Iterator[_Case]:
    notices = [d for d in towards(agreement, stay.of_kind(NOTICE)) if _is_notice(d)]
    if agreement.admission_message_is_notice:
        notices += towards(agreement, stay.of_kind(LOG_INNLAGT))
    done = _first(notices, agreement)
    needed = bool(done or stay.of_kind(LOG_KLAR))
    yield _Case(
        "notice",
        stay.key,
        stay.admitted,
        done,
        _ended(stay),
        cancelled=not stay.live,
        undecidable=None if needed else "need-not-known",
    )


def _is_notice(document: Document) -> bool:
    """9140: a version says 1 (notice), or none says what it is."""
    types = {event.content_type for event in document.versions}
    return "1" in types or types == {None}


def _admission_report(stay: Stay, agreement: Agreement) -> Iterator[_Case]:
    every = towards(agreement, (d for d in stay.documents if d.kind == LOG_INNLAGT))
    admissions = [d for d in every if d.live] or every
    done = _first(towards(agreement, stay.of_kind(ADMISSION_REPORT)), agreement)
    if not admissions:
        return
    told = _first(admissions, agreement)
    yield _Case(
        "admission-report",
        told.by if told else admissions[0].key,
        Moment(told.at) if told else None,
        done,
        _ended(stay),
        cancelled=not any(d.live for d in admissions),
    )


def notices_towards(stay: Stay, agreement: Agreement) -> tuple[ReadyNotice, ...]:
    """The ready-notices to a municipality, oldest first; equal ones (sent to two of its services) once."""
    found: dict[tuple[object, ...], ReadyNotice] = {}
    for notice in stay.notices:
        if towards(agreement, [notice.document]):
            withdrawn = notice.withdrawn_by.key if notice.withdrawn_by else None
            key = notice.document.key if notice.ready is None else notice.ready
            found.setdefault((key, notice.document.live, withdrawn), notice)
    return tuple(found.values())


def replies_to(stay: Stay, agreement: Agreement, notice: ReadyNotice) -> list[Done]:
    """The replies to a ready-notice: those that refer to it, else those sent while it was the latest."""
    every = [n for n in stay.notices if towards(agreement, [n.document])]
    meant = [
        (reply.told(agreement.counts), reply.key)
        for reply in towards(agreement, stay.of_kind(REPLY))
        if _alike(_meant(reply, every), notice)
    ]
    return [Done(at, key) for at, key in meant if at]


def answers_to(stay: Stay, agreement: Agreement, notice: ReadyNotice) -> list[Statement]:
    """The coded answers (6, 7) about a ready-notice; about another message of the stay: about the latest one."""
    every = [n for n in stay.notices if towards(agreement, [n.document])]
    found = []
    for statement in stay.statements:
        about = next((n for n in every if statement.about in n.document.keys), None)
        meant = about or _latest(every, statement.said)
        if statement.code != "12" and _alike(meant, notice):
            found.append(statement)
    return found


def in_force(answers: Iterable[Statement]) -> list[Statement]:
    """Answers in the order in which they hold; the last one is the answer."""
    return sorted(answers, key=lambda each: (each.holds_from.at, each.said, each.id))


def _latest(notices: list[ReadyNotice], at: datetime) -> ReadyNotice | None:
    """The ready-notice sent last at a time."""
    before = [n for n in notices if n.document.live and n.document.first_sent <= at]
    return max(before, key=lambda n: (n.document.first_sent, n.document.key), default=None)


def _alike(one: ReadyNotice | None, other: ReadyNotice) -> bool:
    """Whether two notices are one to the municipality."""
    if one is None or one is other:
        return one is other
    same_end = one.withdrawn_by is other.withdrawn_by and one.document.live == other.document.live
    return one.ready is not None and one.ready == other.ready and same_end


def _replies(stay: Stay, agreement: Agreement) -> Iterator[_Case]:
    """One clock for each ready-notice."""
    for notice in notices_towards(stay, agreement):
        told = notice.document.told(agreement.counts)
        answers = [Done(s.said, s.about, coded=True) for s in answers_to(stay, agreement, notice)]
        every = [*answers, *replies_to(stay, agreement, notice)]
        done = min(every, key=lambda done: (done.at, done.by), default=None)
        withdrawn = notice.withdrawn_by
        reasons = [withdrawn.placed if withdrawn else None, _ended(stay)]
        yield _Case(
            "reply",
            notice.document.key,
            Moment(told) if told else None,
            done,
            min((at for at in reasons if at), default=None),
            cancelled=not notice.document.live,
            notes=() if answers or not done else ("reply-not-coded",),
        )


def _meant(reply: Document, notices: list[ReadyNotice]) -> ReadyNotice | None:
    named = {reply.current.parent, reply.current.conversation} - {None}
    linked = [n for n in notices if named & {key.id for key in n.document.keys}]
    return linked[-1] if linked else _latest(notices, reply.first_sent)


def _after_discharge(stay: Stay, agreement: Agreement) -> Iterator[_Case]:
    """The three that a discharge starts; a discharge that was taken back leaves them cancelled."""
    discharged = stay.end if stay.state == "ute" else None
    taken_back = [d for d in stay.documents if d.kind == LOG_UTSKREVET and not d.live]
    if discharged is None and (not taken_back or stay.state == "død"):
        return
    about = discharged or taken_back[-1]
    started = about.own.moment if about.own else None
    since = max((d.placed for d in stay.of_kind(LOG_AVMELDING)), default=None)
    reports = towards(agreement, stay.of_kind(DISCHARGE_REPORT))
    listed = [d for d in reports if d.current.medication_list]
    lists = listed + towards(agreement, stay.of_kind(MEDICATION_LIST))
    unread = any(d.current.medication_list is None for d in reports)
    cancelled = discharged is None
    for kind, documents, undecidable in (
        ("discharge-report", reports, None),
        ("medication-list", lists, "content-not-known" if unread else None),
        ("epikrise", stay.of_kind(EPIKRISE), None if agreement.letters_here else "letters-elsewhere"),
    ):
        done = _first(documents, agreement, since)
        yield _Case(kind, about.key, started, done, cancelled=cancelled, undecidable=undecidable)  # type: ignore[arg-type]
