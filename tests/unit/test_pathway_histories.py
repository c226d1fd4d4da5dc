"""Does what happened come out of the messages again? Histories are drawn first: one to four stays of a patient in two
hospitals, with transfers, ready and withdrawn and ready again, discharge or death, death before a discharge. Then the
messages that tell of them: corrected, sent by mistake and cancelled, rejected, twice, in any order.

The expectation is the history itself (by NPR's types of time: 1 notified of admission, 2 ready, 3 notified of
that, 4 withdrawn), not the rules that are tested.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

import pytest

from gateway.pathway.events import RECEIPT, Happening, MessageKey, Moment, PathwayEvent
from gateway.pathway.stays import stays_of
from gateway.pathway.timeline import timeline_of
from tests.support.pathway import CODES, MUNICIPALITY, SERVICE, at

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TRUSTS = ("1000", "3000")
Marks = Counter[tuple[str, datetime]]


@dataclass
class History:
    """What really happened in one stay."""

    trust: str
    admitted: datetime
    ended: datetime | None = None
    died: bool = False
    marks: Marks = field(default_factory=Counter)
    """NPR type and time."""
    ready: bool = False


class Teller:
    """Writes the messages of a patient's histories."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.sent: list[PathwayEvent] = []

    def message(self, kind: str, trust: str, sent: datetime, **said: datetime) -> PathwayEvent:
        happenings = tuple(Happening(CODES[word], Moment(at)) for word, at in said.items())
        id = f"m{len(self.sent)}"
        event = PathwayEvent(
            MessageKey(f"{trust[:-1]}1", id), kind, trust, trust, MUNICIPALITY, sent, sent + MINUTE,
            happenings=happenings, conversation=id,
        )  # fmt: skip
        self.sent.append(event)
        return event

    def tell(self, kind: str, trust: str, sent: datetime, **said: datetime) -> PathwayEvent:
        """Say it: at once, or wrongly and then corrected, or rejected and then again."""
        how = self.chance.random()
        if how < 0.15:
            wrong = {word: at - 10 * MINUTE for word, at in said.items()}
            first = self.message(kind, trust, sent, **wrong)
            right = self.message(kind, trust, sent + 5 * MINUTE, **said)
            self.sent[-1] = replace(right, status="M", parent=first.key.id, conversation=first.conversation)
            return first
        if how < 0.25:
            refused = self.message(kind, trust, sent - MINUTE, **said)
            self.receipt(refused, "2")
        told = self.message(kind, trust, sent, **said)
        if self.chance.random() < 0.5:
            self.receipt(told, "1")
        return told

    def mistake(self, kind: str, trust: str, sent: datetime, **said: datetime) -> None:
        """Said by mistake, and taken back."""
        wrong = self.message(kind, trust, sent, **said)
        back = self.message(kind, trust, sent + MINUTE, **said)
        self.sent[-1] = replace(back, status="C", parent=wrong.key.id, conversation=wrong.conversation)

    def receipt(self, of: PathwayEvent, status: str) -> None:
        self.sent.append(
            replace(
                of,
                key=MessageKey(SERVICE, f"r{len(self.sent)}"),
                kind=RECEIPT,
                sender_organisation=MUNICIPALITY,
                counterpart=of.trust,
                happenings=(),
                conversation=None,
                receipt_for=of.key.id,
                receipt_status=status,
            )
        )


def history_of(chance: Random, teller: Teller, trust: str, begin: datetime, *, last: bool) -> History:
    """One stay from `begin` on, and everything that is said of it."""
    stay = History(trust, begin)
    now = begin + chance.randrange(20, 90) * MINUTE
    told = teller.tell("LOG_INNLAGT", trust, now, admitted=begin)
    stay.marks["1", told.sent] += 1
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        now += chance.randrange(5, 40) * HOUR
        # without its admission time only where the notice itself shows the period
        stated = {"admitted": begin} if chance.random() < 0.6 else {}
        notice = teller.tell("LOG_UTSKRIVNINGSKLAR", trust, now, ready=now - 30 * MINUTE, **stated)
        stay.marks["2", now - 30 * MINUTE] += 1
        stay.marks["3", notice.sent] += 1
        stay.ready = True
        if chance.random() < 0.3:
            teller.mistake("LOG_AVMELDING", trust, now + HOUR, withdrawn=now + HOUR, admitted=begin)
        if chance.random() < 0.4:
            now += chance.randrange(2, 20) * HOUR
            teller.tell("LOG_AVMELDING", trust, now, withdrawn=now - 10 * MINUTE, **stated)
            stay.marks["4", now - 10 * MINUTE] += 1
            stay.ready = False
        else:
            break
    now += chance.randrange(4, 60) * HOUR
    if last and chance.random() < 0.25:
        return stay
    if chance.random() < 0.15:
        teller.mistake("LOG_UTSKREVET", trust, now, discharged=now - 20 * MINUTE)
        now += chance.randrange(2, 9) * HOUR
    stay.ended = now
    if last and chance.random() < 0.3:
        stay.died = True
        teller.tell("LOG_DOD", trust, now + 20 * MINUTE, died=now)
        if chance.random() < 0.4:  # the body leaves the hospital
            teller.tell("LOG_UTSKREVET", trust, now + 5 * HOUR, discharged=now + 4 * HOUR)
    else:
        teller.tell("LOG_UTSKREVET", trust, now + 20 * MINUTE, discharged=now)
    return stay


def drawn(seed: int) -> tuple[list[History], list[PathwayEvent]]:
    """The histories of one patient and their messages, as they arrive."""
    chance = Random(f"history {seed}")
    teller, histories = Teller(chance), []
    begin = at("2026-03-20T08:00") + chance.randrange(0, 72 * 60) * MINUTE
    trust = chance.choice(TRUSTS)
    number = chance.randrange(1, 5)
    for place in range(number):
        histories.append(history_of(chance, teller, trust, begin, last=place == number - 1))
        ended = histories[-1].ended
        if ended is None:
            break
        if chance.random() < 0.4:  # transferred: straight to the other hospital
            trust, begin = next(t for t in TRUSTS if t != trust), ended + chance.randrange(30, 90) * MINUTE
        else:
            begin = ended + chance.randrange(10, 300) * HOUR
    arriving = teller.sent + chance.sample(teller.sent, len(teller.sent) // 3)  # some come twice
    chance.shuffle(arriving)
    return histories, arriving


@pytest.mark.parametrize("seed", range(400))
def test_the_history_comes_out_of_its_messages(seed: int) -> None:
    histories, arriving = drawn(seed)
    found = stays_of(arriving)
    assert found.uncertain == ()
    live = sorted((stay for stay in found.stays if stay.live), key=lambda stay: (stay.trust, stay.admitted))
    told = [
        (
            stay.trust,
            stay.state,
            stay.admitted.at if stay.admitted else None,
            stay.ended.at if stay.ended else None,
            Counter(
                (entry.npr, entry.moment.at)
                for entry in timeline_of(stay)
                if entry.npr and not entry.cancelled
            ),
        )
        for stay in live
    ]
    expected = [
        (
            each.trust,
            "død" if each.died else "ute" if each.ended else "klar" if each.ready else "innlagt",
            each.admitted,
            each.ended,
            each.marks,
        )
        for each in sorted(histories, key=lambda each: (each.trust, each.admitted))
    ]
    assert told == expected
