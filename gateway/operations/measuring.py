"""What do measures show of the stays and plans here, and what have teams changed?

Figures are computed when somebody asks, from what each patient counts for (`records/counted.py`), so they are never
older than the rows of `records/`. Kept are the annotations (who wrote what about the work, and when), and the
MeasureReports that were published: weekly and monthly, each a resource with versions, which all of the
helsefellesskap may read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

import msgspec

from gateway.errors import Refusal
from gateway.ledger import times
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger
from gateway.measures.definitions import MEASURES, Measure
from gateway.measures.periods import Length, last_of, start_of
from gateway.measures.reports import Dimension, Report, Wanted, report_of
from gateway.measures.resources import measure_report
from gateway.measures.runchart import Annotation, Effect, RunChart, Stage, run_chart
from gateway.operations.once import once
from gateway.pathway.calendar import day_of
from gateway.projection.counting import counted_reader
from gateway.records import resources
from gateway.routing.partners import Partners
from gateway.settings_pathway import Community

LOCK = ("measures",)
"""Nothing of a lane is touched."""
RECORDS = ("records",)
"""Whoever writes resources has `records/` to himself."""
Json = dict[str, Any]
LENGTHS: Final[tuple[Length, ...]] = ("week", "month")
PUBLISHED_AT_ONCE = 20
"""MeasureReports of one commit."""
LOOK_BACK = timedelta(days=3 * 366)
LOOK_AHEAD = timedelta(days=366)
"""Index days further off are a sender's slip."""


@dataclass(frozen=True)
class NewAnnotation:
    """What somebody wants to note in the charts."""

    day: date
    stage: Stage
    text: str
    effect: Effect
    measure: str | None
    municipality: str | None
    by: str


