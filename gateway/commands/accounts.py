"""Who may use the console? `somlos accounts` asks /ops of a running gateway, as `somlos ops` does."""

from __future__ import annotations

import getpass
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from gateway.commands.operations import DEFAULT_ADDRESS, AddressOption, ByOption, JsonOption, LangOption
from gateway.commands.operations_caller import Caller
from gateway.commands.screen import messages

accounts = typer.Typer(
    help="Accounts of the console: make, close, unlock. "
    "The operator's secret, where one is needed, is taken from SOMLOS_OPERATOR_SECRET.",
    no_args_is_help=True,
)


class RoleChoice(StrEnum):
    """What a person may see and do."""

    OPERATOR = "operator"
    ENGINEER = "engineer"
    VENDOR = "vendor"
    CLINICIAN = "clinician"
    AUDITOR = "auditor"


NameArgument = Annotated[str, typer.Argument(help="User name.", metavar="NAME")]
_COLUMNS: Final = {
    "name": "name",
    "role": "role",
    "organisation": "organisation",
    "state": "state",
    "lockedUntil": "locked until",
    "signedInAt": "signed in",
}


@accounts.command("list")
def listed(
    address: AddressOption = DEFAULT_ADDRESS, as_json: JsonOption = False, lang: LangOption = None
) -> None:
    """Every account."""
    caller = Caller(address, as_json, lang)
    answer = caller.get("/accounts")
    caller.show(answer, answer["accounts"], _COLUMNS)


@accounts.command()
def create(
    name: NameArgument,
    role: Annotated[RoleChoice, typer.Option(help="What the person may see and do.")],
    organisation: Annotated[
        str | None, typer.Option(help="Name of a partner: only its messages are seen.")
    ] = None,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Make an account, and show its first password once."""
    caller = Caller(address, as_json, lang)
    content = {"name": name, "role": role.value, "organisation": organisation, "by": by or getpass.getuser()}
    _show_password(caller, caller.post("/accounts", content), as_json)


@accounts.command("new-password")
def new_password(
    name: NameArgument,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Give an account a new first password, shown once; unlocks it, and ends its sessions."""
    caller = Caller(address, as_json, lang)
    _show_password(caller, _change(caller, name, "password", by), as_json)


@accounts.command()
def disable(
    name: NameArgument,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Let nobody in with an account any more; its sessions end at once."""
    caller = Caller(address, as_json, lang)
    answer = _change(caller, name, "disable", by)
    caller.show(answer, [answer], _COLUMNS)


@accounts.command()
def enable(
    name: NameArgument,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Let an account be used again, and unlock it."""
    caller = Caller(address, as_json, lang)
    answer = _change(caller, name, "enable", by)
    caller.show(answer, [answer], _COLUMNS)


def _change(caller: Caller, name: str, what: str, by: str | None) -> dict[str, Any]:
    if not name or not all(
        character.isascii() and (character.isalnum() or character in "._@-") for character in name
    ):
        raise typer.BadParameter("NAME")  # fmt: skip
    return caller.post(f"/accounts/{name}/{what}", {"by": by or getpass.getuser()})


def _show_password(caller: Caller, answer: dict[str, Any], as_json: bool) -> None:
    caller.show(answer, [answer], _COLUMNS | {"password": "first password"})
    if not as_json:
        words = {
            "no": "Passordet vises bare nå. Det må byttes ved første innlogging.",
            "en": "The password is shown only now. It must be changed at the first sign-in.",
        }
        messages().print(words[caller.language], markup=False)
