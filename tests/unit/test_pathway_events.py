"""Does an event take from a message's facts what they say, the right way round?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.pathway.events import REPLY, Decision, from_facts
from gateway.pathway.stays import stays_of
from gateway.translate.facts import Event, Facts, Party, ReceiptFacts, Topic
from tests.support.pathway import at, key_of, message

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOSPITAL, MUNICIPALITY = Party("1001", "1000"), Party("2001", "2000")


def facts(kind: str, sender: Party = HOSPITAL, receiver: Party = MUNICIPALITY, **said: object) -> Facts:
    return Facts("plo-1.6", "m", kind, sender, receiver, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "kind", "trust", "counterpart"),
    [
        (facts("LOG_INNLAGT"), "LOG_INNLAGT", "1000", "2000"),
        (facts("INNLEGGELSESRAPPORT", MUNICIPALITY, HOSPITAL), "INNLEGGELSESRAPPORT", "1000", "2000"),
        (facts("DIALOG_SVAR", MUNICIPALITY, HOSPITAL, topics=(Topic("9155", "1"),)), REPLY, "1000", "2000"),
        (facts("DIALOG_HELSEFAGLIG", MUNICIPALITY, HOSPITAL, topics=(Topic("7322", "7"),)), REPLY, "1000", "2000"),
        (facts("DIALOG_SVAR", MUNICIPALITY, HOSPITAL, topics=(Topic("9069", "1"),)), "DIALOG_SVAR", "2000", "1000"),
        (facts("LOG_INNLAGT", Party("1001", None)), "LOG_INNLAGT", "1001", "2000"),
        (facts("LOG_INNLAGT", Party(None, None)), "LOG_INNLAGT", None, "2000"),
    ],
)  # fmt: skip
def test_which_side_is_the_hospital(given: Facts, kind: str, trust: str | None, counterpart: str) -> None:
    event = from_facts(given, NOW)
    assert (event.kind, event.trust, event.counterpart) == (kind, trust, counterpart)


def test_a_time_that_cannot_be_meant_is_none() -> None:
    events = (Event("1", datetime(9999, 12, 31, tzinfo=UTC), True, False), Event("3", None, False, False))
    event = from_facts(facts("LOG_INNLAGT", events=events, generated_at=datetime(1, 1, 1, tzinfo=UTC)), NOW)
    assert (event.happenings, event.sent) == ((), NOW)
    assert [u.reason for u in stays_of([event]).uncertain] == ["no-time"]


def test_a_receipt_finds_its_message_and_a_positive_one_outweighs_a_negative() -> None:
    admission = message("m", "LOG_INNLAGT", "2026-03-02T10:05", admitted="2026-03-02T10:00")
    bad, good = (
        from_facts(facts("APPREC", MUNICIPALITY, HOSPITAL, receipt=ReceiptFacts(status, "m", None)), NOW)
        for status in ("2", "3")
    )
    assert stays_of([admission, bad]).stays == ()
    good = type(good)(**{**vars(good), "key": key_of("other", "2001")})
    assert [stay.state for stay in stays_of([admission, bad, good]).stays] == ["innlagt"]


def test_a_message_without_a_trust_is_for_a_person() -> None:
    event = from_facts(facts("LOG_INNLAGT", Party(None, None)), NOW)
    assert [u.reason for u in stays_of([event]).uncertain] == ["no-trust"]


def test_a_person_can_make_a_stay_of_a_lone_discharge_and_take_a_message_out() -> None:
    gone = message("u", "LOG_UTSKREVET", "2026-03-05T11:20", discharged="2026-03-05")
    own = Decision("1", at("2026-03-06T10:00"), key_of("u"), key_of("u"))
    assert [(s.state, s.admitted) for s in stays_of([gone], [own]).stays] == [("ute", None)]
    none = Decision("2", at("2026-03-06T11:00"), key_of("u"), None)
    outcome = stays_of([gone], [own, none])
    assert (outcome.stays, [u.reason for u in outcome.set_aside]) == ((), ["settled-as-none"])


def test_a_correction_that_may_mean_two_messages_is_for_a_person() -> None:
    first = message(
        "k", "LOG_UTSKRIVNINGSKLAR", "2026-03-04T09:00", conversation="a", admitted="2026-03-02T10:00"
    )
    second = message(
        "l", "LOG_UTSKRIVNINGSKLAR", "2026-03-05T09:00", conversation="a", admitted="2026-03-02T10:00"
    )
    cancel = message(
        "c", "LOG_UTSKRIVNINGSKLAR", "2026-03-05T09:10", conversation="a", status="C", parent="gone"
    )
    outcome = stays_of([first, second, cancel])
    assert [(u.key.id, u.reason) for u in outcome.uncertain] == [("c", "several-parents")]
    assert [stay.state for stay in outcome.stays] == ["klar"]


def test_what_changes_a_cancelled_message_has_no_effect() -> None:
    admission = message("a", "LOG_INNLAGT", "2026-03-02T10:05", admitted="2026-03-02T10:00")
    cancel = message("c", "LOG_INNLAGT", "2026-03-02T10:10", status="C", parent="a")
    change = message(
        "m", "LOG_INNLAGT", "2026-03-02T10:20", status="M", parent="a", admitted="2026-03-02T09:00"
    )
    outcome = stays_of([change, cancel, admission])
    assert [stay.state for stay in outcome.stays] == ["cancelled"]
    assert [(u.key.id, u.reason) for u in outcome.set_aside] == [("m", "correction-of-cancelled")]