class Measures:
    """What operators, the console and the API ask about measures. Reads are synchronous, from any thread."""

    def __init__(self, ledger: Ledger, partners: Partners, communities: Iterable[Community] = ()) -> None:
        """`communities`: whose members may read what is published."""
        known = tuple(communities)
        self._parties = frozenset(her for each in known for her in (*each.trusts, *each.municipalities))
        self._ledger = ledger
        self._partners = partners
        self._reader = counted_reader(ledger, known)

    def now(self) -> datetime:
        """The present time."""
        return times.moment(self._ledger.clock())

    def measure(self, id: str) -> Measure:
        """The measure of an id.

        :raises Refusal: api.not-found
        """
        found = MEASURES.get(id)
        if found is None:
            raise Refusal("api.not-found")
        return found

    def report(self, id: str, wanted: Wanted) -> Report:
        """The figures of a measure.

        :raises Refusal: api.not-found: there is no such measure.
        """
        measure = self.measure(id)
        return report_of(measure, self._reader.occasions(id, wanted.now), wanted)

    def chart(self, id: str, wanted: Wanted, stratum: str | None = None) -> RunChart:
        """The run chart of a measure, or of one stratum of the dimension in `wanted.by`.

        :raises Refusal: api.not-found: there is no such measure, or nothing in that stratum.
        """
        found = run_chart(self.report(id, wanted), stratum, self.annotations())
        if found is None:
            raise Refusal("api.not-found")
        return found

    def side_of(self, her_ids: frozenset[str]) -> tuple[Dimension, str]:
        """As what the stays know an organisation with these HER-ids: a municipality, or a trust."""
        stays = {(owner.trust, owner.municipality) for owner in self._reader.owners() if owner.trust}
        for her_id in sorted(her_ids):
            if any(trust == her_id for trust, _ in stays):
                return "trust", her_id
            if any(municipality == her_id for _, municipality in stays):
                return "municipality", her_id
        return "municipality", min(her_ids, default="")

    def name_of(self, dimension: str | None, code: str) -> str:
        """A stratum as it is read: a HER-id by the name of its owner."""
        if dimension in ("municipality", "trust"):
            owner = self._partners.owner_of(code)
            return owner.name if owner else code
        return "ukjent" if code == "unknown" else code

    def annotations(self) -> tuple[Annotation, ...]:
        """What stands in the charts, the oldest day first."""
        rows = self._ledger.reading().execute(self._ledger.queries["measure_annotations"], {}).fetchall()
        return tuple(
            Annotation(
                id=row["annotation_id"],
                day=date.fromisoformat(row["day"]),
                stage=row["stage"],
                text=row["text"],
                effect=row["effect"],
                measure=row["measure"],
                municipality=row["municipality_her"],
            )
            for row in rows
        )

    async def annotate(self, new: NewAnnotation, *, key: str | None = None) -> int:
        """Note in the charts what was changed; returns the annotation's id.

        Durable when it returns. A crash before: nothing was noted. The same again under the same key notes it once.

        :raises Refusal: api.bad-parameter: there is no such measure; operations.key-reused.
        """
        if new.measure is not None and new.measure not in MEASURES:
            raise Refusal("api.bad-parameter", path="measure")
        values = {
            "day": new.day.isoformat(),
            "stage": new.stage,
            "text": new.text,
            "effect": new.effect,
            "measure": new.measure,
            "municipality_her": new.municipality,
            "by_whom": new.by,
        }
        done = await self._once(
            key,
            {"annotate": values},
            lambda session: {
                "annotation": session.keep("keep_annotation", **values, at=self._ledger.clock())
            },
        )
        number: int = done["annotation"]
        return number

    async def take_back(self, id: int, by: str, *, key: str | None = None) -> None:
        """Take an annotation out of the charts; it is kept, marked.

        :raises Refusal: api.not-found: there is none (any more); operations.key-reused.
        """

        def do(session: Session) -> dict[str, Any]:
            now = self._ledger.clock()
            if not session.change("remove_annotation", annotation_id=id, at=now, by_whom=by):
                raise Refusal("api.not-found")
            return {"annotation": id}

        await self._once(key, {"take-back": id, "by": by}, do)

    async def publish(self) -> int:
        """Keep the weekly and monthly MeasureReports of every measure, by municipality; returns how many are new or say
        something else than before.

        Durable after each portion's commit. A crash leaves some unpublished; doing it again is harmless: a report that
        says the same makes no new version.
        """
        return await self._keep_all(await asyncio.to_thread(self._reports, _begun), self._keep)

    async def publish_due(
        self, due: Callable[[Length, date], list[date]], after_days: int, thread: Executor
    ) -> int:
        """Keep the MeasureReports of the periods that are due today, each once; returns how many were written.

        Durable after each portion's commit. A crash leaves some unwritten; doing it again writes those.

        :param due: which periods of a length are due on a day, by their first days
        :param after_days: so many days after its end a period is due
        :param thread: where they are computed
        """
        reports = await asyncio.get_running_loop().run_in_executor(thread, self._reports, due)
        return await self._keep_all(reports, partial(self._keep_once, after_days=after_days))

    async def _keep_all(self, reports: list[Json], keep: Callable[[Session, Json, int], bool]) -> int:
        at, written = self._ledger.clock(), 0
        for start in range(0, len(reports), PUBLISHED_AT_ONCE):
            portion = reports[start : start + PUBLISHED_AT_ONCE]

            def unit(session: Session, portion: list[Json] = portion) -> int:
                return sum(keep(session, content, at) for content in portion)

            written += await self._ledger.write(unit, touching=RECORDS)
        return written

    def _reports(self, of: Callable[[Length, date], list[date] | None]) -> list[Json]:
        """Every report of the periods wanted; None: of all that have begun."""
        now, found = self.now(), list[Json]()
        today = day_of(now)
        for id in MEASURES:
            for length in LENGTHS:
                starts = of(length, today)
                if starts == []:
                    continue
                since, until = start_of(today - LOOK_BACK, length), today + LOOK_AHEAD
                if starts:
                    since, until = min(starts), last_of(max(starts), length)
                wanted = Wanted(now, length, since=since, until=until)
                total, parts = self.report(id, wanted), self.report(id, replace(wanted, by="municipality"))
                had = [start for line in total.lines for start, _ in line.periods if start <= today]
                found += [
                    measure_report(total, start, parts) for start in had if starts is None or start in starts
                ]
        return found

    def _keep_once(self, session: Session, content: Json, at: int, *, after_days: int) -> bool:
        """Unless it was written since it fell due: so many days after its period's end."""
        known = session.one("resource_content", resource_type="MeasureReport", id=content["id"])
        if known is not None:
            written = day_of(datetime.fromisoformat(msgspec.json.decode(known["content"])["date"]))
            if written > date.fromisoformat(content["period"]["end"]) + timedelta(days=after_days):
                return False
        return self._keep(session, content, at)

    def _keep(self, session: Session, content: Json, at: int) -> bool:
        known = session.one("resource_content", resource_type="MeasureReport", id=content["id"])
        if known is not None:
            before = msgspec.json.decode(known["content"])
            if {**before, "date": None} == {**content, "date": None}:
                return False
        resources.put(session, resources.New(content, "measure", parties=self._parties), at)
        return True

    async def _once(
        self, key: str | None, request: dict[str, Any], do: Callable[[Session], dict[str, Any]]
    ) -> dict[str, Any]:
        now = self._ledger.clock()
        return await self._ledger.write(
            lambda session: once(session, key, request, now, lambda: do(session)), touching=LOCK
        )


def _begun(length: Length, today: date) -> None:
    """Every period that has begun."""
    return None
