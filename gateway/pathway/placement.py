"""Which documents make one stay?

One stay per patient, hospital trust (level-1 HER-id) and admission (issue 6):

1. LOG_INNLAGT, LOG_UTSKRIVNINGSKLAR, LOG_AVMELDING, and a notice (Helseopplysninger) that states an admission, belong
   together when they state the same admission time; an earlier version's time counts too, as a correction does
   not reach the messages sent before it. A date means any time of its day.
2. A person's decision goes before every rule that follows, and before rule 1.
3. LOG_UTSKREVET and LOG_DOD carry no admission time: each belongs to the one open stay of the trust whose period fits.
   A discharge after the death of the patient (the body leaves) belongs to the stay that the death ended.
4. A ready-notice or withdrawal without admission time belongs to the one stay whose period holds it.
5. Reports and replies belong to the one stay they were sent in (see `reports`).

None or several: uncertain. Several stays are never told apart by guessing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from gateway.pathway.documents import Document, Reason, Unplaced
from gateway.pathway.events import (
    ADMITTED,
    LOG_AVMELDING,
    LOG_DOD,
    LOG_INNLAGT,
    LOG_KLAR,
    LOG_UTSKREVET,
    NOTICE,
    Decision,
    MessageKey,
    Moment,
)

SEEDS = (LOG_INNLAGT, LOG_KLAR, LOG_AVMELDING, NOTICE)
"""What can state an admission, in the order of trust in its admission time."""
ENDS = (LOG_UTSKREVET, LOG_DOD)


@dataclass
class Draft:
    """A stay while it is put together."""

    trust: str
    documents: list[Document] = field(default_factory=list)
    decided: bool = False
    """A person said that this is a stay of its own."""

    @property
    def live(self) -> bool:
        """Whether anything that makes it a stay still holds."""
        return any(d.live and (d.kind in SEEDS or self.decided) for d in self.documents)

    def seeds(self) -> list[Document]:
        """The documents that state its admission: what holds before what was cancelled, the best first."""
        stating = [d for d in self.documents if d.kind in SEEDS and d.moment(ADMITTED)]
        return sorted(
            stating, key=lambda d: (not d.live, SEEDS.index(d.kind), _is_day(d), d.first_sent, d.key)
        )

    @property
    def admitted(self) -> Moment | None:
        """The admission; None where nobody states it."""
        seeds = self.seeds()
        return seeds[0].moment(ADMITTED) if seeds else None

    @property
    def end(self) -> Document | None:
        """What ended it: death before discharge; the earliest of several."""
        ends = [d for d in self.documents if d.live and d.kind in ENDS and d.own]
        return min(ends, key=lambda d: (d.kind != LOG_DOD, d.placed, d.key), default=None)

    @property
    def ended(self) -> Moment | None:
        """When it ended; None while it is open."""
        return self.end.own.moment if self.end and self.end.own else None

    @property
    def key(self) -> MessageKey:
        """The key of the document that makes it a stay."""
        return (self.seeds() or self.documents)[0].key

    def holds(self, instant: datetime) -> bool:
        """Whether its period can hold this instant."""
        admitted, ended = self.admitted, self.ended
        return admitted is not None and admitted.at <= instant and (ended is None or instant <= ended.latest)


@dataclass
class Placing:
    """The work in progress: drafts, and what could not be placed."""

    drafts: list[Draft] = field(default_factory=list)
    unplaced: list[Unplaced] = field(default_factory=list)

    def of(self, trust: str | None) -> list[Draft]:
        """The stays of a trust that are not cancelled as a whole."""
        return [draft for draft in self.drafts if draft.trust == trust and draft.live]

    def leave(self, document: Document, reason: Reason, candidates: Iterable[Draft] = ()) -> None:
        """Place a document nowhere, and say why."""
        keys = tuple(sorted(draft.key for draft in candidates))
        self.unplaced.append(Unplaced(document.key, document.kind, reason, keys))

    def to_the_one(self, document: Document, fitting: list[Draft], none: Reason = "no-stay-fits") -> None:
        """Place a document in the only stay that fits."""
        if len(fitting) == 1:
            fitting[0].documents.append(document)
        else:
            self.leave(document, "several-stays-fit" if fitting else none, fitting)


def place_seeds(placing: Placing, documents: Iterable[Document], own: frozenset[MessageKey]) -> None:
    """Rule 1. `own`: documents a person made a stay of their own."""
    stating = [d for d in documents if d.kind in SEEDS and (d.moment(ADMITTED) or d.key in own)]

    def order(d: Document) -> tuple[bool, int, bool, bool, datetime, MessageKey]:
        return not d.live, SEEDS.index(d.kind), d.key in own, _is_day(d), d.first_sent, d.key

    for document in sorted(stating, key=order):
        admitted = document.moment(ADMITTED)
        fitting = (
            [] if document.key in own or admitted is None else _same_admission(placing, document, admitted)
        )
        if fitting:
            placing.to_the_one(document, fitting)
        else:
            placing.drafts.append(Draft(document.trust, [document], document.key in own))


def _is_day(document: Document) -> bool:
    admitted = document.moment(ADMITTED)
    return admitted is not None and admitted.is_day


def _same_admission(placing: Placing, document: Document, admitted: Moment) -> list[Draft]:
    """The stays with this admission: exactly, else of that day, else as stated before a correction."""
    drafts = placing.of(document.trust)
    if not document.live:
        drafts += [d for d in placing.drafts if d.trust == document.trust and not d.live]
    now = [(draft, {d.moment(ADMITTED) for d in draft.seeds()}) for draft in drafts]
    once = [(draft, {m for d in draft.seeds() for m in d.ever_stated(ADMITTED)}) for draft in drafts]
    for stated in (now, once):
        for exactly in (True, False):
            found = [draft for draft, moments in stated if _among(admitted, moments, exactly)]
            if found:
                return found
    return []


def _among(moment: Moment, others: Iterable[Moment | None], exactly: bool) -> bool:
    return any(other and (moment == other if exactly else moment.same_as(other)) for other in others)


def place_decided(
    placing: Placing, documents: dict[MessageKey, Document], decisions: dict[MessageKey, Decision]
) -> None:
    """Rule 2: put each document with the one a person named. Keys: those of the documents."""
    for key in sorted(decisions):
        meant = _named(key, documents, decisions)
        if meant is None:
            placing.leave(documents[key], "settled-as-none")
            continue
        draft = next((d for d in placing.drafts if any(x.key == meant for x in d.documents)), None)
        if draft is None:
            placing.leave(documents[key], "settled-with-unplaced")
        elif documents[key] not in draft.documents:
            draft.documents.append(documents[key])


def _named(
    key: MessageKey, documents: dict[MessageKey, Document], decisions: dict[MessageKey, Decision]
) -> MessageKey | None:
    """The document at the end of the chain of decisions; None: no stay at all."""
    seen: set[MessageKey] = set()
    while key in decisions and key not in seen:
        seen.add(key)
        named = decisions[key].belongs_with
        if named is None:
            return None
        if named in documents[key].keys:
            return key
        key = next((d.key for d in documents.values() if named in d.keys), named)
    return key


def place_ends(placing: Placing, documents: Iterable[Document]) -> None:
    """Rule 3, the earliest first: a stay that has ended is open to no other end, unless at the same moment."""
    for document in sorted(documents, key=lambda d: (d.placed, d.first_sent, d.key)):
        if document.own is None:
            placing.leave(document, "no-time")
        elif document.own.estimate:
            placing.leave(document, "only-an-estimate")
        else:
            moment, placed = document.own.moment, document.placed
            fitting = [
                draft
                for draft in placing.of(document.trust)
                if draft.admitted
                and draft.admitted.at <= placed
                and (draft.ended is None or draft.ended.same_as(moment))
            ]
            if not fitting and document.kind == LOG_UTSKREVET:
                fitting = [draft for draft in placing.of(document.trust) if _dead_by(draft, placed)]
            placing.to_the_one(document, fitting)


def _dead_by(draft: Draft, at: datetime) -> bool:
    """Whether death had ended the stay by then: nobody is discharged alive from it, nor admitted again."""
    end, ended = draft.end, draft.ended
    return end is not None and end.kind == LOG_DOD and ended is not None and ended.at <= at


def place_by_period(placing: Placing, documents: Iterable[Document], none: Reason = "no-stay-fits") -> None:
    """Rule 4: to the one stay whose period holds the document."""
    for document in documents:
        fitting = [draft for draft in placing.of(document.trust) if draft.holds(document.placed)]
        if document.kind == LOG_INNLAGT:
            own = document.happening(ADMITTED)
            placing.leave(document, "only-an-estimate" if own else "no-time")
        else:
            placing.to_the_one(document, fitting, none)
