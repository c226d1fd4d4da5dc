"""What may a person or a system say about a pathway, and what is kept of it?

Everything said here is an input of the ledger first (`inputs`), with who said it and when; rows and resources
follow from it in the same commit, and again when everything is made anew.

    decide       to which stay a message belongs
    answer       what a municipality said to a ready-notice, in a code (NPR 6, 7; 12 from the hospital)
    judge        whether a condition for payment that messages cannot show is met
    dimension    a coded, dated property of a person: priority group, level of service
    settle       a missed clock has been taken care of
    write        a Goal, Task or QuestionnaireResponse was made or changed at the API
    start_plan   a plan that no discharge started: a new user, or the yearly one
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, Final, Literal
from uuid import uuid4

from gateway.errors import Refusal
from gateway.ledger import times
from gateway.ledger.session import Row, Session
from gateway.ledger.store import Ledger
from gateway.pathway.calendar import day_of, start_of
from gateway.pathway.payment import ConditionCode
from gateway.projection import inputs, plans
from gateway.projection.definitions import codes_of, plan_definition
from gateway.projection.inputs import Written, keep_input
from gateway.projection.projector import LOCK, Projector
from gateway.records import counted, stays

Json = dict[str, Any]
DIMENSIONS: Final = ("priority-group", "care-level", "admission-urgency")


class Desk:
    """Takes in what is said."""

    def __init__(self, ledger: Ledger, projector: Projector, *, clock: Callable[[], int]) -> None:
        self._ledger = ledger
        self._projector = projector
        self._clock = clock

    async def decide(self, message: str, belongs_with: str | None, by_whom: str, why: str = "") -> None:
        """Settle to which stay a message belongs. Both by our id; `belongs_with`: a message of the stay meant, the
        message itself for a stay of its own, None for no stay.

        :raises Refusal: records.no-stay
        """
        meant, other = self._message(message), self._message(belongs_with) if belongs_with else None
        if other is not None and other["patient_key"] != meant["patient_key"]:
            raise Refusal("records.no-stay")
        detail = {"message": _key(meant), "with": _key(other) if other is not None else None, "why": why}
        await self._say("decision", meant["patient_key"], by_whom, detail)

    async def answer(
        self,
        message: str,
        code: Literal["6", "7", "12"],
        by_whom: str,
        *,
        day: date | None = None,
        why: str = "",
    ) -> None:
        """Code what was answered to a ready-notice (by our id), as a person read it.

        :raises Refusal: records.no-stay
        """
        meant = self._message(message)
        moment = {"at": start_of(day).isoformat(), "is_day": True} if day else None
        detail = {"about": _key(meant), "code": code, "source": "person", "moment": moment, "why": why}
        await self._say("statement", meant["patient_key"], by_whom, detail)

    async def judge(
        self, stay: str, condition: ConditionCode, met: bool, by_whom: str, why: str = ""
    ) -> None:
        """Settle a condition for payment.

        :raises Refusal: records.no-stay
        """
        row = self._stay(stay)
        known = stays.known(self._reading(), row["patient_key"])
        found = next((each.stay for each in stays.settled(known) if each.id == stay), None)
        if found is None:
            raise Refusal("records.no-stay")
        detail = {"about": list(found.key), "condition": condition, "met": met, "why": why}
        await self._say("condition", row["patient_key"], by_whom, detail)

    async def dimension(
        self,
        stay: str,
        dimension: str,
        code: str,
        valid_from: date,
        valid_to: date | None,
        by_whom: str,
        why: str = "",
    ) -> None:
        """Put the person of a stay in a group, or say which level of service the person has, from a day on; or how
        urgent the admission was, on its day. What was said before of the same day is replaced.

        :raises Refusal: records.no-stay, api.bad-parameter
        """
        if dimension not in DIMENSIONS or code not in codes_of(dimension):
            raise Refusal("api.bad-parameter", path="dimension")
        row = self._stay(stay)
        key = row["patient_key"]
        if dimension == "admission-urgency":
            admitted = day_of(times.moment(row["began_at"]))
            if valid_from != admitted:
                raise Refusal("api.bad-parameter", path="validFrom")
            valid_to = admitted
        if valid_to is not None and valid_to < valid_from:
            raise Refusal("api.bad-parameter", path="validTo")
        values = {
            "dimension": dimension,
            "code": code,
            "valid_from": valid_from.isoformat(),
            "valid_to": valid_to.isoformat() if valid_to else None,
            "source": "person",
        }

        def unit(session: Session) -> None:
            keep_input(session, self._said(key, by_whom), "dimension", {**values, "why": why})
            said = {name: values[name] for name in ("dimension", "valid_from", "code")}
            session.run("replace_dimension", patient_key=key, **said)
            session.run("keep_dimension", patient_key=key, **values)
            counted.mark(session, key, self._clock())

        await self._ledger.write(unit, touching=LOCK)

    async def settle(self, clock: str, by_whom: str, why: str = "") -> None:
        """Say that a person has taken care of a clock: its alarm is over.

        :raises Refusal: records.no-stay
        """

        def unit(session: Session) -> None:
            row = session.one("patient_of_clock", clock_id=clock)
            if row is None:
                raise Refusal("records.no-stay")
            said = self._said(row["patient_key"], by_whom)
            if not session.change("settle_clock", clock_id=clock, now=said.at):
                raise Refusal("records.no-stay")
            keep_input(session, said, "settled", {"clock": clock, "why": why})

        await self._ledger.write(unit, touching=LOCK)

    async def write(
        self,
        content: Json,
        patient_key: str,
        parties: frozenset[str],
        by_whom: str,
        check: Callable[[Session], None],
    ) -> Row:
        """Keep a resource of the API; `check` looks, in the same commit, whether it may be. Returns it as it stands
        then.

        :raises Refusal: as `inputs.keep`, and what `check` raises
        """
        said = Written(str(uuid4()), self._clock(), by_whom, patient_key, content, parties)

        def unit(session: Session) -> None:
            check(session)
            inputs.keep(session, said)

        return await self._projector.write(unit, patient_key, _stands(content["resourceType"], content["id"]))

    async def start_plan(
        self,
        patient_key: str,
        municipality: str,
        reason: Literal["new-user", "yearly"],
        day: date,
        by_whom: str,
    ) -> Row:
        """Start the plan without a discharge; returns its CarePlan. The same start again is the same plan."""
        definition = plan_definition()
        assert definition is not None
        id = plans.started_id(patient_key, municipality, reason, day.isoformat())

        def unit(session: Session) -> None:
            detail = {"reason": reason, "day": day.isoformat(), "municipality": municipality}
            said = self._said(patient_key, by_whom)
            input_id, _ = keep_input(session, said, "plan", detail)
            plans.start(session, definition, patient_key, detail, said.at, input_id)

        return await self._projector.write(unit, patient_key, _stands("CarePlan", id))

    def today(self) -> date:
        """The present day in Norway."""
        return day_of(times.moment(self._clock()))

    # --- what is named

    async def _say(self, kind: str, patient_key: str, by_whom: str, detail: Json) -> None:
        said = self._said(patient_key, by_whom)
        unit = partial(keep_input, said=said, kind=kind, detail=detail)
        await self._projector.write(unit, patient_key, lambda session: None)

    def _said(self, patient_key: str, by_whom: str) -> Written:
        return Written(str(uuid4()), self._clock(), by_whom, patient_key, {}, frozenset())

    def _message(self, id: str) -> Row:
        row = self._one("message", id=id)
        if row is None or not row["patient_key"]:
            raise Refusal("records.no-stay")
        return row

    def _stay(self, id: str) -> Row:
        row = self._one("stay_by_id", stay_id=id)
        if row is None:
            raise Refusal("records.no-stay")
        return row

    def _one(self, query: str, **values: Any) -> Row | None:
        row: Row | None = self._ledger.reading().execute(self._ledger.queries[query], values).fetchone()
        return row

    def _reading(self) -> _Reading:
        return _Reading(self._ledger)


class _Reading:
    """Asks named queries outside a unit."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def all(self, query: str, **values: Any) -> list[Row]:
        """Every row."""
        return self._ledger.reading().execute(self._ledger.queries[query], values).fetchall()


def _stands(resource_type: str, id: str) -> Callable[[Session], Row]:
    """A resource as it stands."""

    def read(session: Session) -> Row:
        row = session.one("resource_content", resource_type=resource_type, id=id)
        assert row is not None
        return row

    return read


def _key(row: Row) -> list[str]:
    return [row["sender_her"], row["message_id"]]
