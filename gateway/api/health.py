"""Does this process live, and can it do its work?

Both answers say nothing about messages or partners, so they need no credential.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from gateway.services import GatewayServices


def health_router(services: GatewayServices) -> APIRouter:
    """The routes for whoever watches over the process."""
    router = APIRouter(prefix="/health", tags=["health"])

    @router.get("/live")
    async def live() -> Response:
        """200: the process answers."""
        return JSONResponse({"status": "live"})

    @router.get("/ready")
    async def ready() -> Response:
        """200: messages can be taken in and sent on; 503: one of the parts named cannot do its work."""
        parts = {"ledger": services.ledger.is_ready, "dispatcher": services.dispatcher.is_running}
        well = all(parts.values())
        return JSONResponse(
            {"status": "ready" if well else "not ready", **parts}, status_code=200 if well else 503
        )

    return router
