"""`somlos simulate …`: which simulated partners can one have, and for what?"""

from __future__ import annotations

import asyncio
import json
import socket
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from gateway.commands.operations_caller import LanguageChoice
from gateway.commands.screen import Language, language_of_locale, messages, output

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from gateway.simulator.conformance.play import Plan, Played
    from gateway.simulator.conformance.report import Words

_SIGNS = {"met": ("✓", "green"), "broken": ("✗", "red"), "not tried": ("–", "dim")}

simulate = typer.Typer(help="Simulated partners.", no_args_is_help=True)


class SideChoice(StrEnum):
    """Whom the counterpart plays."""

    HOSPITAL = "hospital"
    MUNICIPALITY = "municipality"


class FormatChoice(StrEnum):
    """What the vendor's endpoint takes."""

    PLO_16 = "plo-1.6"
    PLO_15 = "plo-1.5"
    FHIR = "fhir"


class ReceiptChoice(StrEnum):
    """What the vendor takes as receipts."""

    V10 = "1.0"
    V11 = "1.1"
    FHIR = "fhir"


class BehaviourChoice(StrEnum):
    """How the counterpart behaves."""

    WELL_BEHAVED = "well-behaved"
    LATE = "late"
    DUPLICATE = "duplicate"
    NEGATIVE = "negative"
    SILENT = "silent"
    WRONG_CHARSET = "wrong-charset"
    WRONG_HER_ID = "wrong-her-id"
    LARGE_ATTACHMENT = "large-attachment"


@simulate.command("counterpart")
def counterpart(
    url: Annotated[str, typer.Argument(help="Where your EPJ takes messages and receipts (http or https).")],
    her_ids: Annotated[
        tuple[str, str],
        typer.Option("--her-ids", help="Your HER-ids: level 1, then the communication party."),
    ],
    plays: Annotated[
        SideChoice, typer.Option(help="Whom the counterpart plays; you are the other side.")
    ] = SideChoice.HOSPITAL,
    behaviour: Annotated[
        list[BehaviourChoice] | None, typer.Option(help="Default: all of them, one after the other.")
    ] = None,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where your EPJ posts receipts and messages to.")
    ] = "127.0.0.1:8090",
    secret_file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The bearer secret to show your EPJ, in a file."),
    ] = None,
    name: Annotated[
        str, typer.Option(help="Name of your organisation in the messages.")
    ] = "EPJ under prøving",
    format_: Annotated[FormatChoice, typer.Option("--format", help="What you take.")] = FormatChoice.PLO_16,
    receipts: Annotated[ReceiptChoice, typer.Option(help="What you take as receipts.")] = ReceiptChoice.V10,
    receipt_seconds: Annotated[
        float, typer.Option(min=0.1, help="How long a receipt of yours may take.")
    ] = 30.0,
    late_seconds: Annotated[float, typer.Option(min=0.1, help="How late a late counterpart is.")] = 10.0,
    wait: Annotated[
        float, typer.Option(min=0.0, help="Seconds to wait for the messages you send in this stay.")
    ] = 0.0,
    report: Annotated[Path | None, typer.Option(help="Write the report here (HTML).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a behaviour.")] = False,
    lang: Annotated[LanguageChoice | None, typer.Option("--lang", help="Norwegian or English.")] = None,
) -> None:
    """Play a whole stay against your EPJ with a simulated counterpart; exit code 1: something broke."""
    from gateway.simulator.conformance.counterpart import Vendor
    from gateway.simulator.conformance.play import Plan

    language: Language = language_of_locale() if lang is None else lang.value
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise _usage("Adressen er ikke http eller https.", "The address is not http or https.", language)
    if not all(her_id.isascii() and her_id.isdigit() and len(her_id) <= 20 for her_id in her_ids):
        raise _usage("En HER-id består av sifre.", "A HER-id consists of digits.", language)
    if report is not None and (report.is_dir() or not report.absolute().parent.is_dir()):
        raise _usage(
            "Rapporten kan ikke skrives der; --report FIL i en mappe som finnes.",
            "The report cannot be written there; --report FILE in a folder that exists.",
            language,
        )
    secret = secret_file.read_text("utf-8").strip() if secret_file else None
    plan = Plan(
        vendor=Vendor(url, secret, receipts.value),
        side=plays.value,
        organisation=name,
        her_ids=her_ids,
        format=format_.value,
        receipt_seconds=receipt_seconds,
        late_seconds=late_seconds,
        wait_seconds=wait,
    )
    chosen = [each.value for each in behaviour or BehaviourChoice]
    try:
        listener = _listener(listen)
    except (OSError, ValueError, OverflowError):
        raise _usage(
            "Kan ikke lytte der; --listen VERT:PORT velger en annen adresse.",
            "Cannot listen there; --listen HOST:PORT chooses another address.",
            language,
        ) from None
    played = asyncio.run(_play(plan, chosen, listener, language))
    _write(played, report, as_json=as_json, language=language)
    raise typer.Exit(0 if all(each.is_good for each in played) else 1)


