"""`somlos ops quarantine, release, forward, refuse`: what is held for a person, and the decision about it."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.commands.operations import (
    DEFAULT_ADDRESS,
    DELIVERY,
    AddressOption,
    ByOption,
    DeliveryArgument,
    JsonOption,
    LangOption,
    LimitOption,
    ReceiverOption,
    TypeOption,
    WhyOption,
    act,
    operations,
)
from gateway.commands.operations_caller import Caller


@operations.command()
def quarantine(
    receiver: ReceiverOption = None,
    type_: TypeOption = None,
    limit: LimitOption = 50,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Deliveries that are held for a person's decision, newest first."""
    caller = Caller(address, as_json, lang)
    answer = caller.get("/quarantine", receiver=receiver, type=type_, limit=limit)
    caller.show(answer, answer["quarantine"], DELIVERY | {"nextStep": "next step"})


@operations.command()
def release(
    delivery: DeliveryArgument,
    why: WhyOption,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Send what is held, as it is."""
    act(Caller(address, as_json, lang), delivery, "release", why, by)


@operations.command()
def forward(
    delivery: DeliveryArgument,
    note: Annotated[str, typer.Option(help="For the receiver; stands in the message.", metavar="TEXT")],
    why: WhyOption,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Send what is held, with a note for its receiver."""
    act(Caller(address, as_json, lang), delivery, "forward", why, by, note=note)


@operations.command()
def refuse(
    delivery: DeliveryArgument,
    why: WhyOption,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Never send what is held; tell the sender yourself."""
    act(Caller(address, as_json, lang), delivery, "refuse", why, by)
