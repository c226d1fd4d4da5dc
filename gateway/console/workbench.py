"""What does the gateway make of a message that somebody pasted?

What is wrong with it and whose move that is, what it becomes in the other format, what that lost, what is left of it
there and back, and the answer its sender would get. Nothing of it is stored, logged or sent.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import msgspec

from gateway.console.content import Loss, loss_view
from gateway.console.elements import ElementPart, elements_view
from gateway.console.pane import Pane, pane
from gateway.console.states import State
from gateway.console.texts import Texts
from gateway.emessage import apprec
from gateway.emessage.read import read
from gateway.errors import CATALOGUE, Issue, SomlosError, issue_of
from gateway.examination import Converted, Examined, ThereAndBack, convert, examine, there_and_back
from gateway.fhir.outcome import operation_outcome
from gateway.routing.admission import first_blocking
from gateway.translate import facts_of
from gateway.translate.facts import Facts, Party

XML, JSON = "application/xml", "application/fhir+json"
MOST_FINDINGS = 100
_SEVERITIES = {
    "error": ("bad", "cross"),
    "warning": ("warn", "warning"),
    "information": ("info", "info"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing."""

    state: State
    layer: str
    place: str
    line: int | None
    sentence: str
    code: str
    owner: str
    next_step: str


@dataclass(frozen=True)
class Answer:
    """What the sender of such a message would get from us."""

    says: str
    document: Pane | None
    """The negative receipt, or the OperationOutcome; None: 202, and the receiver's own receipt later."""


@dataclass(frozen=True)
class Result:
    """Everything the page shows of one message."""

    type_name: str
    verdict: State
    findings: tuple[Finding, ...]
    left_out: int
    """How many findings more there are."""
    panes: tuple[Pane, ...]
    elements: tuple[ElementPart, ...]
    """Element by element, part by part."""
    loss: Loss | None
    no_translation: str
    """Why there is none."""
    back: State | None
    """The verdict there and back; None: not tried."""
    back_losses: tuple[str, ...]
    answer: Answer


def result(data: bytes, gateway: Party | None, now: datetime, texts: Texts) -> Result:
    """The result for what was pasted; never raises for what it holds.

    `gateway`: who would answer (None: it has no HER-id and makes no receipts); `now`: when, aware.
    """
    examined = examine("", data)
    converted, back = convert(examined), there_and_back(examined)
    problems = [*examined.issues, *([converted] if isinstance(converted, Issue) else [])]
    panes = [pane(data, JSON if examined.is_fhir else XML, texts("workbench.given"))]
    loss = None
    if isinstance(converted, Converted) and converted.loss is not None:
        says = texts("workbench.other")
        panes.append(pane(converted.data, JSON if converted.ending == "json" else XML, says))
        loss = loss_view(converted.loss.as_json(), says, panes, texts)
    return Result(
        type_name=texts.or_code("type", examined.type) if examined.type else texts("workbench.no_type"),
        verdict=_verdict(examined, texts),
        findings=tuple(_finding(each, texts) for each in problems[:MOST_FINDINGS]),
        left_out=max(0, len(problems) - MOST_FINDINGS),
        panes=tuple(panes),
        elements=_elements(examined, converted, panes, texts),
        loss=loss,
        no_translation=_why_not(converted, texts),
        back=_back(back, texts),
        back_losses=tuple(f"{each.source or each.target} [{each.kind}]" for each in back.losses),
        answer=_answer(examined, gateway, now, texts),
    )


def _elements(
    examined: Examined, converted: Converted | Issue | None, panes: list[Pane], texts: Texts
) -> tuple[ElementPart, ...]:
    """The table of a message that was translated."""
    if not isinstance(converted, Converted) or converted.loss is None:
        return ()
    xml = converted.data if examined.is_fhir else examined.data
    entries = converted.loss.as_json()["entries"]
    return elements_view(read(xml).root, examined.type or "", entries, panes, texts)


def _verdict(examined: Examined, texts: Texts) -> State:
    if examined.is_valid:
        return State("valid", texts("workbench.valid"), "ok", "check")
    return State("invalid", texts("workbench.invalid"), "bad", "cross")


def _finding(found: Issue, texts: Texts) -> Finding:
    entry, english = CATALOGUE[found.code], texts.language == "en"
    tone, icon = _SEVERITIES[found.severity]
    return Finding(
        state=State(found.severity, texts(f"severity.{found.severity}"), tone, icon),
        layer=texts(f"layer.{found.layer}"),
        place=found.path or "",
        line=found.line,
        sentence=found.message if english else found.message_no,
        code=found.code,
        owner=texts(f"owner.{entry.owner}"),
        next_step=entry.next_step_en if english else entry.next_step_no,
    )


def _why_not(converted: Converted | Issue | None, texts: Texts) -> str:
    if isinstance(converted, Issue):
        return converted.message if texts.language == "en" else converted.message_no
    return "" if converted is not None else texts("workbench.not_translated")


def _back(back: ThereAndBack, texts: Texts) -> State | None:
    if back.verdict is None:
        return None
    tone, icon = ("ok", "check") if back.is_good else ("bad", "warning")
    return State(back.verdict, texts(f"roundtrip.{back.verdict}"), tone, icon)


def _answer(examined: Examined, gateway: Party | None, now: datetime, texts: Texts) -> Answer:
    facts, failure = _facts(examined)
    blocking = first_blocking(examined.issues)
    if blocking is None and facts is not None:
        return Answer(texts("workbench.answer.accepted"), None)
    if examined.is_fhir:
        findings = examined.issues if blocking or failure is None else (failure,)
        outcome = msgspec.json.format(msgspec.json.encode(operation_outcome(findings)))
        return Answer(texts("workbench.answer.outcome"), pane(outcome, JSON, ""))
    code = (blocking or failure or examined.issues[0]).code
    if gateway is None:
        return Answer(texts("workbench.answer.no_her", code=code), None)
    receipt = _negative(facts, code, gateway, now)
    if receipt is None:
        return Answer(texts("workbench.answer.problem", code=code), None)
    return Answer(texts("workbench.answer.negative"), pane(receipt, XML, ""))


def _facts(examined: Examined) -> tuple[Facts | None, Issue | None]:
    """Who sends what to whom; or why that cannot be told (None too where the findings say so already)."""
    if examined.readable is None:
        return None, None
    try:
        return facts_of(examined.readable), None
    except SomlosError as error:
        return None, issue_of(error)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None, None


def _negative(facts: Facts | None, code: str, gateway: Party, now: datetime) -> bytes | None:
    """The receipt; None where the gateway could make none (DESIGN §4.8)."""
    if (
        facts is None
        or facts.is_receipt
        or not (facts.message_id and facts.message_type and facts.sender.her_id)
    ):
        return None
    try:
        return apprec.negative(facts, code, sender=gateway, message_id=str(uuid.uuid4()), now=now)
    except ValueError:
        return None
