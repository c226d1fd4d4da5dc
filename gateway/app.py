"""How is a gateway put together, started and stopped?

open the ledger → take up what the last process left → pumps, deadlines, folders → HTTP
stop: HTTP → folders → pumps (what is under way may end) → transports → ledger
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Final

import anyio.to_thread
import structlog
import uvicorn
from fastapi import FastAPI

from gateway import __version__, logs
from gateway.accounts.service import Accounts
from gateway.errors import ConfigurationError, SomlosError, Unavailable
from gateway.ledger import messages, patient_key
from gateway.ledger.patient_key import PatientKeys
from gateway.ledger.reader import LedgerReader
from gateway.ledger.store import Ledger, database_at
from gateway.memory import keep_for_good
from gateway.operations.endpoints import hold_added
from gateway.operations.measuring import Measures
from gateway.operations.publishing import Publisher
from gateway.operations.quarantine import Annotate
from gateway.operations.service import Operations
from gateway.operations.trials import Trials
from gateway.projection.desk import Desk
from gateway.projection.interpret import Interpreter
from gateway.projection.projector import Projector
from gateway.records.reader import PathwayReader
from gateway.routing.credentials import Credentials
from gateway.routing.dispatch import Dispatcher
from gateway.routing.intake import Intake
from gateway.routing.partners import Partners
from gateway.routing.ports import Reader, Translator
from gateway.services import GatewayServices
from gateway.settings import Settings
from gateway.translate.annotate import annotated
from gateway.transports.base import Transport
from gateway.transports.directory import DirectoryTransport
from gateway.transports.http import HttpTransport
from gateway.transports.memory import MemoryTransport
from gateway.transports.tls import certificates_of

GRACEFUL_SHUTDOWN_S: Final = 10
KEEP_ALIVE_S: Final = 30
LOOK_S: Final = 0.05

log = structlog.get_logger(__name__)


class Running:
    """The parts of one gateway, and their order of starting and stopping."""

    def __init__(
        self,
        settings: Settings,
        reader: Reader,
        translator: Translator,
        transports: Mapping[str, Transport] | None = None,
        interpreter: Interpreter | None = None,
        annotate: Annotate = annotated,
    ) -> None:
        """Nothing is opened yet. Without an `interpreter` nothing is made of the messages beside delivering them.

        :raises ConfigurationError: the ledger's driver is missing, or the patient key or a certificate cannot be used.
        """
        ledger = Ledger(database_at(settings.gateway.ledger))
        self.keys: PatientKeys = patient_key.load(settings.gateway)
        self.transports: Mapping[str, Transport] = transports if transports is not None else all_transports()
        partners, credentials = Partners(settings), Credentials(settings)
        intake = Intake(
            settings, ledger, reader, partners, self.keys, translator=translator, clock=ledger.clock
        )
        dispatcher = Dispatcher(
            ledger,
            intake,
            partners,
            credentials,
            translator,
            self.transports,
            clock=ledger.clock,
            lease_s=settings.gateway.lease_s,
        )
        self.projector: Projector | None = None
        if interpreter is not None and settings.pathway.enabled:
            self.projector = Projector(settings, ledger, interpreter, dispatcher.owner, clock=ledger.clock)
        measures = Measures(ledger, partners, settings.community)
        self.publisher = Publisher(
            settings.measures, ledger, measures, dispatcher.owner, settings.gateway.lease_s
        )
        self.services = GatewayServices(
            settings=settings,
            credentials=credentials,
            partners=partners,
            intake=intake,
            reader=LedgerReader(ledger),
            ledger=ledger,
            dispatcher=dispatcher,
            operations=Operations(
                settings,
                ledger,
                partners,
                dispatcher,
                annotate,
                reader.canonical_digest,
                certificates_of(settings),
            ),
            trials=Trials(settings, ledger, partners, dispatcher, intake),
            pathway=PathwayReader(ledger),
            measures=measures,
            projector=self.projector,
            desk=Desk(ledger, self.projector, clock=ledger.clock) if self.projector else None,
            patient_keys=self.keys,
            accounts=Accounts(settings.console, ledger, partners),
        )

    async def start(self) -> None:
        """Open the ledger and begin to send.

        :raises Unavailable: the ledger cannot be opened.
        :raises ConfigurationError: the patient key is another than the one the ledger was begun with.
        """
        self.services.ledger.open()
        try:
            mine = self.keys.fingerprint
            kept = await self.services.ledger.write(
                lambda session: messages.ensure_fact(session, "patient-key", mine)
            )
            if kept != mine:
                raise ConfigurationError("configuration.patient-key-differs", path="gateway.patient_key")
            await self.services.ledger.write(partial(hold_added, self.services.settings))
            await self.services.dispatcher.start()
            await self.services.operations.start()
            if self.projector is not None:
                await self.projector.start()
            self.publisher.start()
        except BaseException:
            self.services.ledger.close()
            raise

    async def stop(self) -> None:
        """Let what is under way end, and close everything."""
        await asyncio.to_thread(self.services.plays.stop)
        await self.publisher.stop()
        if self.projector is not None:
            await self.projector.stop()
        await self.services.operations.stop()
        await self.services.dispatcher.stop()
        for transport in self.transports.values():
            await transport.close()
        await _pages_are_read()
        self.services.ledger.close()


async def _pages_are_read() -> None:
    """Wait for pages that still read in threads, though nobody waits for them any more: a connection that is closed
    under a thread takes the process down."""
    threads = anyio.to_thread.current_default_thread_limiter()
    while threads.borrowed_tokens:
        await asyncio.sleep(LOOK_S)


def all_transports() -> dict[str, Transport]:
    """Every transport that an endpoint may name."""
    return {"http": HttpTransport(), "directory": DirectoryTransport(), "memory": MemoryTransport()}


def create_app(settings: Settings) -> FastAPI:
    """The whole gateway as one application; it starts and stops with its lifespan.

    :raises ConfigurationError: as `Running`, or the installation's mapping definitions do not hold.
    """
    from gateway.api import create_api
    from gateway.console import compile_pages, create_console
    from gateway.formats import Formats
    from gateway.inboxes import inboxes_of
    from gateway.translate import mapping_check
    from gateway.workers import Workers

    mapping_check.take_into_use(settings.gateway.mappings_dir)
    workers = Workers(Formats(), settings.gateway.workers)
    running = Running(settings, workers, workers, interpreter=workers)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            await running.start()
        except Exception as error:
            ours = isinstance(error, SomlosError)
            app.state.start_error = error if ours else Unavailable("us.internal", path=type(error).__name__)
            raise
        inboxes = inboxes_of(running.services)
        running.services.operations.follow(inboxes)
        looking = [asyncio.create_task(inbox.run()) for inbox in inboxes]
        compiled = asyncio.create_task(asyncio.to_thread(compile_pages))
        try:
            yield
        finally:
            for task in looking:
                task.cancel()
            await asyncio.gather(*looking, compiled, return_exceptions=True)
            await running.stop()
            await workers.stop()

    app = create_api(running.services, lifespan=lifespan)
    app.include_router(create_console(running.services))
    app.state.services = running.services
    return app


class _Server(uvicorn.Server):
    """Says where it listens once it does (the configured port may be 0), and lets waiting pages go when it stops."""

    def __init__(self, config: uvicorn.Config, ledger: Ledger) -> None:
        super().__init__(config)
        self._ledger = ledger

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Start, and log the address."""
        await super().startup(sockets)  # type: ignore[arg-type]
        keep_for_good()
        for server in getattr(self, "servers", []):
            for each in server.sockets:
                host, port = each.getsockname()[:2]
                log.info("gateway.listening", host=host, port=port, version=__version__)

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Stop: what is being answered may end, within its time."""
        self._ledger.end_waiting()
        await super().shutdown(sockets)  # type: ignore[arg-type]


def serve(settings: Settings) -> None:
    """Run the gateway until it is told to stop (SIGTERM, SIGINT).

    :raises ConfigurationError: as `create_app`, or the patient key is another than the ledger's.
    :raises Unavailable: the ledger cannot be opened, or the address cannot be used.
    """
    from gateway.api.in_one_piece import InOnePiece

    logs.configure()
    host, port = settings.gateway.address
    app = create_app(settings)
    services: GatewayServices = app.state.services
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=InOnePiece,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    server = _Server(config, services.ledger)
    logging.getLogger("uvicorn.error").addFilter(
        lambda _: server.started
    )  # why it does not start, we say below
    ended = False
    with contextlib.suppress(SystemExit):  # uvicorn's way to say that it could not start
        server.run()
        ended = True
    error: SomlosError | None = getattr(app.state, "start_error", None)
    if error is not None:
        raise error
    if not ended:
        raise Unavailable("us.address-taken", path="gateway.listen")
