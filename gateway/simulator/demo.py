"""How does `somlos demo` run: the stage, the story, and then the console until somebody ends it?"""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console

from gateway.commands.screen import Language
from gateway.simulator.afterwards import Afterwards, NotSo, Told
from gateway.simulator.quarter.chart import drawn
from gateway.simulator.quarter.truth import Quarter
from gateway.simulator.show import Show
from gateway.simulator.stage import START_LIMIT_SECONDS, NotStarted, Stage
from gateway.simulator.telling import Telling, wait_until_ready
from gateway.simulator.template import Clock

HALF_YEAR: Final = Quarter(stays=2400, weeks=26)
STORY_DAYS: Final = 34
"""The story began so many days ago: everything it says has happened, and four weeks have passed since the discharge."""

_NOT_STARTED: Final = {
    "no": "En prosess startet ikke eller stanset. Det siste den skrev, ligger i {file}",
    "en": "A process did not start or ended. What it wrote last is in {file}",
}
_LOOK_THERE: Final = {
    "no": "Det prosessene skrev, ligger i {file}",
    "en": "What the processes wrote is in {file}",
}
_AFTERWARDS: Final = {
    "no": "Etter utskrivningen (tiden går fort)",
    "en": "After the discharge (time runs fast forward)",
}
_NOT_SO: Final = {"no": "Det gikk ikke slik: {what}", "en": "It did not come about: {what}"}
_DAY: Final = {"no": "dag", "en": "day"}
_INTERRUPTED: Final = 130


def run(*, exit_after: bool, port: int, folder: Path | None, language: Language) -> int:
    """Tell the story; 0 when every message ended as it says, 1 when not, 130 when interrupted before its end."""
    place = folder or Path(tempfile.mkdtemp(prefix="somlos-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    kept = folder is not None
    code = asyncio.run(_run(place, exit_after=exit_after, port=port, language=language, folder_is_kept=kept))
    if folder is None and code in (0, _INTERRUPTED):
        shutil.rmtree(place, ignore_errors=True)
    return code


async def _run(place: Path, *, exit_after: bool, port: int, language: Language, folder_is_kept: bool) -> int:
    console = Console(highlight=False)
    show = Show(console, language)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    with Stage(place, port) as stage:
        try:
            show.introduce()
            stage.start_epjs()
            stage.start_gateway()
            await wait_until_ready(stage, START_LIMIT_SECONDS)
            day_zero = date.today() - timedelta(days=STORY_DAYS)
            telling = Telling(stage, Clock(day_zero))
            if not await _tell(telling, show, ended):
                return _INTERRUPTED
            ended_well = telling.ended_well and await _tell_afterwards(stage, day_zero, console, language)
            if not ended_well:
                console.print(
                    _LOOK_THERE[language].format(file=place), style="red", markup=False, soft_wrap=True
                )
            else:
                await _draw(place, show, kept=not exit_after or folder_is_kept)
            if not exit_after:
                show.tell_address(stage.address)
                await ended.wait()
            return 0 if ended_well else 1
        except NotStarted as error:
            console.print(
                _NOT_STARTED[language].format(file=error.args[0]),
                style="bold red",
                markup=False,
                soft_wrap=True,
            )
            return 1


async def _draw(place: Path, show: Show, *, kept: bool) -> None:
    """What many stays show: a run chart of a simulated half year."""
    chart = await asyncio.to_thread(drawn, HALF_YEAR)
    file = place / "seriediagram.svg"
    file.write_text(chart.svg, encoding="utf-8")
    show.tell_chart(chart, str(file) if kept else None)


async def _tell_afterwards(stage: Stage, day_zero: date, console: Console, language: Language) -> bool:
    """Tell what follows the discharge; whether it came about."""
    console.print()
    console.print(_AFTERWARDS[language], style="bold")

    def line(told: Told) -> None:
        sign, style = ("✓", "green") if told.well else ("!", "yellow")
        day = f"{_DAY[language]} {told.day:>2}"
        console.print(
            f" {sign} {day}  {told.no if language == 'no' else told.en}",
            style=style,
            markup=False,
            soft_wrap=True,
        )

    try:
        await Afterwards(stage, day_zero, line).run()
    except (NotSo, httpx.HTTPError, TimeoutError) as error:
        what = error.args[0] if isinstance(error, NotSo) else type(error).__name__
        console.print(_NOT_SO[language].format(what=what), style="bold red", markup=False, soft_wrap=True)
        return False
    return True


async def _tell(telling: Telling, show: Show, ended: asyncio.Event) -> bool:
    """Tell the story on the screen; False when somebody ended it before it was over."""
    telling.on_change = lambda: show.update(telling)
    show.begin(telling)
    story = asyncio.create_task(telling.tell())
    stop = asyncio.create_task(ended.wait())
    await asyncio.wait((story, stop), return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not story.done():
        story.cancel()
    outcome, _ = await asyncio.gather(story, stop, return_exceptions=True)
    show.end(telling, interrupted=story.cancelled())
    if isinstance(outcome, Exception) and not isinstance(outcome, TimeoutError):
        raise outcome
    return not story.cancelled()
