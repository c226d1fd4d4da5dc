"""How do a patient's stays and clocks stand in rows?

All rows of one patient are written anew from all that is known of the patient: doing it again gives the same rows.
Only what alarms noted about a clock is carried over, by the clock's id.

A clock has two states: `state` holds up to its limit, `state_after` from then on; so rows stay true while time
passes, and a question gives the time it is asked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from gateway.ledger import times
from gateway.ledger.session import Row, Session
from gateway.pathway.agreements import Agreement
from gateway.pathway.calendar import day_of
from gateway.pathway.clocks import Clock, answers_to, clocks_of, in_force, notices_towards, replies_to
from gateway.pathway.events import LOG_INNLAGT, Decision, MessageKey, Moment, PathwayEvent, Statement
from gateway.pathway.payment import ConditionCode, payment_basis
from gateway.pathway.stays import Stay, Stays, stays_of
from gateway.translate.state import derived_id

ALWAYS = datetime(1900, 1, 1, tzinfo=UTC)
NEVER = datetime(2200, 1, 1, tzinfo=UTC)
OWNED_BY_MUNICIPALITY = frozenset({"admission-report", "reply"})

AgreementOf = Callable[[str, str, datetime], Agreement]
"""The agreement of a trust and a municipality in force at a time; the national rules where there is none."""


@dataclass(frozen=True)
class Known:
    """All that is known of one patient's pathway."""

    patient_key: str
    events: Mapping[int, PathwayEvent]
    """By the ledger's sequence of the message."""
    decisions: tuple[Decision, ...] = ()
    statements: tuple[Statement, ...] = ()
    judged: Mapping[MessageKey, Mapping[ConditionCode, bool]] | None = None
    """What a person has settled about the conditions for payment, by any message of the stay."""
    taken_care_of: Mapping[str, int] = field(default_factory=dict)
    """When a person has settled a clock, by its id."""


@dataclass(frozen=True)
class Settled:
    """A stay with its identity here."""

    id: str
    stay: Stay
    agreements: tuple[Agreement, ...]


class Asks(Protocol):
    """A session, or a reader."""

    def all(self, query: str, **values: Any) -> list[Row]: ...


def known(session: Asks, patient_key: str) -> Known:
    """Read what is known of a patient."""
    events: dict[int, PathwayEvent] = {}
    for row in session.all("pathway_events_of", patient_key=patient_key):
        event = msgspec.json.decode(row["event"], type=PathwayEvent)
        events[row["message"]] = replace(event, delivered=times.optional(row["delivered_at"]))
    decisions, statements = [], []
    judged: dict[MessageKey, dict[ConditionCode, bool]] = {}
    taken_care_of: dict[str, int] = {}
    for row in session.all("inputs_of", patient_key=patient_key):
        detail = json.loads(row["detail"])
        at = times.moment(row["at"])
        if row["kind"] == "decision":
            meant = detail["with"]
            decisions.append(
                Decision(row["id"], at, MessageKey(*detail["message"]), MessageKey(*meant) if meant else None)
            )
        elif row["kind"] == "statement":
            moment = msgspec.convert(detail["moment"], Moment, strict=False) if detail.get("moment") else None
            about = MessageKey(*detail["about"])
            statements.append(Statement(row["id"], at, about, detail["code"], detail["source"], moment))
        elif row["kind"] == "condition":
            judged.setdefault(MessageKey(*detail["about"]), {})[detail["condition"]] = detail["met"]
        elif row["kind"] == "settled":
            taken_care_of.setdefault(detail["clock"], row["at"])
    return Known(patient_key, events, tuple(decisions), tuple(statements), judged, taken_care_of)


def written(event: PathwayEvent) -> str:
    """An event as it is kept."""
    return msgspec.json.encode(event).decode()


def keep(
    session: Session, of: Known, agreement_of: AgreementOf, now: datetime
) -> tuple[Stays, tuple[Settled, ...]]:
    """Write the rows of one patient anew; returns what they say.

    Durable after the commit: all rows of the patient together. A crash before it: the old ones. Doing it again is
    harmless: the rows follow from what is known and from `now`, which only basis days are counted up to.
    """
    found = stays_of(of.events.values(), of.decisions, of.statements)
    sequence_of = _sequences(of)
    found_settled = tuple(_settled(stay, sequence_of, agreement_of) for stay in found.stays)
    carried = {row["clock_id"]: row for row in session.all("clocks_kept", patient_key=of.patient_key)}
    for query in (
        "remove_basis_days_of",
        "remove_ready_notices_of",
        "remove_clocks_of",
        "remove_stay_messages_of",
        "remove_stay_municipalities_of",
        "remove_unplaced_of",
        "remove_stays_of",
    ):
        session.run(query, patient_key=of.patient_key)
    for each in found_settled:
        _keep_stay(session, of, each, now)
        _keep_messages(session, each, sequence_of)
        _keep_clocks(session, of, each, sequence_of, carried)
        _keep_notices(session, of, each, sequence_of, now)
    _keep_urgency(session, of.patient_key, found_settled)
    _keep_unplaced(session, of.patient_key, found, found_settled, sequence_of)
    return found, found_settled


