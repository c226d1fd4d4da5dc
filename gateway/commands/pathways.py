"""How does an operator see pathways from a terminal, and have them made anew? Asks /ops of a running gateway.

somlos ops pathways            how far they are, and which messages a person must place
somlos ops due                 clocks, tasks and ready-notices that want something soon
somlos ops rebuild --why …     stays, clocks, plans and FHIR resources anew from the ledger
"""

from __future__ import annotations

import getpass
from typing import Final

from gateway.commands.operations import (
    DEFAULT_ADDRESS,
    AddressOption,
    ByOption,
    JsonOption,
    LangOption,
    WhyOption,
    operations,
)
from gateway.commands.operations_caller import Caller

_STATE: Final = {"waiting": "waiting", "failed": "failed", "stays": "stays", "uncertain": "to be placed"}
_UNCERTAIN: Final = {"message": "message", "kind": "type", "reason": "reason", "receivedAt": "received"}
_TOTAL: Final = {"clocks": "clocks", "tasks": "tasks", "unanswered": "unanswered"}
_DUE: Final = {"kind": "kind", "owner": "owner", "dueAt": "due", "state": "state", "stay": "stay"}


@operations.command()
def pathways(
    address: AddressOption = DEFAULT_ADDRESS, as_json: JsonOption = False, lang: LangOption = None
) -> None:
    """How far stays are behind what was accepted; messages that a person must place."""
    caller = Caller(address, as_json, lang)
    answer = caller.get("/pathways")
    if not as_json:
        caller.show(answer, [answer], _STATE)
    caller.show(answer, answer["messages"], _UNCERTAIN)


@operations.command()
def due(
    address: AddressOption = DEFAULT_ADDRESS, as_json: JsonOption = False, lang: LangOption = None
) -> None:
    """Clocks of stays, tasks of plans and unanswered ready-notices: due within three days, or late."""
    caller = Caller(address, as_json, lang)
    answer = caller.get("/pathways/due")
    tasks = [
        {
            **each,
            "kind": each["action"],
            "owner": each["municipality"],
            "state": "late" if each["late"] else "",
        }
        for each in answer["tasks"]
    ]
    notices = [
        {"kind": "ready-notice", "owner": each["municipality"], "state": "unanswered", "stay": each["stay"]}
        for each in answer["unanswered"]
    ]
    if not as_json:
        caller.show(answer, [answer["total"]], _TOTAL)
    caller.show(answer, [*answer["clocks"], *tasks, *notices], _DUE)


@operations.command()
def rebuild(
    why: WhyOption,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Make stays, clocks, plans and FHIR resources anew from the ledger."""
    caller = Caller(address, as_json, lang)
    answer = caller.post("/pathways/rebuild", {"by": by or getpass.getuser(), "why": why})
    caller.show(answer, [answer], {"waiting": "waiting", "failed": "failed", "stays": "stays"})
