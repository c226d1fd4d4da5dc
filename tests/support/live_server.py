"""How is an application tried over real HTTP? A uvicorn of its own in a thread, on a free port of this machine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

START_SECONDS = 20.0


@contextmanager
def live_server(app: ASGIApp) -> Iterator[str]:
    """The base URL of the running application; its lifespan is started and ended with it."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    started = threading.Event()
    startup = server.startup

    async def startup_and_tell(sockets: object = None) -> None:
        await startup()
        started.set()

    server.startup = startup_and_tell  # type: ignore[method-assign,assignment]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert started.wait(START_SECONDS), "the server did not start"
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
    assert not thread.is_alive(), "the server did not stop"


@asynccontextmanager
async def live_server_beside(app: ASGIApp) -> AsyncIterator[str]:
    """The same for a test whose own loop answers the application: it goes on while the application ends, which waits
    for what it has begun to send."""
    running = live_server(app)
    url = running.__enter__()
    try:
        yield url
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)
