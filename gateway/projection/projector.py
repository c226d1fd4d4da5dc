"""How does `records/` follow the ledger, and how is it made anew?

One background duty: the node that has it looks at accepted messages that nobody has looked at, in small portions, and
takes only a share of the processor's time while many come in. A delivery never waits for it.

Which messages those are is asked of the database: above the position, without a row of their own, or with one that
waits for its turn again since everything was removed (`removal`). The position is
moved up only over messages that all have one, and on PostgreSQL only when no transaction is open any more that
could still bring in a smaller number; so no message is passed over, whichever node commits when.

Durable after a portion's commit: the rows of its messages, of their patients, and the resources. A crash before it:
none of them, and the portion is looked at again. Doing it again is harmless: a message that has its row is left
alone, and a patient's rows follow from all that is known of the patient.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import zip_longest
from typing import Any, Final, Literal, TypeVar

import structlog

from gateway.errors import Refusal, Unavailable
from gateway.fhir import json as fhir_json
from gateway.ledger import times
from gateway.ledger.duty import Duty
from gateway.ledger.session import Notices, Row, Session
from gateway.ledger.store import Ledger
from gateway.pathway.calendar import day_of
from gateway.projection import goals, inputs, plans, rejections, resources, stay_resources
from gateway.projection.agreements import agreements_of
from gateway.projection.counting import Counting, counted_reader
from gateway.projection.crowd import Crowd
from gateway.projection.definitions import plan_definition
from gateway.projection.interpret import Interpretation, Interpreter
from gateway.projection.removal import NAME, is_outdated, remove_everything
from gateway.projection.resources import Named
from gateway.records import counted, stays
from gateway.records.resources import LATEST, New, Written, put, stored
from gateway.records.stays import Known, Settled
from gateway.settings import Settings
from gateway.translate.state import derived_id

LOCK: Final = ("records",)
"""Whoever writes in `records/` has this to himself: the projector, and a request that changes a resource."""
PORTION: Final = 5
"""Messages that are read at a time, and deliveries that are noted. Each has a commit of its own: on SQLite nothing else
is committed meanwhile, and a sender waits."""
LONGEST_SKIPPED: Final = 500
"""Messages looked at above the position: each question for the next ones passes over them, so it must not grow."""
AT_LEAST_EVERY_S: Final = 60.0
BREATH_S: Final = 0.2
"""Between two looks, however fast messages come."""
AGAIN_AFTER_FAILURE_S: Final = 5.0
UNCROWDED_SHARE: Final = 0.5
"""Of the time of one processor, while messages come in that are no crowd."""

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Looked:
    """A message and what it says."""

    row: Row
    named: Named
    said: Interpretation


class Projector:
    """Brings `records/` up to date."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        interpreter: Interpreter,
        owner: str,
        *,
        clock: Callable[[], int],
    ) -> None:
        """`owner`: names this node."""
        self._settings = settings
        self._ledger = ledger
        self._interpreter = interpreter
        self._clock = clock
        self._agreement_of = agreements_of(settings)
        self._duty = Duty(ledger, NAME, owner, settings.gateway.lease_s)
        self._changed = asyncio.Event()
        self._crowd = Crowd()
        self._task: asyncio.Task[None] | None = None
        self.counting = Counting(ledger, counted_reader(ledger, settings.community))

    async def start(self) -> None:
        """Begin."""
        await self._ledger.write(lambda session: session.run("begin_projection", name=NAME), touching=LOCK)
        self._ledger.listen(self._heard)
        self._task = asyncio.create_task(self._going_on())

    async def stop(self) -> None:
        """End; what is not done is done at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            with contextlib.suppress(Unavailable):
                await self._duty.end()

    def _heard(self, notices: Notices) -> None:
        if notices.changed or notices.missed:
            self._changed.set()

    async def _going_on(self) -> None:
        """Whatever goes wrong, it goes on; only a closed ledger ends it."""
        while True:
            try:
                await self._follow()
            except Exception as error:
                if isinstance(error, Unavailable) and error.code == "us.shutting-down":
                    return
                log.error("records.failed", kind=type(error).__name__)
                await asyncio.sleep(AGAIN_AFTER_FAILURE_S)

    async def _follow(self) -> None:
        while True:
            self._changed.clear()
            if await self._duty.is_ours():
                began = time.monotonic()
                while await self.portion():
                    await self._make_way(time.monotonic() - began)
                    began = time.monotonic()
                await self.turn_of_day()
                await self._count()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AT_LEAST_EVERY_S):
                    await self._changed.wait()
            await asyncio.sleep(BREATH_S)

    async def _count(self) -> None:
        """Bring up to date what measures are made of; messages that came meanwhile go before the rest of it."""
        began = time.monotonic()
        while await self.counting.portion():
            if self._changed.is_set():
                break
            await asyncio.sleep((time.monotonic() - began) * (1 / UNCROWDED_SHARE - 1))
            began = time.monotonic()

    async def _make_way(self, worked_s: float) -> None:
        """Leave the processor to deliveries for a time, after so many seconds of work: long in a crowd."""
        share = self._settings.pathway.share if self._crowd.is_there else UNCROWDED_SHARE
        await asyncio.sleep(worked_s * (1 / share - 1) if self._crowd.grew else 0)

    async def catch_up(self) -> None:
        """Look at everything there is now."""
        while await self.portion():
            pass

    async def portion(self) -> bool:
        """Look at the next messages, or take in again what was said here; False: there was nothing."""
        horizon = self._read("horizon")[0]
        self._crowd.seen(time.monotonic(), horizon["newest"])
        state = self._read("projection", name=NAME)[0]
        rows = self._read("messages_to_project", position=state["position"], most=PORTION)
        said = self._read("inputs_to_replay", after=state["inputs"], most=1)
        until = said[0]["at"] if said else LATEST
        delivered = self._read("newly_delivered", before=until, most=PORTION)
        if said and not delivered and (not rows or until <= rows[0]["received_at"]):
            await self._ledger.write(lambda session: self._replay(session, said[0], state), touching=LOCK)
            return True
        if not rows and not delivered:
            await self._move(state, horizon, horizon["newest"])
            return False
        if rows and rows[0]["sequence"] - state["position"] > LONGEST_SKIPPED:
            await self._move(state, horizon, min(horizon["newest"], rows[0]["sequence"] - 1))
        due = [row for row in rows if row["received_at"] < until]
        async with contextlib.aclosing(self._looked(due)) as all_looked:
            async for looked in all_looked:
                keep = partial(self._keep, looked=looked, until=until, as_read=state)
                await self._ledger.write(keep, touching=LOCK)
        for row in delivered:
            await self._ledger.write(partial(self._note_delivered, row=row), touching=LOCK)
        return True

    def _replay(self, session: Session, row: Row, as_read: Row) -> None:
        """What was said here, when everything is made anew; nothing where another has done it meanwhile. `as_read`: how
        the projection stood when the row was read."""
        if is_outdated(session, as_read, "inputs"):
            return
        detail = json.loads(row["detail"])
        definition = plan_definition()
        if row["kind"] == "resource":
            content = fhir_json.read_own(row["content"])
            parties = frozenset(detail["parties"])
            said = inputs.Written(row["id"], row["at"], row["by_whom"], row["patient_key"], content, parties)
            with contextlib.suppress(Refusal):
                inputs.apply(session, said, row["input_id"], again=True)
        elif row["kind"] == "plan" and definition is not None:
            plans.start(session, definition, row["patient_key"], detail, row["at"], row["input_id"])
        session.run("projection_inputs", name=NAME, inputs=row["input_id"])
        if row["patient_key"]:
            self._anew(session, (row["patient_key"],))

    async def _looked(self, rows: list[Row]) -> AsyncGenerator[Looked, None]:
        """The messages with what they say, in order; the next one is read while the one before it is kept."""
        coming: asyncio.Task[Looked] | None = None
        try:
            for row, after in zip_longest(rows, rows[1:]):
                looked = await (coming or self._look(row))
                coming = None if after is None else asyncio.create_task(self._look(after))
                yield looked
        finally:
            if coming is not None:
                coming.cancel()

    async def _look(self, row: Row) -> Looked:
        accepted = times.moment(row["received_at"])
        named = resources.named(self._first, row)
        if row["removed_at"] is not None:
            return Looked(row, named, Interpretation(None, None, "operations.body-removed"))
        content: Literal["xml", "fhir"] = "fhir" if row["format"] == "fhir-r4" else "xml"
        said = await self._interpreter.interpret(row["content"], content, accepted, named)
        return Looked(row, named, _of_original(said, row["original_id"]))

    def _keep(self, session: Session, looked: Looked, until: int, as_read: Row) -> None:
        """`until`: what left us later than this is noted afterwards: something was said here before it. `as_read`: how
        the projection stood before the message was read."""
        if is_outdated(session, as_read):
            return
        row, said = looked.row, looked.said
        if row["removed_at"] is None and session.one("body_is_here", message=row["sequence"]) is None:
            return  # it was removed since it was read: it is looked at as that
        if row["removed_at"] is not None and session.change("keep_event_again", message=row["sequence"]):
            if row["patient_key"]:
                self._anew(session, (row["patient_key"],))
            return
        takes_part = said.event is not None and row["patient_key"] is not None
        delivered_at = row["sent_at"] if row["sent_at"] is not None and row["sent_at"] < until else None
        to_deliver = takes_part and not row["is_receipt"]
        new = session.change(
            "keep_pathway_event",
            message=row["sequence"],
            patient_key=row["patient_key"],
            event=stays.written(said.event) if takes_part and said.event else None,
            delivered_at=delivered_at if to_deliver else None,
            undelivered=int(to_deliver and delivered_at is None),
            failed=said.failed,
        )
        if new and said.resources is not None:
            self._keep_resources(session, looked, said.resources)
        if new and takes_part:
            self._anew(session, (row["patient_key"],))

    def _note_delivered(self, session: Session, row: Row) -> None:
        session.run("mark_delivered", message=row["message"], delivered_at=row["sent_at"])
        if row["patient_key"]:
            self._anew(session, (row["patient_key"],))

    def _keep_resources(self, session: Session, looked: Looked, new: tuple[Written, ...]) -> None:
        row = looked.row
        for goal in resources.keep(session, row, looked.named.root, new, row["received_at"]):
            if row["patient_key"]:
                at = row["generated_at"] or row["received_at"]
                goals.note_goal(session, goal, row["patient_key"], at, row["sequence"])
        if row["patient_key"]:
            session.run("link_goals", patient_key=row["patient_key"])
            counted.mark(session, row["patient_key"], self._clock())

    def _anew(self, session: Session, patients: Iterable[str]) -> None:
        """Write the rows of these patients, and the resources that follow from them."""
        now = times.moment(self._clock())
        for patient_key in sorted(patients):
            of = stays.known(session, patient_key)
            before = {row["stay_id"] for row in session.all("stays_of_patient", patient_key=patient_key)}
            found, settled = stays.keep(session, of, self._agreement_of, now)
            self._keep_stay_resources(session, of, settled, before, times.of(now))
            rejections.keep(session, of, times.of(now))
            definition = plan_definition()
            if self._settings.pathway.plan and definition is not None:
                plans.keep(session, definition, of, found, settled, now)
            self._keep_episodes(session, of, settled, times.of(now))
            counted.mark(session, patient_key, times.of(now))

    def _keep_stay_resources(
        self, session: Session, of: Known, settled: Iterable[Settled], before: set[str], at: int
    ) -> None:
        sequence_of = {
            derived_id("communication", *event.key): sequence for sequence, event in of.events.items()
        }
        for each in settled:
            before.discard(each.id)
            parties = frozenset({each.stay.trust, *each.stay.municipalities})
            for content in stay_resources.resources_of(each, of.patient_key):
                message = sequence_of.get(content["id"])
                put(session, New(content, "pathway", of.patient_key, parties, message=message), at)
        for gone in before:
            for kind, id in (("Encounter", gone), ("EpisodeOfCare", stay_resources.episode_id(gone))):
                known = session.one("resource_content", resource_type=kind, id=id)
                if known is not None:
                    put(session, New(resources.in_error(stored(known)), "pathway", of.patient_key), at)

    def _keep_episodes(self, session: Session, of: Known, settled: Iterable[Settled], at: int) -> None:
        for each in settled:
            asked = {"resource_type": "CarePlan", "id": plans.plan_id(each.id)}
            known = session.one("resource_content", **asked) if self._settings.pathway.plan else None
            plan = stored(known) if known is not None else None
            content = stay_resources.episode_of(each, of.patient_key, plan)
            parties = frozenset({each.stay.trust, *each.stay.municipalities})
            put(session, New(content, "pathway", of.patient_key, parties), at)

    async def anew(self, patients: Iterable[str]) -> None:
        """Write these patients' rows anew."""
        wanted = tuple(patients)
        await self._ledger.write(lambda session: self._anew(session, wanted), touching=LOCK)

    async def write(
        self, unit: Callable[[Session], object], patient_key: str, seen: Callable[[Session], Answer]
    ) -> Answer:
        """Run a unit that says something of a patient, and write what follows from it, in one commit; returns what is
        `seen` of it there: afterwards it may have been changed again, or removed to be made anew.

        :raises Refusal: whatever the unit raises; then nothing is kept.
        """

        def whole(session: Session) -> Answer:
            unit(session)
            self._anew(session, (patient_key,))
            return seen(session)

        return await self._ledger.write(whole, touching=LOCK)

    async def rebuild(self) -> None:
        """Remove everything that can be made anew, and begin again; what the messages' bodies no longer tell, stays.

        Durable after it: that the projection stands at its beginning. A crash before it: everything is as it was. What
        is made anew in the background is seen as it comes.
        """
        await self._ledger.write(remove_everything, touching=LOCK)
        self._changed.set()

    async def turn_of_day(self) -> None:
        """Once the day has turned: count the days of those who lie ready, and close plans whose time is over."""
        today = day_of(times.moment(self._clock())).isoformat()
        while rows := self._read("patients_ready_before", today=today, most=PORTION):
            await self.anew(row["patient_key"] for row in rows)
        definition = plan_definition()
        if definition is not None and self._settings.pathway.plan:
            days = timedelta(days=definition.days + 1) + plans.CLOSED_AFTER
            before = (day_of(times.moment(self._clock())) - days).isoformat()
            if rows := self._read("patients_with_old_plans", before=before, most=PORTION):
                await self.anew(row["patient_key"] for row in rows)

    async def _move(self, row: Row, horizon: Row, looked_at: int) -> None:
        """Move the position over what is certain to be complete.

        `looked_at`: nothing that is seen stands unlooked at up to there; `row` and `horizon`: as they were before that
        was read. Where everything was removed meanwhile, nothing has been looked at, and nothing is moved.
        """
        position, candidate, needed = row["position"], row["candidate"], row["candidate_next"]
        if candidate <= looked_at and horizon["oldest"] >= needed:
            position, candidate, needed = max(position, candidate), looked_at, horizon["next_one"]
            if horizon["oldest"] >= needed:
                position = max(position, candidate)
        moved = {"position": position, "candidate": candidate, "candidate_next": needed}

        def unit(session: Session) -> None:
            if not is_outdated(session, row, *moved):
                _quietly(session, "move_projection", name=NAME, **moved)

        if any(row[name] != value for name, value in moved.items()):
            await self._ledger.write(unit, touching=LOCK)

    def _first(self, query: str, **values: Any) -> Row | None:
        return next(iter(self._read(query, **values)), None)

    def _read(self, query: str, **values: Any) -> list[Row]:
        return self._ledger.reading().execute(self._ledger.queries[query], values).fetchall()


def _of_original(said: Interpretation, original_id: str | None) -> Interpretation:
    """A receipt answers the message that was found for it when it came in, by whatever name it calls that."""
    if said.event is None or original_id is None:
        return said
    return replace(said, event=replace(said.event, receipt_for=original_id))


def _quietly(session: Session, query: str, **values: Any) -> None:
    """Change what no page shows."""
    session.run(query, **values)
    session.notices.changed = False
