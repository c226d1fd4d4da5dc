"""How does a person make a helsefellesskap's quarter, and bring it into a gateway?

    somlos simulate quarter FOLDER     settings for a gateway, and the ground truth as tables
    somlos serve --config FOLDER/somlos.toml
    somlos simulate load FOLDER        every message through the public API of the running gateway

Every patient and partner is made up; the same seed gives the same bytes.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.commands.operations_caller import LanguageChoice
from gateway.commands.screen import Language, language_of_locale, messages, output

FolderArgument = Annotated[Path, typer.Argument(file_okay=False, metavar="FOLDER", help="Of the quarter.")]
LangOption = Annotated[LanguageChoice | None, typer.Option("--lang", help="Norwegian or English.")]

_WORDS: Final = {
    "no": {
        "made": "{stays} opphold, {patients} pasienter, {places} kommuner: {folder}",
        "next": "Start: somlos serve --config {folder}/somlos.toml, og så: somlos simulate load {folder}",
        "sending": "Meldinger",
        "following": "Planer",
        "loaded": "{accepted} meldinger og ressurser tatt imot på {seconds:.0f} s ({rate:.0f} i sekundet)",
        "refused": "{number} avvist: {code}",
        "none": "Ingen kvartalsmappe: {folder}",
        "unreachable": "Ingen svarer på {gateway}",
        "monday": "--begin må være en mandag",
        "written": "Kunne ikke skrive i {folder}",
    },
    "en": {
        "made": "{stays} stays, {patients} patients, {places} municipalities: {folder}",
        "next": "Start: somlos serve --config {folder}/somlos.toml, and then: somlos simulate load {folder}",
        "sending": "Messages",
        "following": "Plans",
        "loaded": "{accepted} messages and resources taken in {seconds:.0f} s ({rate:.0f} a second)",
        "refused": "{number} refused: {code}",
        "none": "No folder of a quarter: {folder}",
        "unreachable": "Nobody answers at {gateway}",
        "monday": "--begin must be a Monday",
        "written": "Cannot write in {folder}",
    },
}


def make(
    folder: FolderArgument,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same quarter.")] = 1,
    stays: Annotated[int, typer.Option(min=1, max=200_000)] = 6000,
    weeks: Annotated[int, typer.Option(min=1, max=520, help="Weeks with admissions.")] = 13,
    municipalities: Annotated[int, typer.Option(min=1, max=26)] = 26,
    begin: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="A Monday.")] = datetime(2026, 1, 5),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the gateway will listen.")] = 8600,
    lang: LangOption = None,
) -> None:
    """Draw what happened, and write the settings and the ground truth."""
    from gateway.simulator.quarter import folder as written
    from gateway.simulator.quarter.truth import Quarter, stays_of

    language = _language(lang)
    if begin.weekday() != 0:
        raise _failed("monday", language, status=2)
    wanted = Quarter(seed, stays, weeks, municipalities, date(begin.year, begin.month, begin.day))
    places, drawn = stays_of(wanted)
    try:
        written.write(folder, wanted, places, drawn, port)
    except OSError:
        raise _failed("written", language, folder=folder) from None
    said = {"stays": len(drawn), "patients": len({s.person.number for s in drawn}), "places": len(places)}
    output().print(_WORDS[language]["made"].format(**said, folder=folder), markup=False)
    messages().print(_WORDS[language]["next"].format(folder=folder), markup=False)


def load(
    folder: FolderArgument,
    gateway: Annotated[
        str, typer.Option(envvar="SOMLOS_ADDRESS", help="Where the gateway listens.", metavar="URL")
    ] = "http://127.0.0.1:8600",
    connections: Annotated[int, typer.Option(min=1, max=64)] = 8,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only what was sent before this day.")
    ] = None,
    messages_only: Annotated[
        bool, typer.Option("--messages-only", help="Nothing of what is told in FHIR of the plans.")
    ] = False,
    lang: LangOption = None,
) -> None:
    """Hand in every message of a quarter; those that are there already are not taken twice."""
    import aiohttp

    from gateway.pathway.calendar import start_of
    from gateway.simulator.quarter import folder as written
    from gateway.simulator.quarter import load as loading
    from gateway.simulator.quarter.truth import stays_of

    language = _language(lang)
    try:
        wanted = written.read(folder)
    except (OSError, ValueError):
        raise _failed("none", language, status=2, folder=folder) from None
    drawn = stays_of(wanted)[1]
    lanes = loading.in_order(drawn, wanted.seed, connections)
    end = start_of(date(until.year, until.month, until.day)) if until else None
    if end is not None:
        lanes = [[letter for letter in lane if letter.sent < end] for lane in lanes]
    plans = [] if messages_only else loading.by_patient(drawn, connections)
    taken = loading.Loaded()
    began = time.monotonic()
    try:
        with _progress(sum(map(len, lanes)), "sending", language) as on_each:
            taken += asyncio.run(loading.load(gateway, lanes, on_each))
        with _progress(sum(map(len, plans)), "following", language) as on_each:
            taken += asyncio.run(loading.follow_up(gateway, plans, wanted.seed, until=end, on_each=on_each))
    except* (aiohttp.ClientError, OSError):
        raise _failed("unreachable", language, gateway=gateway) from None
    seconds = max(time.monotonic() - began, 0.001)
    said = {"accepted": taken.accepted, "seconds": seconds, "rate": taken.accepted / seconds}
    output().print(_WORDS[language]["loaded"].format(**said), markup=False)
    for code, number in sorted(taken.refused.items()):
        messages().print(_WORDS[language]["refused"].format(number=number, code=code), markup=False)
    if taken.refused:
        raise typer.Exit(1)


@contextmanager
def _progress(total: int, word: str, language: Language) -> Iterator[Callable[[], None]]:
    """A bar where somebody can see it."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=messages(), transient=True) as progress:
        task = progress.add_task(_WORDS[language][word], total=total)
        yield lambda: progress.advance(task)


def _language(choice: LanguageChoice | None) -> Language:
    return language_of_locale() if choice is None else choice.value


def _failed(word: str, language: Language, *, status: int = 1, **said: object) -> typer.Exit:
    messages().print(_WORDS[language][word].format(**said), markup=False)
    return typer.Exit(status)