def _usage(no: str, en: str, language: Language) -> typer.Exit:
    messages().print(no if language == "no" else en, markup=False)
    return typer.Exit(2)


def _listener(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_server((host, int(port)))


async def _play(
    plan: Plan, behaviours: list[str], listener: socket.socket, language: Language
) -> list[Played]:
    """Each behaviour in turn, with the inbox served meanwhile."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from gateway.simulator.conformance.inbox import served
    from gateway.simulator.conformance.play import Play

    played = []
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=messages(),
        transient=True,
    ) as progress:
        for key in behaviours:
            bar = progress.add_task(key, total=None)
            play = Play(plan, key, partial(_advance, progress, bar))
            async with served(play.counterpart, listener.dup()):
                played.append(await play.run(datetime.now(UTC).date()))
            progress.remove_task(bar)
            if played[-1].is_good:
                messages().print(f"✓ {key}", style="green", markup=False)
            else:
                broken = sum(check.verdict == "broken" for check in played[-1].checks)
                messages().print(f"✗ {key}: {broken}", style="red", markup=False)
    return played


def _advance(progress: Progress, bar: TaskID, done: int, of: int) -> None:
    progress.update(bar, completed=done, total=of)


def _write(played: list[Played], report: Path | None, *, as_json: bool, language: Language) -> None:
    from gateway.simulator.conformance.report import Words, html
    from gateway.simulator.conformance.report import as_json as object_of

    if report is not None:
        report.write_text(html(played, language, datetime.now(UTC)), encoding="utf-8")
    if as_json:
        for each in played:
            print(json.dumps(object_of(each), ensure_ascii=False))
        return
    for each in played:
        _show(each, Words(language), whole=len(played) == 1)
    if report is not None:
        messages().print(str(report), markup=False)


def _show(played: Played, words: Words, *, whole: bool) -> None:
    """One behaviour on the screen: every expectation, or (when there are several plays) only the broken ones."""
    screen = output()
    screen.print(f"\n{words.of(played.behaviour)}", style="bold", markup=False)
    screen.print(f"  {words.of(played.behaviour, 'does')}", style="dim", markup=False)
    for check in played.checks:
        sign, colour = _SIGNS[check.verdict]
        if whole or check.verdict == "broken":
            screen.print(f"  {sign} {words(check.verdict)}: {words.of(check)}", style=colour, markup=False)
            for id in check.broken_by:
                screen.print(f"      {id}{_answers(played, id, words)}", style="dim", markup=False)
    verdicts = [check.verdict for check in played.checks]
    counts = (
        f"{verdicts.count(verdict)} {words(verdict).lower()}" for verdict in _SIGNS if verdict in verdicts
    )
    screen.print("  " + ", ".join(counts), markup=False)


def _answers(played: Played, id: str, words: Words) -> str:
    """What a message of ours was, and what was answered when it was sent."""
    from gateway.simulator.conformance.report import attempt_text

    sent = next((each for each in played.exchange.sent if each.message_id == id), None)
    if sent is None:
        return ""
    answers = ", ".join(attempt_text(each, words) for each in sent.attempts)
    return f"  {sent.step.type} {sent.step.status}: {answers}"
