"""The flows of `tests/unit/pathway_flows.toml`: as events of the pathway, and what they must end in."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.pathway.agreements import Agreement
from gateway.pathway.calendar import Limit
from gateway.pathway.clocks import clocks_of
from gateway.pathway.events import Decision, Happening, MessageKey, Moment, PathwayEvent, Statement
from gateway.pathway.stays import Stays
from gateway.translate.facts_xml import moment

FLOWS: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[1] / "unit" / "pathway_flows.toml").read_text(encoding="utf-8")
)["flow"]
HOUR = timedelta(hours=1)
AGREEMENT = Agreement(
    trust="1000",
    municipality="2000",
    valid_from=date(2020, 1, 1),
    source="the agreement of the flows",
    admission_report=Limit(24, "hours", "agreement, 3.1", HOUR),
    reply=Limit(3, "hours", "agreement, 5.2", HOUR),
)
AGREEMENT_SETTINGS = {
    "trust": "1000",
    "municipality": "2000",
    "valid_from": date(2020, 1, 1),
    "source": "the agreement of the flows",
    "admission_report": {"amount": 24, "unit": "hours", "source": "agreement, 3.1", "warn_before_hours": 1},
    "reply": {"amount": 3, "unit": "hours", "source": "agreement, 5.2", "warn_before_hours": 1},
}
"""The same, as settings say it."""
CODES = {"admitted": "1", "discharged": "2", "ready": "3", "withdrawn": "4", "died": "13"}
OWN = {"LOG_UTSKRIVNINGSKLAR": "ready", "LOG_UTSKREVET": "discharged", "LOG_DOD": "died"}


def at(text: str) -> datetime:
    """A time as messages write it."""
    found = moment(text)
    assert found is not None
    return found


def a_moment(text: str) -> Moment:
    return Moment(at(text), "T" not in text)


def an_event(given: dict[str, Any]) -> PathwayEvent:
    trust, ward = given.get("trust", "1000"), given.get("ward", "1001")
    upwards = given["type"] in ("INNLEGGELSESRAPPORT", "DIALOG_SVAR", "APPREC")
    happenings = [
        Happening(
            code, a_moment(given[word]), bool(given.get("estimated")) and OWN.get(given["type"]) == word
        )
        for word, code in CODES.items()
        if word in given
    ]
    if "expected_ready" in given:
        happenings.append(Happening("3", a_moment(given["expected_ready"]), True))
    if "other_event" in given:
        happenings.insert(0, Happening(given["other_event"], Moment(at("2020-01-01"), True)))
    return PathwayEvent(
        key=MessageKey("2001" if upwards else ward, given["id"]),
        kind="reply to a ready-notice" if given.get("reply") else given["type"],
        sender_organisation="2000" if upwards else trust,
        trust=trust if given["type"] != "APPREC" else "2000",
        counterpart="2000" if given["type"] != "APPREC" else trust,
        sent=at(given["sent"]),
        accepted=at(given.get("accepted", given["sent"])),
        status=given.get("status", "N"),
        parent=given.get("parent"),
        conversation=given.get("conversation"),
        happenings=tuple(happenings),
        content_type=given.get("content"),
        medication_list=given.get("medication"),
        discharge_condition=given.get("condition"),
        receipt_for=given.get("receipt_for"),
        receipt_status=given.get("receipt"),
    )


def the_key(flow: dict[str, Any], message_id: str) -> MessageKey:
    return next(an_event(m).key for m in flow["messages"] if m["id"] == message_id)


def the_events(flow: dict[str, Any]) -> list[PathwayEvent]:
    return [an_event(message) for message in flow["messages"]]


def the_decisions(flow: dict[str, Any]) -> list[Decision]:
    return [
        Decision(d["id"], at(d["decided"]), the_key(flow, d["message"]), the_key(flow, d["with"]))
        for d in flow.get("decisions", ())
    ]


def the_statements(flow: dict[str, Any]) -> list[Statement]:
    return [
        Statement(s["id"], at(s["said"]), the_key(flow, s["about"]), s["code"], s["source"])
        for s in flow.get("statements", ())
    ]


def told(found: Stays, now: datetime) -> dict[str, Any]:
    """The outcome in the words of the table."""
    return {
        "stays": [
            {
                "state": stay.state,
                "admitted": stay.admitted,
                "ready": stay.ready,
                "ended": stay.ended,
                "clocks": [f"{c.kind} {c.state}" for c in clocks_of(stay, [AGREEMENT], now)],
                "doubts": sorted({doubt.reason for doubt in stay.doubts}),
            }
            for stay in found.stays
        ],
        "uncertain": [f"{u.key.id} {u.reason}" for u in found.uncertain],
        "set_aside": [f"{u.key.id} {u.reason}" for u in found.set_aside],
        "loose": found.loose_statements,
    }


def expected(flow: dict[str, Any]) -> dict[str, Any]:
    return {
        "stays": [
            {
                "state": stay["state"],
                "admitted": a_moment(stay["admitted"]),
                "ready": a_moment(stay["ready"]) if "ready" in stay else None,
                "ended": a_moment(stay["ended"]) if "ended" in stay else None,
                "clocks": stay["clocks"],
                "doubts": stay.get("doubts", []),
            }
            for stay in flow.get("stay", ())
        ],
        "uncertain": flow.get("uncertain", []),
        "set_aside": flow.get("set_aside", []),
        "loose": (),
    }


def by_name(flow: dict[str, Any]) -> str:
    return str(flow["name"]).split(",")[0].split(":")[0]
