"""What may a system ask of the gateway, and how does it get an answer?

`create_api` puts the routes together; nothing here knows XML or SQL.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import __version__
from gateway.api.accounts import accounts_router
from gateway.api.bodies import AT_ONCE_BYTES, Bodies
from gateway.api.fhir import fhir_router
from gateway.api.fhir_resources import resources_router
from gateway.api.guard import Guard
from gateway.api.health import health_router
from gateway.api.measures import measures_router
from gateway.api.messages import HandedIn, hand_in, messages_router
from gateway.api.operations import metrics_router, operations_router
from gateway.api.pathways import pathways_router
from gateway.api.plays import plays_router
from gateway.api.problems import error_refusal, refusal
from gateway.errors import SomlosError
from gateway.services import GatewayServices

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Api(FastAPI):
    """The application. What is handed in goes a shorter way, under the same guard."""

    handed_in: HandedIn
    guarded: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if self.handed_in.is_asked(scope):
            await self.guarded(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_api(
    services: GatewayServices, *, lifespan: Lifespan | None = None, at_once: int = AT_ONCE_BYTES
) -> Api:
    """The application with all routes for systems.

    `lifespan` starts and stops what runs beside them; `at_once`: most bytes of bodies held at a time.
    """
    api = Api(
        title="Sømløs",
        version=__version__,
        description="Care messages between hospital and municipality: PLO XML and FHIR R4.",
        docs_url=None,  # its pages load from other hosts
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,  # a redirect would repeat the address that was asked for
        lifespan=lifespan,
    )
    bodies = Bodies(services.settings.gateway.max_body_bytes, at_once)
    endpoints = hand_in(services, bodies)
    api.include_router(messages_router(services, endpoints))
    api.include_router(fhir_router(services, bodies))
    api.include_router(health_router(services))
    api.include_router(operations_router(services))
    api.include_router(measures_router(services))
    api.include_router(metrics_router(services))
    api.include_router(pathways_router(services))
    api.include_router(accounts_router(services))
    api.include_router(plays_router(services, bodies))
    if services.projector is not None:
        api.include_router(
            resources_router(services, bodies, services.patient_keys)
        )  # general addresses: the last
    api.add_exception_handler(SomlosError, _on_error)
    api.add_exception_handler(HTTPException, _on_http_exception)
    api.add_middleware(Guard)
    api.handed_in = HandedIn(endpoints)
    api.guarded = Guard(api.handed_in)
    return api


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SomlosError)
    return error_refusal(request, error)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself: no such address, no such method."""
    assert isinstance(error, HTTPException)
    codes = {404: "api.not-found", 405: "api.method-not-allowed", 413: "api.body-too-large"}
    answer = refusal(request, codes.get(error.status_code, "api.bad-parameter"))
    allow = (error.headers or {}).get("allow")
    if allow:
        answer.headers["allow"] = allow
    return answer
