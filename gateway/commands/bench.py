"""How are the figures of a benchmark shown: as a table for people, as one JSON object for tools?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from gateway.bench.convert import WANTED, plan, report, run
from gateway.commands.examine import examine
from gateway.commands.inputs import Input
from gateway.commands.screen import Language, issue_lines, messages, output

_WORDS = {
    "no": {
        "floor": "gulv (libxml2, skjema, JSON)",
        "to-fhir": "XML → FHIR",
        "to-xml": "FHIR → XML",
        "check": "FHIR-kontroll, {} ressurser",
        "work": "arbeid",
        "times": "× gulvet",
        "size": "størrelse",
        "wanted": "ønsket: høyst {} × gulvet i hver retning",
        "flat": "størst ÷ minst",
        "measuring": "Måler",
    },
    "en": {
        "floor": "floor (libxml2, schema, JSON)",
        "to-fhir": "XML → FHIR",
        "to-xml": "FHIR → XML",
        "check": "FHIR check, {} resources",
        "work": "work",
        "times": "× floor",
        "size": "size",
        "wanted": "wanted: at most {} × the floor in each direction",
        "flat": "largest ÷ smallest",
        "measuring": "Measuring",
    },
}


def run_convert(
    message: Path | None, *, rounds: int, seconds: float, as_json: bool, language: Language
) -> int:
    """Measure, then show; 1 when the message cannot be translated or read, else 0."""
    own = None
    if message is not None:
        examined = examine(Input(message.name, message))
        if not examined.can_be_translated:
            for line in issue_lines(examined.issues, language):
                messages().print(line)
            return 1
        own = (message.name, examined.data)
    planned = plan(own, rounds=rounds, seconds=seconds)
    *_, (main, curve) = _with_progress(run(planned), planned.steps, language)
    found = report(planned, main, curve)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _show(found, language)
    return 0


def _with_progress(steps: Any, total: int, language: Language) -> Any:
    if not sys.stderr.isatty():
        return steps
    from rich.progress import track

    return track(
        steps, description=_WORDS[language]["measuring"], total=total, console=messages(), transient=True
    )


def _show(found: dict[str, Any], language: Language) -> None:
    from rich.table import Table

    words, console = _WORDS[language], output()
    conditions, subject = found["conditions"], found["subject"]
    console.print(
        f"{conditions['processor']}, {conditions['cores']} cores, {conditions['memoryGiB']} GiB, "
        f"{conditions['system']}, {conditions['python']}, libxml2 {conditions['libxml2']}, lxml {conditions['lxml']}, "
        f"load {conditions['loadBefore']}",
        style="dim",
    )
    console.print(
        f"{subject['message']}: {subject['xmlBytes']:,} B XML, {subject['jsonBytes']:,} B JSON, "
        f"{subject['values']} values, {subject['resources']} resources; {found['method']['rounds']} rounds",
        style="dim",
    )
    table = Table(box=None, pad_edge=False)
    table.add_column(words["work"])
    for name in ("ms", "min–max", words["times"]):
        table.add_column(name, justify="right")
    for name, figure in found["milliseconds"].items():
        times = found["timesFloor"].get(name)
        table.add_row(words[name], _ms(figure["median"]), _range(figure), _times(times) if times else "1")
    check = found["check"]
    figure = check["milliseconds"]
    table.add_row(words["check"].format(check["resources"]), _ms(figure["median"]), _range(figure), "")
    console.print(table)
    console.print(words["wanted"].format(f"{WANTED:g}"), style="dim")
    console.print()
    console.print(_curve(found, words))


def _curve(found: dict[str, Any], words: dict[str, str]) -> Any:
    """Time per KB, size by size."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column(words["size"])
    for name in ("floor", "to-fhir", "to-xml"):
        table.add_column(f"{words[name].partition(' (')[0]}, ms per KB", justify="right")
    for size in found["sizes"]:
        table.add_row(
            size["message"],
            *(_ms(size["millisecondsPerKB"][name]) for name in ("floor", "to-fhir", "to-xml")),
        )
    table.add_row(
        words["flat"], *(f"{found['flatness'][name]:.2f}" for name in ("floor", "to-fhir", "to-xml"))
    )
    return table


def _ms(value: float) -> str:
    return f"{value:.3f}"


def _range(figure: dict[str, float]) -> str:
    return f"{figure['min']:.3f}–{figure['max']:.3f}"


def _times(figure: dict[str, float]) -> str:
    return f"{figure['median']:.1f} ({figure['min']:.1f}–{figure['max']:.1f})"