def settled(of: Known, agreement_of: AgreementOf | None = None) -> tuple[Settled, ...]:
    """The stays of a patient under their ids; None: without agreements."""
    sequence_of = _sequences(of)
    found = stays_of(of.events.values(), of.decisions, of.statements)
    return tuple(_settled(stay, sequence_of, agreement_of) for stay in found.stays)


def judged_of(of: Known, stay: Stay) -> dict[ConditionCode, bool]:
    """What a person has settled about the conditions for payment of a stay."""
    judged: dict[ConditionCode, bool] = {}
    for key, said in (of.judged or {}).items():
        if key in stay.keys:
            judged.update(said)
    return judged


def _sequences(of: Known) -> dict[MessageKey, int]:
    return {event.key: sequence for sequence, event in of.events.items()}


def _id_of(stay: Stay, sequence_of: Mapping[MessageKey, int]) -> str:
    """The id of a stay: of the message of it that came first, which no later message changes."""
    return derived_id("stay", *min(stay.keys, key=lambda key: sequence_of[key]))


def _settled(stay: Stay, sequence_of: Mapping[MessageKey, int], agreement_of: AgreementOf | None) -> Settled:
    began = stay.admitted.at if stay.admitted else stay.documents[0].first_sent
    of = agreement_of
    agreements = tuple(of(stay.trust, each, began) for each in stay.municipalities) if of else ()
    return Settled(_id_of(stay, sequence_of), stay, agreements)


def _at(moment: Moment | None) -> int | None:
    return times.of(moment.at) if moment else None


def _keep_stay(session: Session, of: Known, settled: Settled, now: datetime) -> None:
    stay = settled.stay
    began = stay.admitted.at if stay.admitted else stay.documents[0].first_sent
    session.run(
        "keep_stay",
        stay_id=settled.id,
        patient_key=of.patient_key,
        trust_her=stay.trust,
        municipality_her=stay.municipalities[0] if stay.municipalities else None,
        state=stay.state,
        began_at=times.of(began),
        admitted_at=_at(stay.admitted),
        admitted_is_day=int(bool(stay.admitted and stay.admitted.is_day)),
        ready_at=_at(stay.ready),
        ready_is_day=int(bool(stay.ready and stay.ready.is_day)),
        ended_at=_at(stay.ended),
        ended_is_day=int(bool(stay.ended and stay.ended.is_day)),
        ended_day=day_of(stay.ended.at).isoformat() if stay.ended else None,
        discharged_to=stay.end.current.discharged_to if stay.end else None,
        doubts=json.dumps(sorted({doubt.reason for doubt in stay.doubts})),
        looked_on=day_of(now).isoformat(),
    )
    for municipality in stay.municipalities:
        session.run("keep_stay_municipality", stay_id=settled.id, municipality_her=municipality)


def _keep_messages(session: Session, settled: Settled, sequence_of: Mapping[MessageKey, int]) -> None:
    for document in settled.stay.documents:
        events = (*document.versions, *document.additions)
        for event in (*events, *((document.cancellation,) if document.cancellation else ())):
            session.run(
                "keep_stay_message",
                message=sequence_of[event.key],
                stay_id=settled.id,
                kind=event.kind,
                sent_at=times.of(event.sent),
                is_first=int(event.key == document.key),
                live=int(document.live),
            )


