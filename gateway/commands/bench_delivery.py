"""How are the figures of delivery shown: as a table for people, as one JSON object for tools?

Who ends it before its end gets what was measured until then.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.bench.delivery import report, run
from gateway.bench.phases import PHASES, SHORT, Figures, Size
from gateway.bench.proof import NotProven
from gateway.commands.screen import Language, messages, output

_WORDS = {
    "no": {
        "figure": "tall",
        "median": "median",
        "wanted": "ønsket",
        "measuring": "Måler",
        "lost": "Ingen tall: noe gikk tapt, ble endret eller doblet",
        "ended": "Avbrutt etter {} av {} målinger",
        "unknown": "Ukjent måling: {}. Det finnes: {}.",
    },
    "en": {
        "figure": "figure",
        "median": "median",
        "wanted": "wanted",
        "measuring": "Measuring",
        "lost": "No figures: something was lost, changed or doubled",
        "ended": "Ended after {} of {} measurements",
        "unknown": "Unknown measurement: {}. There are: {}.",
    },
}


def run_delivery(
    names: list[str],
    *,
    runs: int,
    short: bool,
    folder: Path | None,
    postgres: str | None,
    nodes: int,
    as_json: bool,
    language: Language,
) -> int:
    """Measure, then show; 1 when something was lost, 2 for a name that is none, else 0.

    :raises SystemExit: SIGTERM or Ctrl-C; what was measured until then has been shown.
    """
    words = _WORDS[language]
    unknown = [name for name in names if name not in PHASES]
    if unknown:
        messages().print(words["unknown"].format(", ".join(unknown), ", ".join(PHASES)), markup=False)
        return 2
    chosen, size = tuple(names or PHASES), SHORT if short else Size()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)  # the processes of the run end with us
    steps = run(chosen, size, runs, folder=folder, postgres=postgres, nodes=nodes)
    found: dict[str, list[Figures]] = {}
    done, total = 0, runs * len(chosen)

    def show() -> None:
        figures = report(found, size, postgres=postgres, nodes=nodes)
        if as_json:
            print(json.dumps(figures, ensure_ascii=False, indent=2))
        else:
            _show(figures, language)

    try:
        for figures_so_far in _with_progress(steps, total, language):
            found, done = figures_so_far, done + 1
    except NotProven as error:
        messages().print(f"{words['lost']}: {error}", markup=False)
        return 1
    except SystemExit:
        messages().print(words["ended"].format(done, total), markup=False)
        if done:
            show()
        raise
    show()
    return 0


def _end(number: int, frame: object) -> None:
    sys.exit(128 + number)


def _with_progress(
    steps: Iterator[dict[str, list[Figures]]], total: int, language: Language
) -> Iterator[dict[str, list[Figures]]]:
    if not sys.stderr.isatty():
        return steps
    from rich.progress import track

    described = _WORDS[language]["measuring"]
    return iter(track(steps, description=described, total=total, console=messages(), transient=True))


def _show(found: dict[str, Any], language: Language) -> None:
    from rich.table import Table

    words, console = _WORDS[language], output()
    conditions = found["conditions"]
    console.print(
        f"{conditions['processor']}, {conditions['cores']} cores, {conditions['memoryGiB']} GiB, "
        f"{conditions['system']}, {conditions['python']}, {conditions['ledger']}, "
        f"load {conditions['loadBefore']}",
        style="dim",
    )
    console.print(found["method"]["message"], style="dim")
    for name, figures in found["phases"].items():
        table = Table(box=None, pad_edge=False, title=name, title_justify="left")
        table.add_column(words["figure"])
        for title in (words["median"], "min–max", words["wanted"]):
            table.add_column(title, justify="right")
        for figure, value in figures.items():
            spread = f"{value['min']:g}–{value['max']:g}"
            table.add_row(figure, f"{value['median']:g}", spread, found["wanted"][name].get(figure, ""))
        console.print(table)
        console.print()
