"""How does an operator work from a terminal? Each command asks /ops of a running gateway; none opens the ledger.

The address is `--address` or SOMLOS_ADDRESS, the operator's secret SOMLOS_OPERATOR_SECRET (never an argument: those can
be seen by everybody on the machine). Exit code 0: done; 1: refused, not reached, or the check found something; 2: wrong
usage.
"""

from __future__ import annotations

import getpass
from typing import Annotated, Any, Final

import typer

from gateway.commands.operations_caller import Caller, LanguageChoice
from gateway.commands.screen import messages

DEFAULT_ADDRESS: Final = "http://127.0.0.1:8600"

operations = typer.Typer(
    help="Work with a running gateway: queues, dead letters, replay. "
    "The operator's secret, where one is needed, is taken from SOMLOS_OPERATOR_SECRET.",
    no_args_is_help=True,
)


AddressOption = Annotated[
    str, typer.Option(envvar="SOMLOS_ADDRESS", help="Where the gateway listens.", metavar="URL")
]
JsonOption = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]
LangOption = Annotated[LanguageChoice | None, typer.Option("--lang", help="Norwegian or English.")]
ByOption = Annotated[str | None, typer.Option(help="Who does it; default: your user name.")]
WhyOption = Annotated[str, typer.Option(help="Why: stands in the trail; no patient data.")]
DeliveryArgument = Annotated[int, typer.Argument(min=1, help="Id of the delivery.")]
HerArgument = Annotated[str, typer.Argument(help="A HER-id of the endpoint.", metavar="HER-ID")]
ReceiverOption = Annotated[str | None, typer.Option(help="HER-id of the receiver.", metavar="HER-ID")]
TypeOption = Annotated[str | None, typer.Option("--type", help="Message type (code of 8279).")]
StateOption = Annotated[str | None, typer.Option(help="State of the delivery, or overdue.")]
LimitOption = Annotated[int, typer.Option(min=1, max=500, help="How many lines at most.")]


DELIVERY: Final = {
    "delivery": "delivery",
    "type": "type",
    "receiver": "receiver",
    "state": "state",
    "reason": "reason",
    "owner": "owner",
    "receivedAt": "received",
    "actions": "actions",
    "message": "message",
}
_ENDPOINT: Final = {
    "id": "endpoint",
    "partner": "partner",
    "condition": "condition",
    "queued": "queued",
    "oldestQueuedAt": "oldest",
    "overdueReceipts": "overdue",
    "deadLetters": "dead",
    "failures": "failures",
}


@operations.command()
def partners(
    address: AddressOption = DEFAULT_ADDRESS, as_json: JsonOption = False, lang: LangOption = None
) -> None:
    """Every partner's endpoints: whether they answer, what waits, what is overdue."""
    caller = Caller(address, as_json, lang)
    answer = caller.get("/partners")
    caller.show(answer, [each for one in answer["partners"] for each in one["endpoints"]], _ENDPOINT)


