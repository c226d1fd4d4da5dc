"""Where does a vendor's EPJ post its receipts and messages while a conformance play goes on?

At an address that cannot be guessed and that ends with the play. What comes is checked and forgotten: it never meets
the ledger.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.bodies import Bodies
from gateway.errors import Refusal
from gateway.services import GatewayServices


def plays_router(services: GatewayServices, bodies: Bodies) -> APIRouter:
    """The inboxes of the plays."""
    router = APIRouter(prefix="/plays", include_in_schema=False)

    @router.post("/{token}")
    @router.post("/{token}/{rest:path}")
    async def inbox(request: Request, token: str, rest: str = "") -> Response:
        """Take what the vendor posts; an EPJ that adds a path to the address (/messages) may."""
        run = services.plays.find(token)
        if run is None or run.over:
            raise Refusal("api.not-found")
        async with bodies.of(request) as body:
            return Response(status_code=await services.plays.receive(token, body))

    return router
