"""How does an operator make and close the accounts of the console? Under /ops, as everything operators do.

A first password is told once, in the answer to the request that made it, and is kept nowhere.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.accounts.service import Accounts
from gateway.api.operations import ANSWERS
from gateway.api.operators import Line, Said, body_of, expect_operator, told
from gateway.ledger.accounts import AccountRow
from gateway.services import GatewayServices

Name = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=80)]


class ByBody(Said):
    """Who does it: stands in the audit."""

    by: Annotated[Line, Field(max_length=80)]


class AccountBody(ByBody):
    """An account to be made."""

    name: Name
    role: Annotated[str, Field(max_length=20)]
    organisation: Annotated[str, Field(max_length=200)] | None = None
    """Name of a partner: only what it sends or receives is seen; absent: everything."""


def accounts_router(services: GatewayServices) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/ops/accounts", tags=["accounts"], responses=ANSWERS)

    def of(request: Request) -> Accounts:
        expect_operator(request, services.settings)
        return services.accounts

    @router.get("")
    async def accounts(request: Request) -> Response:
        """Every account, by name; no password."""
        found = of(request).reader.accounts()
        return JSONResponse({"accounts": [said(each) for each in found]})

    @router.post("", status_code=201, openapi_extra=body_of(AccountBody))
    async def create(request: Request) -> Response:
        """Make an account; the answer has its first password, which is told this once."""
        known = of(request)
        body = await told(request, AccountBody)
        password = await known.create(body.name, body.role, body.organisation, body.by)
        return JSONResponse(_account(known, body.name) | {"password": password}, status_code=201)

    @router.post("/{name}/password", openapi_extra=body_of(ByBody))
    async def reset(request: Request, name: Name) -> Response:
        """Give it a new first password, and unlock it; whoever is signed in with it is out."""
        known = of(request)
        body = await told(request, ByBody)
        return JSONResponse({"password": await known.reset(name, body.by)} | _account(known, name))

    @router.post("/{name}/disable", openapi_extra=body_of(ByBody))
    async def disable(request: Request, name: Name) -> Response:
        """Let nobody in with it; whoever is signed in with it is out."""
        known = of(request)
        await known.disable(name, (await told(request, ByBody)).by)
        return JSONResponse(_account(known, name))

    @router.post("/{name}/enable", openapi_extra=body_of(ByBody))
    async def enable(request: Request, name: Name) -> Response:
        """Let it be used again, and unlock it."""
        known = of(request)
        await known.enable(name, (await told(request, ByBody)).by)
        return JSONResponse(_account(known, name))

    return router


def _account(known: Accounts, name: str) -> dict[str, Any]:
    row = known.reader.account(name)
    assert row is not None
    return said(row)


def said(row: AccountRow) -> dict[str, Any]:
    """An account as /ops tells it."""
    state = "disabled" if row.disabled_at else "first-password" if row.must_change else "active"
    return {
        "name": row.name,
        "role": row.role,
        "organisation": row.organisation,
        "state": state,
        "lockedUntil": row.locked_until.isoformat() if row.locked_until else None,
        "createdAt": row.created_at.isoformat(),
        "signedInAt": row.signed_in_at.isoformat() if row.signed_in_at else None,
    }
