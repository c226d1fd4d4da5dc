"""The pages by which somebody gets in and out: sign-in, sign-out, the own account."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.accounts import passwords
from gateway.console.door import Door, form_of, limit
from gateway.console.needs import SMALL_FORM, needs
from gateway.console.route import OWN_ACCOUNT, is_ours
from gateway.console.texts import Texts
from gateway.console.web import Pages, texts_of, viewer_of
from gateway.errors import CATALOGUE
from gateway.services import GatewayServices

HOME = "/console"


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add them. Where nobody has to sign in, there are none."""
    if not door.has_sign_in:
        return
    accounts = services.accounts

    def onwards(address: str) -> str:
        return address if is_ours(address) else HOME

    @router.get("/sign-in")
    @needs(None)
    def sign_in_page(request: Request) -> Response:
        wanted = onwards(request.query_params.get("next", HOME))
        return pages.page(request, "sign_in.html", here="sign-in", next=wanted, failed=False, name="")

    @router.post("/sign-in")
    @needs(None)
    async def sign_in(request: Request) -> Response:
        limit(request, SMALL_FORM)
        form = await form_of(request)
        name, password, wanted = (str(form.get(field, "")) for field in ("name", "password", "next"))
        known = await accounts.sign_in(name, password)
        if known is None:
            return pages.page(
                request, "sign_in.html", status=401, here="sign-in", next=onwards(wanted), failed=True, name=name[:80]
            )  # fmt: skip
        secret, must_change = known
        response = RedirectResponse(OWN_ACCOUNT if must_change else onwards(wanted), 303)
        door.let_in(response, secret)
        return response

    @router.post("/sign-out")
    @needs("own")
    async def sign_out(request: Request) -> Response:
        await accounts.end(viewer_of(request))
        response = RedirectResponse("/console/sign-in", 303)
        door.let_out(response)
        return response

    @router.get("/account")
    @needs("own")
    def account_page(request: Request) -> Response:
        return _account(pages, request)

    @router.post("/account/password")
    @needs("own")
    async def change_password(request: Request) -> Response:
        form = await form_of(request)
        old, new, repeated = (str(form.get(field, "")) for field in ("old", "new", "repeated"))
        viewer, texts = viewer_of(request), texts_of(request)
        if new != repeated:
            return _account(pages, request, texts("account.differ"))
        code = await accounts.change_password(viewer, old, new)
        if code is not None:
            return _account(pages, request, _said(code, texts))
        assert viewer.person is not None
        response = RedirectResponse(HOME, 303)
        door.let_in(response, await accounts.begin(viewer.person))
        return response


def _account(pages: Pages, request: Request, wrong: str = "") -> Response:
    return pages.page(
        request,
        "account.html",
        status=422 if wrong else 200,
        here="account",
        wrong=wrong,
        shortest=passwords.SHORTEST,
    )


def _said(code: str, texts: Texts) -> str:
    entry = CATALOGUE[code]
    return (
        f"{entry.en} {entry.next_step_en}" if texts.language == "en" else f"{entry.no} {entry.next_step_no}"
    )
