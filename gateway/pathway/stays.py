"""Which hospital stays does a patient have, and where does each stand?

    innlagt ──LOG_UTSKRIVNINGSKLAR──▶ klar ──LOG_UTSKREVET──▶ ute
       ▲                               │
       └────────LOG_AVMELDING──────────┘        innlagt | klar | ute ──LOG_DOD──▶ død

`stays_of` is a function of the set of messages of one patient key, of coded statements and of persons' decisions. The
order of arrival plays no part, so a message that comes late finds its place and never takes a stay back: a stay
that has ended stays ended whatever is told about the time before. A cancellation leaves everything as if the
document had not been sent; a stay of which nothing is left is shown as cancelled.

A ready-notice stands until a withdrawal that is not earlier than it. A withdrawal that names the ready time of
another notice leaves this one alone.

Sources: HIS 1149 (the five logistics messages), code sets 9121 and 8431, issue 6. Death in the discharge message
(8431: 2, 3) is death. In LOG_UTSKRIVNINGSKLAR the ready time may be marked as an estimate (as in the official
example): being sent is the declaration. An estimated admission, discharge or death is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from gateway.pathway.documents import Document, Reason, Unplaced, documents_of
from gateway.pathway.events import (
    ADMITTED,
    LOG_AVMELDING,
    LOG_DOD,
    LOG_KLAR,
    NOTICE,
    READY,
    Decision,
    MessageKey,
    Moment,
    PathwayEvent,
    Statement,
)
from gateway.pathway.placement import (
    ENDS,
    SEEDS,
    Draft,
    Placing,
    place_by_period,
    place_decided,
    place_ends,
    place_seeds,
)
from gateway.pathway.reports import place_report

State = Literal["innlagt", "klar", "ute", "død", "cancelled"]
DoubtReason = Literal["overlap", "several-stays-fit", "after-the-end", "older-than-its-withdrawal"]

WITHOUT_EFFECT: Final[frozenset[Reason]] = frozenset(
    {"rejected", "history", "not-used", "cancelled", "no-stay", "settled-as-none", "correction-of-cancelled"}
)
"""Why a message is set aside; every other reason is uncertain and waits for a person."""
DIED: Final = ("2", "3")
"""Conditions at discharge (8431) that mean death."""


@dataclass(frozen=True, order=True)
class Doubt:
    """What a person should look at in a stay."""

    reason: DoubtReason
    message: MessageKey
    """The message, or the key of the other stay."""


@dataclass(frozen=True)
class ReadyNotice:
    """A declaration that the patient is ready for discharge, and what became of it."""

    document: Document
    ready: Moment | None
    withdrawn_by: Document | None
    """The earliest withdrawal that ends it; None: it stands (or was cancelled)."""

    @property
    def stands(self) -> bool:
        """Whether the patient is ready by it."""
        return self.document.live and self.withdrawn_by is None


@dataclass(frozen=True)
class Stay:
    """One patient's stay in one hospital trust."""

    key: MessageKey
    """The key of the message that makes it a stay: the admission message where there is one."""
    keys: frozenset[MessageKey]
    """The keys of all its messages: what an earlier key of this stay is found by."""
    trust: str
    municipalities: tuple[str, ...]
    """HER-ids (level 1) of those who were notified of admission or readiness; more than one is unusual."""
    state: State
    admitted: Moment | None
    ready: Moment | None
    """The ready time that stands (in a stay that has ended: that stood at its end)."""
    ended: Moment | None
    """Discharge or death."""
    end: Document | None
    documents: tuple[Document, ...]
    """In the order of what they tell."""
    notices: tuple[ReadyNotice, ...]
    statements: tuple[Statement, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def live(self) -> bool:
        """Whether it is a stay at all: not cancelled as a whole."""
        return self.state != "cancelled"

    def of_kind(self, *kinds: str) -> tuple[Document, ...]:
        """Its documents of these types that hold."""
        return tuple(d for d in self.documents if d.live and d.kind in kinds)


@dataclass(frozen=True)
class Stays:
    """All that a patient's messages say about stays."""

    stays: tuple[Stay, ...]
    """By admission; without one, last."""
    uncertain: tuple[Unplaced, ...]
    """Messages a person must place."""
    set_aside: tuple[Unplaced, ...]
    """Messages that have no effect, and why."""
    loose_statements: tuple[Statement, ...] = ()
    """About a message that stands in no stay."""
    died: Moment | None = None
    """When the patient died, whoever told it: a municipality may tell a GP of a death outside any stay (the official
    example of LOG_DOD does)."""


def stays_of(
    events: Iterable[PathwayEvent],
    decisions: Iterable[Decision] = (),
    statements: Iterable[Statement] = (),
) -> Stays:
    """The stays of one patient key."""
    documents, unplaced = documents_of(events)
    placing = _place(documents, _in_force(documents, decisions))
    unplaced += tuple(placing.unplaced)
    uncertain = tuple(sorted(u for u in unplaced if u.reason not in WITHOUT_EFFECT))
    said = sorted(set(statements), key=lambda s: (s.said, s.id))
    drafts = sorted(placing.drafts, key=_by_admission)
    stays = tuple(_stay(draft, drafts, uncertain, said) for draft in drafts)
    placed = {statement for stay in stays for statement in stay.statements}
    set_aside = tuple(sorted(u for u in unplaced if u.reason in WITHOUT_EFFECT))
    return Stays(stays, uncertain, set_aside, tuple(s for s in said if s not in placed), _died(documents))


def _died(documents: tuple[Document, ...]) -> Moment | None:
    dead = [
        d.own.moment
        for d in documents
        if d.live and d.own and not d.own.estimate
        if d.kind == LOG_DOD or (d.kind in ENDS and d.current.discharge_condition in DIED)
    ]
    return min(dead, default=None)


def _in_force(documents: tuple[Document, ...], decisions: Iterable[Decision]) -> dict[MessageKey, Decision]:
    """The latest decision about each document, by the document's key."""
    latest: dict[MessageKey, Decision] = {}
    for decision in sorted(decisions, key=lambda d: (d.decided, d.id)):
        for document in documents:
            if decision.message in document.keys:
                latest[document.key] = decision
    return latest


def _place(documents: tuple[Document, ...], decisions: dict[MessageKey, Decision]) -> Placing:
    by_key = {document.key: document for document in documents}
    own = frozenset(key for key, d in decisions.items() if d.belongs_with in by_key[key].keys)
    free = [d for d in documents if d.key not in decisions]
    placing = Placing()
    place_seeds(placing, [d for d in documents if d.key not in decisions or d.key in own], own)
    for key in sorted(own):
        if by_key[key].kind not in SEEDS:
            placing.drafts.append(Draft(by_key[key].trust, [by_key[key]], decided=True))
    place_decided(placing, by_key, decisions)
    place_ends(placing, [d for d in free if d.kind in ENDS and d.live])
    unstated = [d for d in free if d.kind in SEEDS and d.moment(ADMITTED) is None]
    place_by_period(placing, [d for d in unstated if d.live and d.kind != NOTICE])
    reports = [d for d in free if d.kind not in (*ENDS, *SEEDS)] + [d for d in unstated if d.kind == NOTICE]
    for document in sorted(reports, key=lambda d: (d.first_sent, d.key)):
        if document.live:
            place_report(placing, document)
    stating = {d.key for d in documents if d.kind in SEEDS and d.moment(ADMITTED)}
    _place_cancelled(placing, [d for d in free if not d.live and d.key not in stating])
    return placing


def _place_cancelled(placing: Placing, documents: list[Document]) -> None:
    """A cancelled document has no effect; it is shown in the one stay that holds it."""
    for document in documents:
        fitting = [draft for draft in placing.of(document.trust) if draft.holds(document.placed)]
        if len(fitting) == 1:
            fitting[0].documents.append(document)
        else:
            placing.leave(document, "cancelled")


def _by_admission(draft: Draft) -> tuple[bool, Moment, MessageKey]:
    admitted = draft.admitted
    return admitted is None, admitted or Moment(draft.documents[0].first_sent), draft.key


def _stay(
    draft: Draft, drafts: list[Draft], uncertain: tuple[Unplaced, ...], statements: list[Statement]
) -> Stay:
    documents = tuple(sorted(draft.documents, key=lambda d: (d.placed, d.first_sent, d.key)))
    notices = _ready_notices(documents)
    standing = [notice for notice in notices if notice.stands]
    keys = frozenset(key for document in documents for key in document.keys)
    state = _state(draft, bool(standing))
    told = {d.current.counterpart for d in documents if d.kind in SEEDS}
    return Stay(
        key=draft.key,
        keys=keys,
        trust=draft.trust,
        municipalities=tuple(sorted(her for her in told if her)),
        state=state,
        admitted=draft.admitted,
        ready=standing[-1].ready if standing and state != "cancelled" else None,
        ended=draft.ended if state != "cancelled" else None,
        end=draft.end if state != "cancelled" else None,
        documents=documents,
        notices=notices,
        statements=tuple(s for s in statements if s.about in keys),
        doubts=_doubts(draft, drafts, notices, uncertain),
    )


def _state(draft: Draft, ready: bool) -> State:
    if not draft.live:
        return "cancelled"
    if draft.end is None:
        return "klar" if ready else "innlagt"
    dead = draft.end.kind == LOG_DOD or draft.end.current.discharge_condition in DIED
    return "død" if dead else "ute"


def _ready_notices(documents: tuple[Document, ...]) -> tuple[ReadyNotice, ...]:
    """The ready-notices in their order, each with the withdrawal that ends it."""
    notices = [d for d in documents if d.kind == LOG_KLAR]
    withdrawals = [d for d in documents if d.kind == LOG_AVMELDING and d.live]
    return tuple(
        ReadyNotice(
            notice,
            notice.own.moment if notice.own else None,
            next((w for w in withdrawals if notice.live and _withdraws(w, notice, notices)), None),
        )
        for notice in notices
    )


def _withdraws(withdrawal: Document, notice: Document, notices: list[Document]) -> bool:
    if (withdrawal.placed, withdrawal.first_sent) < (notice.placed, notice.first_sent):
        return False
    named = withdrawal.happening(READY)
    if named is None:
        return True
    meant = [n for n in notices if any(named.moment.same_as(m) for m in n.ever_stated(READY))]
    return not meant or notice in meant


def _doubts(
    draft: Draft, drafts: list[Draft], notices: tuple[ReadyNotice, ...], uncertain: tuple[Unplaced, ...]
) -> tuple[Doubt, ...]:
    if not draft.live:
        return ()
    found = [Doubt("overlap", other.key) for other in drafts if other.live and _overlap(draft, other)]
    found += [Doubt("several-stays-fit", u.key) for u in uncertain if draft.key in u.candidates]
    for notice in notices:
        document, withdrawal = notice.document, notice.withdrawn_by
        if document.live and draft.ended and document.placed > draft.ended.latest:
            found.append(Doubt("after-the-end", document.key))
        if withdrawal and document.first_sent > withdrawal.first_sent:
            found.append(Doubt("older-than-its-withdrawal", document.key))
    return tuple(sorted(set(found)))


def _overlap(one: Draft, other: Draft) -> bool:
    """Whether two stays in one trust are certain to have been open together, which no patient can be."""
    if one is other or one.trust != other.trust or one.admitted is None or other.admitted is None:
        return False
    first, second = sorted((one, other), key=_by_admission)
    assert second.admitted is not None
    return first.ended is None or first.ended.at > second.admitted.latest
