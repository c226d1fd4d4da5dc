"""How do the API and the background work reach what operators do? One object for one running gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gateway.certificates import Named
from gateway.errors import Refusal
from gateway.ledger import check, times
from gateway.ledger.certificates import Known, certificates
from gateway.ledger.check import LedgerCheck
from gateway.ledger.operations import HoldMode, Item, OperationsReader, Selection
from gateway.ledger.overview import OverviewReader
from gateway.ledger.session import Session
from gateway.ledger.store import Ledger
from gateway.operations import actions, endpoints, metrics, quarantine, replay, retention
from gateway.operations.actions import Act, Action
from gateway.operations.background import Background, Inbox
from gateway.operations.certificates import CertificateWatch
from gateway.operations.endpoints import EndpointState
from gateway.operations.once import Json, once
from gateway.operations.quarantine import Annotate
from gateway.operations.replay import Preview
from gateway.operations.retention import Digest, Removed
from gateway.operations.traffic import TrafficCounts
from gateway.routing.dispatch import Dispatcher
from gateway.routing.partners import Partners
from gateway.settings import Settings


class Operations:
    """What operators may do and see."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        partners: Partners,
        dispatcher: Dispatcher,
        annotate: Annotate,
        digest: Digest,
        named: Iterable[Named] = (),
    ) -> None:
        """`annotate` puts a person's note into a translation; `digest` stays of a message that is removed; `named`:
        certificates in the files of the settings."""
        self._annotate = annotate
        self._digest = digest
        self._settings = settings
        self._ledger = ledger
        self._partners = partners
        self._dispatcher = dispatcher
        self.reader = OperationsReader(ledger)
        self.overview = OverviewReader(ledger)
        self.traffic = TrafficCounts(ledger)
        watch = CertificateWatch(settings, named, dispatcher.transports)
        self._background = Background(settings, ledger, self.reader, partners, dispatcher, digest, watch)

    async def start(self) -> None:
        """Begin to watch, to tell, to replay and to remove."""
        self._background.start()
        self.traffic.start(times.moment(self._ledger.clock()))

    def follow(self, inboxes: Sequence[Inbox]) -> None:
        """Have an alarm for each folder in which something stays that cannot be taken over."""
        self._background.inboxes = inboxes

    async def stop(self) -> None:
        """End it; what was begun goes on at the next start."""
        await self._background.stop()
        await asyncio.to_thread(self.traffic.stop)

    # --- deliveries

    def item(self, delivery_id: int) -> Item:
        """One delivery.

        :raises Refusal: api.not-found
        """
        found = self.reader.item(delivery_id)
        if found is None:
            raise Refusal("api.not-found")
        return found

    async def act(
        self,
        delivery_id: int,
        action: Action,
        act: Act,
        *,
        to: str = "",
        again: bool = False,
        note: str = "",
        seen: str | None = None,
        key: str | None,
    ) -> Json:
        """Do something with a delivery; says which delivery to look at. `seen`: its state when it was decided; None: it
        does not matter.

        :raises Refusal: as in `actions`, and operations.changed-meanwhile, .key-reused
        """

        def do(session: Session, now: int) -> Json:
            shown = delivery_id
            if seen is not None and actions.found(session, delivery_id)["state"] != seen:
                raise Refusal("operations.changed-meanwhile")
            if action == "resend":
                actions.resend(session, delivery_id, self._partners, act, now, again=again)
            elif action == "redirect":
                shown = actions.redirect(session, delivery_id, to, self._partners, act, now)
            elif action == "cancel":
                actions.cancel(session, delivery_id, act, now)
            elif action == "hand-over":
                actions.hand_over(session, delivery_id, act, now)
            else:
                self._decide(session, delivery_id, action, act, note, now)
            return {"delivery": shown}

        return await self._once(key, [action, delivery_id, act.by, act.why, to, again, note], do)

    def _decide(
        self, session: Session, delivery_id: int, action: Action, act: Act, note: str, now: int
    ) -> None:
        """A decision about a delivery that is held."""
        row = actions.found(session, delivery_id)
        if action == "release":
            quarantine.release(session, row, self._partners, act, now)
        elif action == "forward":
            quarantine.forward(session, row, note, self._annotate, self._partners, act, now)
        else:
            quarantine.refuse(session, row, act, now)

    # --- endpoints

    def endpoints(self) -> tuple[EndpointState, ...]:
        """How every endpoint is."""
        return endpoints.states(self._settings, self.reader, self._dispatcher.pumps)

    def endpoint(self, her_id: str) -> EndpointState:
        """How the endpoint is that reaches this HER-id.

        :raises Refusal: api.not-found
        """
        first = endpoints.endpoint_of(self._partners, her_id).her_ids[0]
        return next(each for each in self.endpoints() if each.id == first)

    def certificates(self) -> tuple[Known, ...]:
        """The certificates that endpoints depend on, as far as they are known here."""
        return certificates(self.reader)

    async def hold(
        self, her_id: str, mode: HoldMode, act: Act, *, key: str | None, seen: str | None = None
    ) -> Json:
        """Pause or drain an endpoint. `seen`: how it was held (`endpoints.mark_of`) when it was decided.

        :raises Refusal: api.not-found, operations.changed-meanwhile, .key-reused
        """
        endpoint = endpoints.endpoint_of(self._partners, her_id)

        def do(session: Session, now: int) -> Json:
            endpoints.expect(session, endpoint, seen)
            endpoints.hold(session, endpoint, mode, act, now)
            return {"endpoint": endpoint.her_ids[0]}

        return await self._once(key, [mode, her_id, act.by, act.why], do)

    async def resume(self, her_id: str, act: Act, *, key: str | None, seen: str | None = None) -> Json:
        """Take an endpoint into use again, and try it at once. `seen`: as in `hold`.

        :raises Refusal: api.not-found, operations.changed-meanwhile, .key-reused
        """
        endpoint = endpoints.endpoint_of(self._partners, her_id)

        def do(session: Session, now: int) -> Json:
            endpoints.expect(session, endpoint, seen)
            endpoints.resume(session, endpoint, now)
            return {"endpoint": endpoint.her_ids[0]}

        answer = await self._once(key, ["resume", her_id, act.by, act.why], do)
        self._dispatcher.pumps[endpoint.her_ids[0]].try_again()
        return answer

    # --- replays

    def preview(self, wanted: Selection, *, per_second: float | None, again: bool) -> Preview:
        """What would happen if these were sent again.

        :raises Refusal: operations.too-many-selected
        """
        rate = per_second or self._settings.replay.per_second
        return replay.preview(self.reader, self._partners, wanted, per_second=rate, again=again)

    async def begin_replay(
        self,
        wanted: Selection,
        mark: str,
        act: Act,
        *,
        per_second: float | None,
        again: bool,
        key: str | None,
    ) -> Json:
        """Send again what a preview has shown.

        :raises Refusal: operations.preview-outdated, .nothing-selected, .too-many-selected, .key-reused
        """
        since = self._ledger.clock()
        shown = await self.reader.in_thread(lambda: self.preview(wanted, per_second=per_second, again=again))

        def do(session: Session, now: int) -> Json:
            if shown.mark != mark:
                raise Refusal("operations.preview-outdated")
            return {"replay": replay.begin(session, shown, wanted, act, now, since=since)}

        return await self._once(key, ["replay", mark, act.by, act.why], do)

    async def stop_replay(self, replay_id: int, *, key: str | None) -> Json:
        """Let a replay end here.

        :raises Refusal: api.not-found, operations.replay-over
        """

        def do(session: Session, now: int) -> Json:
            if session.one("replay_state", replay_id=replay_id) is None:
                raise Refusal("api.not-found")
            if not replay.end(session, replay_id, "stopped", "operations.replay-stopped", now):
                raise Refusal("operations.replay-over")
            return {"replay": replay_id}

        return await self._once(key, ["stop", replay_id], do)

    # --- keeping and checking

    def to_remove(self) -> Removed:
        """What retention would remove now."""
        return retention.due(self.reader, self._settings.retention, self._ledger.clock())

    async def remove(self) -> Removed:
        """Remove what has been kept for long enough.

        :raises Refusal: operations.retention-not-configured
        """
        kept = self._settings.retention
        if kept.bodies_days is None and kept.metadata_days is None:
            raise Refusal("operations.retention-not-configured")
        return await retention.run(self._ledger, self.reader, kept, self._ledger.clock(), self._digest)

    def check(self) -> LedgerCheck:
        """Whether the ledger is as it must be."""
        return check.check(self._ledger)

    def metrics(self) -> str:
        """The figures for Prometheus."""
        return metrics.exposition(self._ledger, self.reader, self.endpoints(), self._ledger.clock())

    async def _once(self, key: str | None, request: list[Any], do: Callable[[Session, int], Json]) -> Json:
        def unit(session: Session) -> Json:
            now = self._ledger.clock()
            return once(session, key, {"asked": request}, now, lambda: do(session, now))

        return await self._ledger.write(unit)
