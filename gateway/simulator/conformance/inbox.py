"""Where does the vendor's EPJ post to while a stay is played from the command line? Any path of this address."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.conformance.counterpart import Counterpart


@contextlib.asynccontextmanager
async def served(counterpart: Counterpart, listener: socket.socket) -> AsyncIterator[None]:
    """The counterpart's inbox on `listener`, which is closed at the end."""

    async def take(request: Request) -> Response:
        return Response(status_code=counterpart.receive(await request.body()))

    app = Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    """Leaves the signals of the process alone: Ctrl-C ends the play."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        """Capture nothing."""
        yield
