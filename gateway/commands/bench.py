"""How are the figures of a benchmark shown: as a table for people, as one JSON object for tools?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from gateway.bench.convert import WANTED, plan, report, run
from gateway.commands.screen import Language, messages, output

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
        "flat": "500 KB mot 5 KB, tid per KB",
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
        "flat": "500 KB against 5 KB, time per KB",
        "measuring": "Measuring",
    },
}


def run_convert(
    message: Path | None, *, rounds: int, seconds: float, as_json: bool, language: Language
) -> int:
    """Measure, then show; 1 when the message cannot be translated or read, else 0."""
    own = None if message is None else (message.name, message.read_bytes())
    planned = plan(own, rounds=rounds, seconds=seconds)
    main = curve = None
    for main, curve in _with_progress(run(planned), planned.steps, language):
        pass
    assert main is not None and curve is not None
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
    for name, justify in ((words["work"], "left"), ("ms", "right"), ("min–max", "right"), (words["times"], "right")):
        table.add_column(name, justify=justify)
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
        table.add_column(f"{words[name].partition(' (')[0]}, ms/KB", justify="right")
    for size in found["sizes"]:
        table.add_row(size["message"], *(_ms(size["millisecondsPerKB"][name]) for name in ("floor", "to-fhir", "to-xml")))
    table.add_row(words["flat"], *(f"{found['flatness'][name]:.2f}" for name in ("floor", "to-fhir", "to-xml")))
    return table


def _ms(value: float) -> str:
    return f"{value:.3f}"


def _range(figure: dict[str, float]) -> str:
    return f"{figure['min']:.3f}–{figure['max']:.3f}"


def _times(figure: dict[str, float]) -> str:
    return f"{figure['median']:.1f} ({figure['min']:.1f}–{figure['max']:.1f})"