def _keep_clocks(
    session: Session,
    of: Known,
    settled: Settled,
    sequence_of: Mapping[MessageKey, int],
    carried: Mapping[str, Any],
) -> None:
    before = clocks_of(settled.stay, settled.agreements, ALWAYS)
    after = clocks_of(settled.stay, settled.agreements, NEVER)
    for clock, later in zip(before, after, strict=True):
        clock_id = _clock_id(settled, clock)
        kept = carried.get(clock_id)
        owner = clock.municipality if clock.kind in OWNED_BY_MUNICIPALITY else settled.stay.trust
        session.run(
            "keep_clock",
            clock_id=clock_id,
            stay_id=settled.id,
            municipality_her=clock.municipality,
            kind=clock.kind,
            owner_her=owner,
            about=sequence_of.get(clock.about) if clock.about else None,
            started_at=_at(clock.started),
            started_is_day=int(bool(clock.started and clock.started.is_day)),
            due_at=times.of(clock.due) if clock.due else None,
            warn_at=times.of(clock.warn_at) if clock.warn_at else None,
            state=clock.state,
            state_after=later.state,
            stopped_at=times.of(later.stopped) if later.stopped else None,
            stopped_by=sequence_of.get(later.stopped_by) if later.stopped_by else None,
            source=clock.source,
            notes=json.dumps(sorted({*clock.notes, *later.notes})),
            alarmed=kept["alarmed"] if kept else 0,
            settled_at=of.taken_care_of.get(clock_id, kept["settled_at"] if kept else None),
        )


def _clock_id(settled: Settled, clock: Clock) -> str:
    about = "|".join(clock.about) if clock.about else ""
    return derived_id("clock", settled.id, clock.municipality, clock.kind, about)


def _keep_notices(
    session: Session, of: Known, settled: Settled, sequence_of: Mapping[MessageKey, int], now: datetime
) -> None:
    stay = settled.stay
    judged = judged_of(of, stay)
    for agreement in settled.agreements:
        for notice in notices_towards(stay, agreement):
            replies = replies_to(stay, agreement, notice)
            answers = in_force(answers_to(stay, agreement, notice))
            first = min([*(reply.at for reply in replies), *(s.said for s in answers)], default=None)
            session.run(
                "keep_ready_notice",
                message=sequence_of[notice.document.key],
                stay_id=settled.id,
                municipality_her=agreement.municipality,
                ready_at=_at(notice.ready),
                ready_is_day=int(bool(notice.ready and notice.ready.is_day)),
                sent_at=times.of(notice.document.first_sent),
                withdrawn_at=times.of(notice.withdrawn_by.placed) if notice.withdrawn_by else None,
                cancelled=int(not notice.document.live),
                replied_at=times.of(first) if first else None,
                reply_message=sequence_of.get(min(replies, key=lambda r: r.at).by) if replies else None,
                answer=answers[-1].code if answers else None,
                answered_at=times.of(answers[-1].said) if answers else None,
            )
        for basis in payment_basis(stay, agreement, (), now, judged):
            for day in basis.days:
                session.run(
                    "keep_basis_day",
                    notice=sequence_of[basis.notice],
                    day=day.day.isoformat(),
                    stay_id=settled.id,
                    municipality_her=basis.municipality,
                    state=day.state,
                    verdict=basis.verdict,
                )


def _keep_urgency(session: Session, patient_key: str, settled: tuple[Settled, ...]) -> None:
    """How urgent each admission was, where its message says it: a dimension of its first day."""
    session.run("remove_told_dimensions", patient_key=patient_key)
    for each in settled:
        said = [d.current.urgency for d in each.stay.of_kind(LOG_INNLAGT) if d.current.urgency]
        if said and each.stay.admitted:
            day = day_of(each.stay.admitted.at).isoformat()
            session.run(
                "keep_told_dimension",
                patient_key=patient_key,
                dimension="admission-urgency",
                code=said[-1],
                valid_from=day,
                valid_to=day,
            )


def _keep_unplaced(
    session: Session,
    patient_key: str,
    found: Stays,
    settled: tuple[Settled, ...],
    sequence_of: Mapping[MessageKey, int],
) -> None:
    ids = {each.stay.key: each.id for each in settled}
    for unplaced in found.uncertain:
        session.run(
            "keep_unplaced",
            message=sequence_of[unplaced.key],
            patient_key=patient_key,
            kind=unplaced.kind,
            reason=unplaced.reason,
            candidates=json.dumps([ids[key] for key in unplaced.candidates if key in ids]),
        )


def forget(session: Session, sequence: int) -> None:
    """Forget a message, and the whole stay it stands in: half a stay would say something else than the whole did."""
    row = session.one("stay_with", sequence=sequence)
    if row is not None:
        session.run("mark_measured_stay", stay_id=row["stay_id"])
        for query in (
            "forget_basis_days",
            "forget_ready_notices",
            "forget_clocks",
            "forget_stay_municipalities",
            "forget_events",
            "forget_tasks",
            "forget_plans",
            "forget_stay_messages",
            "forget_stay",
        ):
            session.run(query, stay_id=row["stay_id"])
    session.run("remove_unplaced", sequence=sequence)
    session.run("remove_pathway_event", sequence=sequence)
