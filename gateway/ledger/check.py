"""Has each accepted message one state that is legal, is nothing lost, and was the order kept in every lane?

| finding                                             | what it would mean                                             |
|-----------------------------------------------------|----------------------------------------------------------------|
| no_delivery, receipt_about_nothing                  | accepted, and lost on the way                                  |
| final_without_end, open_with_end,                   | a state that is neither open nor over                          |
| trail_says_otherwise, settled_twice                 |                                                                |
| open_without_limit, nobody_tries,                   | it would wait for ever                                         |
| sending_without_lease, in_line_without_place        |                                                                |
| overtaken, order, correction_first,                 | the order of a lane was not kept                               |
| place_twice, two_sending                            |                                                                |
| state_without_receipt, delivered_but_awaited        | a final state that nobody gave                                 |
| receipt_on_receipt, receipt_awaited_for_receipt     | a receipt was answered, or waits to be                         |
| body_missing, outbound_missing                      | bytes that should be here are not                              |
| held_without_report, held_and_sent                  | a person could not decide, or was not asked                    |

Reads only. Each question is one statement, so that it can be asked of a gateway at work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gateway.ledger.store import Ledger

PREFIX: Final = "check_"
COUNTS: Final = "check_counts"
SHOWN: Final = 100
"""Findings of one kind that are told one by one."""


@dataclass(frozen=True)
class Finding:
    """Something that must not be."""

    kind: str
    message: str
    """Our id."""
    delivery_id: int | None


@dataclass(frozen=True)
class LedgerCheck:
    """What a check found."""

    states: dict[str, int]
    """Deliveries in each state."""
    findings: tuple[Finding, ...]
    questions: int
    """How many kinds of fault were looked for."""

    @property
    def is_well(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        """What /ops tells."""
        return {
            "well": self.is_well,
            "questions": self.questions,
            "states": self.states,
            "findings": [
                {"kind": each.kind, "message": each.message, "delivery": each.delivery_id}
                for each in self.findings
            ],
        }


def check(ledger: Ledger) -> LedgerCheck:
    """Look for every kind of fault. May be called from any thread, and takes time on a large ledger."""
    questions = sorted(name for name in ledger.queries if name.startswith(PREFIX) and name != COUNTS)
    findings: list[Finding] = []
    for name in questions:
        rows = ledger.reading().execute(ledger.queries[name]).fetchall()
        kind = name.removeprefix(PREFIX)
        findings.extend(Finding(kind, row["id"], row["delivery_id"]) for row in rows[:SHOWN])
    counts = ledger.reading().execute(ledger.queries[COUNTS]).fetchall()
    return LedgerCheck(
        {row["state"]: row["number"] for row in counts}, tuple(findings), questions=len(questions)
    )
