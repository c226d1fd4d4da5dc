"""Which certificates do partners depend on, and can a partner be reached? Commands of `somlos ops`."""

from __future__ import annotations

import getpass
from typing import Annotated, Final

import typer

from gateway.commands.operations import (
    DEFAULT_ADDRESS,
    AddressOption,
    ByOption,
    HerArgument,
    JsonOption,
    LangOption,
    WhyOption,
    operations,
)
from gateway.commands.operations_caller import Caller

_CERTIFICATE: Final = {
    "partner": "partner",
    "endpoint": "endpoint",
    "use": "use",
    "state": "state",
    "daysLeft": "days left",
    "validTo": "valid until",
    "subject": "issued to",
    "issuer": "issued by",
    "queued": "queued",
}


@operations.command()
def certificates(
    address: AddressOption = DEFAULT_ADDRESS, as_json: JsonOption = False, lang: LangOption = None
) -> None:
    """The certificates that endpoints depend on, the one that ends first before the others."""
    caller = Caller(address, as_json, lang)
    answer = caller.get("/certificates")
    caller.show(answer, answer["certificates"], _CERTIFICATE)


_TRIED: Final = {
    "endpoint": "endpoint",
    "reached": "reached",
    "status": "status",
    "tookMs": "ms",
    "text": "why not",
    "nextStep": "next step",
}
_SENT: Final = {"endpoint": "endpoint", "message": "message", "href": "page"}


@operations.command()
def test(
    endpoint: HerArgument,
    why: WhyOption,
    message: Annotated[
        bool, typer.Option("--message", help="Send a test message; only where the partner is marked as test.")
    ] = False,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Try whether an endpoint can be reached (nothing is handed over); exit code 1: it cannot."""
    if not (endpoint.isascii() and endpoint.isdigit()):
        raise typer.BadParameter("HER-ID")
    caller = Caller(address, as_json, lang)
    content = {"by": by or getpass.getuser(), "why": why, "how": "message" if message else "reach"}
    answer = caller.post(f"/endpoints/{endpoint}/test", content)
    caller.show(answer, [answer], _SENT if message else _TRIED)
    if not message and not answer["reached"]:
        raise typer.Exit(1)
