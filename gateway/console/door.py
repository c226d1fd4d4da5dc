"""Who stands at the door of the console, and may this request come in?

Four questions, in this order:

1. Where from? Without sign-in, or without an address in [console], only a browser of this machine, by a name of this
   machine, so that a foreign web page cannot reach us through a name that resolves here. With an address: by that
   name only.
2. Who? The cookie of the session. Over TLS it is `__Host-somlos`: Secure, for this host and no other. Browsers do not
   take that name over plain HTTP, not even on the machine itself; there, and only there, it is `somlos`.
3. May this person? The right that the page needs (`needs.py`).
4. Is it the person's own wish? What changes something is a POST from a page of ours (Origin, or Sec-Fetch-Site where a
   browser does not tell it) that carries the token of the session.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.datastructures import FormData
from starlette.types import Message

from gateway.accounts.roles import RIGHTS, Right, Viewer
from gateway.accounts.service import Accounts
from gateway.settings import Settings
from gateway.settings_check import is_loopback

HOST_COOKIE: Final = "__Host-somlos"
LOCAL_COOKIE: Final = "somlos"
TOKEN_FIELD: Final = "form_token"
TOKEN_HEADER: Final = "x-somlos-form-token"
SAFE: Final = frozenset({"GET", "HEAD"})
MOST_FIELDS: Final = 100


class TooLarge(Exception):
    """More was sent than the page takes."""


class Door:
    """Lets people in."""

    def __init__(self, settings: Settings, accounts: Accounts | None) -> None:
        self._console = settings.console
        self.accounts = accounts
        self.has_sign_in = settings.console.sign_in != "none"
        self._host = urlsplit(settings.console.address or "").hostname
        self._cookie = HOST_COOKIE if settings.console.is_secure else LOCAL_COOKIE
        self._local = Viewer(None, _rights_without_sign_in(settings), form_token=secrets.token_urlsafe(32))

    # --- 1: where from

    def is_reached(self, request: Request) -> bool:
        """Whether the request comes the way people are meant to come."""
        host = request.url.hostname or ""
        if self._host is not None:
            return host == self._host
        return request.client is not None and is_loopback(request.client.host) and is_loopback(host)

    # --- 2: who

    def viewer(self, request: Request) -> Viewer | None:
        """Who asks; None: somebody who has to sign in first. Reads the ledger."""
        if not self.has_sign_in:
            return self._local
        secret = request.cookies.get(self._cookie)
        if not secret or self.accounts is None:
            return None
        return self.accounts.viewer(secret)

    def let_in(self, response: Response, secret: str) -> None:
        """Give the browser its session."""
        response.set_cookie(
            self._cookie,
            secret,
            httponly=True,
            secure=self._console.is_secure,
            samesite="lax",  # a link in a ticket leads to the message; what changes something is asked for its token
            path="/",
        )

    def let_out(self, response: Response) -> None:
        """Take the session from the browser."""
        response.delete_cookie(
            self._cookie, path="/", secure=self._console.is_secure, httponly=True, samesite="lax"
        )

    # --- 4: the person's own wish

    def is_from_our_page(self, request: Request) -> bool:
        """Whether a page of ours sent it. Our pages tell nobody where they are (`referrer-policy: no-referrer`), so
        that a browser gives the origin of their forms as `null` and says only that it is the same."""
        origin = request.headers.get("origin", "null")
        if origin == "null":
            return request.headers.get("sec-fetch-site") == "same-origin"
        return origin == (self._console.address or f"http://{request.headers.get('host', '')}")

    async def carries_token(self, request: Request, viewer: Viewer, most_bytes: int) -> bool:
        """Whether it carries the token of the session, in its form or in a header; the form is kept in the state.

        :raises TooLarge: more was sent than the page takes.
        """
        limit(request, most_bytes)
        shown: Any = request.headers.get(TOKEN_HEADER)
        if shown is None:
            form = await form_of(request)
            shown = form.get(TOKEN_FIELD)
        return isinstance(shown, str) and hmac.compare_digest(shown.encode(), viewer.form_token.encode())


def _rights_without_sign_in(settings: Settings) -> frozenset[Right]:
    """Everything there is on the own machine, except what the installation keeps to those with a secret or an account:
    acting, where /ops asks for a secret; patients' data, where patients may be real; the audit, which names nobody."""
    kept: set[Right] = {"own", "audit"}
    if settings.operator.bearer_sha256 is not None:
        kept |= {"act", "endpoints"}
    if not settings.gateway.demo:
        kept |= {"content", "patient", "goals"}
    return frozenset(set(RIGHTS) - kept)


async def form_of(request: Request) -> FormData:
    """The form that was sent."""
    form: FormData | None = getattr(request.state, "form", None)
    if form is None:
        form = await request.form(max_fields=MOST_FIELDS, max_files=MOST_FIELDS)
        request.state.form = form
    return form


async def forget_form(request: Request) -> None:
    """Let go of the files that came with a form."""
    form: FormData | None = getattr(request.state, "form", None)
    if form is not None:
        await form.close()


def limit(request: Request, most_bytes: int) -> None:
    """Take no more than this of what is sent.

    :raises TooLarge: it says that it is longer, or (while it is read) turns out to be.
    """
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said[:18]) > most_bytes:
        raise TooLarge
    receive, seen = request.receive, 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most_bytes:
            raise TooLarge
        return message

    request._receive = counted