@operations.command()
def queue(
    receiver: ReceiverOption = None,
    type_: TypeOption = None,
    state: StateOption = None,
    limit: LimitOption = 50,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Deliveries that are not over, newest first."""
    caller = Caller(address, as_json, lang)
    answer = caller.get("/queue", receiver=receiver, type=type_, state=state, limit=limit)
    caller.show(answer, answer["queue"], DELIVERY)


@operations.command("dead-letters")
def dead_letters(
    receiver: ReceiverOption = None,
    type_: TypeOption = None,
    reason: Annotated[str | None, typer.Option(help="Code of the error catalogue.")] = None,
    limit: LimitOption = 50,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Deliveries that wait for a person, newest first."""
    caller = Caller(address, as_json, lang)
    answer = caller.get("/dead-letters", receiver=receiver, type=type_, reason=reason, limit=limit)
    caller.show(answer, answer["deadLetters"], DELIVERY | {"nextStep": "next step"})


@operations.command()
def resend(
    delivery: DeliveryArgument,
    why: WhyOption,
    by: ByOption = None,
    again: Annotated[bool, typer.Option("--again", help="Also when the receiver has it.")] = False,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Send a delivery again: same id, same bytes."""
    act(Caller(address, as_json, lang), delivery, "resend", why, by, again=again)


@operations.command()
def redirect(
    delivery: DeliveryArgument,
    to: Annotated[str, typer.Option(help="HER-id of a configured receiver.", metavar="HER-ID")],
    why: WhyOption,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Send a dead letter to another configured receiver."""
    act(Caller(address, as_json, lang), delivery, "redirect", why, by, to=to)


@operations.command()
def cancel(
    delivery: DeliveryArgument,
    why: WhyOption,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Give a delivery up."""
    act(Caller(address, as_json, lang), delivery, "cancel", why, by)


@operations.command("hand-over")
def hand_over(
    delivery: DeliveryArgument,
    why: WhyOption,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Keep that a person has taken care of it in another way."""
    act(Caller(address, as_json, lang), delivery, "hand-over", why, by)


def act(caller: Caller, delivery: int, action: str, why: str, by: str | None, **more: Any) -> None:
    """Do something with a delivery, and show it."""
    content = {"by": by or getpass.getuser(), "why": why, **more}
    answer = caller.post(f"/deliveries/{delivery}/{action}", content)
    caller.show(answer, [answer], DELIVERY)


@operations.command()
def pause(
    endpoint: HerArgument,
    why: WhyOption,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Send nothing to an endpoint; messages for it come in and wait."""
    _hold(Caller(address, as_json, lang), endpoint, "pause", why, by)


@operations.command()
def drain(
    endpoint: HerArgument,
    why: WhyOption,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Send what waits for an endpoint now; what comes later waits."""
    _hold(Caller(address, as_json, lang), endpoint, "drain", why, by)


@operations.command()
def resume(
    endpoint: HerArgument,
    why: WhyOption,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Send to an endpoint again."""
    _hold(Caller(address, as_json, lang), endpoint, "resume", why, by)


def _hold(caller: Caller, endpoint: str, what: str, why: str, by: str | None) -> None:
    if not (endpoint.isascii() and endpoint.isdigit()):
        raise typer.BadParameter("HER-ID")
    answer = caller.post(f"/endpoints/{endpoint}/{what}", {"by": by or getpass.getuser(), "why": why})
    caller.show(answer, [answer], _ENDPOINT)


@operations.command()
def replay(
    receiver: ReceiverOption = None,
    sender: Annotated[str | None, typer.Option(help="HER-id of the sender.", metavar="HER-ID")] = None,
    type_: TypeOption = None,
    state: StateOption = None,
    since: Annotated[str | None, typer.Option(help="Received at or after; with a zone.")] = None,
    until: Annotated[str | None, typer.Option(help="Received before; with a zone.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what the receiver has.")] = False,
    per_second: Annotated[float | None, typer.Option(help="How fast.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what would happen.")] = False,
    go: Annotated[str | None, typer.Option(metavar="MARK", help="Do what that preview has shown.")] = None,
    why: Annotated[str | None, typer.Option(help="Why: needed with --go.")] = None,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Send many deliveries again: first --preview, then --go MARK with the mark it gave."""
    if preview == (go is not None) or (go is not None and not why):
        raise typer.BadParameter("--preview | --go MARK --why")
    caller = Caller(address, as_json, lang)
    chosen = {
        "receiver": receiver,
        "sender": sender,
        "type": type_,
        "state": state,
        "since": since,
        "until": until,
    }
    content = {
        "selection": {name: value for name, value in chosen.items() if value is not None},
        "again": again,
        "perSecond": per_second,
    }
    if go is None:
        _show_preview(caller, caller.post("/replays/preview", content))
    else:
        done = content | {"preview": go, "why": why, "by": by or getpass.getuser()}
        answer = caller.post("/replays", done)
        caller.show(answer, [answer], _REPLAY)


_REPLAY: Final = {
    "id": "replay",
    "state": "state",
    "total": "total",
    "done": "done",
    "resent": "resent",
    "answered": "answered",
    "negative": "negative",
    "perSecond": "per second",
    "reason": "reason",
}


def _show_preview(caller: Caller, answer: dict[str, Any]) -> None:
    columns = {
        "delivery": "delivery",
        "type": "type",
        "receiver": "receiver",
        "partner": "partner",
        "state": "state",
        "alreadyAcknowledged": "acknowledged",
        "effect": "effect",
        "reason": "reason",
    }
    caller.show(answer, answer["deliveries"], columns)
    sums = f"{answer['resend']}/{answer['selected']}  {answer['perSecond']}/s  {answer['takesSeconds']} s"
    messages().print(f"{sums}\n--go {answer['preview']}", markup=False)


@operations.command()
def replays(
    address: AddressOption = DEFAULT_ADDRESS, as_json: JsonOption = False, lang: LangOption = None
) -> None:
    """How far the replays are."""
    caller = Caller(address, as_json, lang)
    answer = caller.get("/replays")
    caller.show(answer, answer["replays"], _REPLAY)


@operations.command("stop-replay")
def stop_replay(
    replay_id: Annotated[int, typer.Argument(min=1, metavar="REPLAY")],
    why: WhyOption,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Let a replay end here."""
    caller = Caller(address, as_json, lang)
    answer = caller.post(f"/replays/{replay_id}/stop", {"by": by or getpass.getuser(), "why": why})
    caller.show(answer, [answer], _REPLAY)


@operations.command()
def alarms(
    all_: Annotated[bool, typer.Option("--all", help="Closed ones, too.")] = False,
    limit: LimitOption = 50,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """The open alarms, newest first."""
    caller = Caller(address, as_json, lang)
    answer = caller.get("/alarms", all="true" if all_ else None, limit=limit)
    columns = {
        "id": "alarm",
        "kind": "kind",
        "state": "state",
        "receiver": "receiver",
        "openedAt": "opened",
        "nextStep": "next step",
        "href": "page",
    }
    caller.show(answer, answer["alarms"], columns)


@operations.command()
def retention(
    run: Annotated[bool, typer.Option("--run", help="Remove it now.")] = False,
    why: Annotated[str | None, typer.Option(help="Why: needed with --run.")] = None,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """What has been kept for long enough; --run removes it."""
    if run and not why:
        raise typer.BadParameter("--run --why")
    caller = Caller(address, as_json, lang)
    if run:
        answer = caller.post("/retention/run", {"by": by or getpass.getuser(), "why": why})
    else:
        answer = caller.get("/retention")
    columns = {
        "bodiesDays": "bodies kept (days)",
        "bodies": "bodies",
        "metadataDays": "metadata kept (days)",
        "messages": "messages",
        "said": "said at the API",
    }
    caller.show(answer, [answer], columns)


@operations.command()
def check(
    address: AddressOption = DEFAULT_ADDRESS, as_json: JsonOption = False, lang: LangOption = None
) -> None:
    """Whether each message has one legal state, nothing is lost, and the order was kept."""
    caller = Caller(address, as_json, lang)
    answer = caller.get("/check")
    columns = {"kind": "finding", "message": "message", "delivery": "delivery"}
    caller.show(answer, answer["findings"], columns)
    words = {
        "no": ("Noe er galt.", "Alt stemmer."),
        "en": ("Something is wrong.", "Everything is as it must be."),
    }
    messages().print(words[caller.language][answer["well"]], markup=False)
    if not answer["well"]:
        raise typer.Exit(1)
