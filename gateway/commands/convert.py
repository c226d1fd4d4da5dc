"""What is each input in the other format, and what could not be carried over?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway.commands.examine import examine
from gateway.commands.inputs import Input, Inputs
from gateway.commands.outputs import NameTaken, Outputs, OverInput
from gateway.commands.screen import Language, issue_lines, messages, with_progress
from gateway.emessage.read import EMessage
from gateway.errors import CATALOGUE, Issue, issue
from gateway.examination import Converted, Examined, Target, convert
from gateway.translate.element_table import in_full
from gateway.translate.loss import Loss, LossReport

_LOST: dict[Language, tuple[str, str]] = {
    "no": ("sted har ikke plass i målformatet", "steder har ikke plass i målformatet"),
    "en": ("place has no room in the target format", "places have no room in the target format"),
}
_ASSUMED: dict[Language, tuple[str, str]] = {
    "no": ("opplysning er antatt: ingen har sagt den", "opplysninger er antatt: ingen har sagt dem"),
    "en": ("statement was assumed: nobody made it", "statements were assumed: nobody made them"),
}


def run(inputs: Inputs, outputs: Outputs, *, to: Target | None, loss: str | None, language: Language) -> int:
    """Convert each input; 1 when any is invalid, lossy, says what nobody said or could not be written, else 0."""
    reports: list[dict[str, Any]] = []
    good = True
    for source in with_progress(inputs.chosen, language):
        examined = examine(source)
        result = convert(examined, to)
        found = list(examined.issues)
        if isinstance(result, Issue):
            found.append(result)
        elif isinstance(result, Converted):
            lost = len(result.loss.lost) if result.loss else 0
            assumed = len(_assumed(result.loss)) if result.loss else 0
            if result.loss is not None:
                if loss is not None:
                    reports.append({"file": source.name, **_in_full(result.loss, examined, result).as_json()})
                told = [note for note in result.loss.notes if note in CATALOGUE]
                found += [issue(note, layer="rules") for note in told]
                good = good and not told
            failed = _write(outputs, source, result)
            if failed is not None:
                found.append(failed)
            good = good and failed is None and not lost and not assumed
            _say_number(source, lost, _LOST[language])
            _say_number(source, assumed, _ASSUMED[language])
        good = good and isinstance(result, Converted)
        _say(source, found, language)
    if loss is not None and not _write_reports(Path(loss), reports, language):
        return 1
    return 0 if good else 1


def _in_full(loss: LossReport, examined: Examined, result: Converted) -> LossReport:
    """The report with whole places in FHIR, where it tells of a way there."""
    if result.ending != "json" or not isinstance(examined.readable, EMessage):
        return loss
    return in_full(loss, examined.readable.root, examined.type or "")


def _write(outputs: Outputs, source: Input, result: Converted) -> Issue | None:
    try:
        outputs.write(source, result.data, result.ending)
    except NameTaken:
        return issue("command.name-taken", layer="xml")
    except OverInput:
        return issue("command.over-input", layer="xml")
    except BrokenPipeError:
        raise
    except OSError:
        return issue("command.cannot-write", layer="xml")
    return None


def _write_reports(path: Path, reports: list[dict[str, Any]], language: Language) -> bool:
    """One JSON object a line."""
    lines = [json.dumps(report, ensure_ascii=False) + "\n" for report in reports]
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError:
        _say(Input(str(path), path), [issue("command.cannot-write", layer="xml")], language)
        return False
    return True


def _assumed(loss: LossReport) -> list[Loss]:
    """What the target states and nobody said: the gateway holds a message for it."""
    return [entry for entry in loss.entries if entry.kind == "assumed" and entry.severity == "error"]


def _say_number(source: Input, number: int, words: tuple[str, str]) -> None:
    """How many places of the source the target could not hold, or of the target say what nobody said."""
    if number:
        text = words[0] if number == 1 else words[1]
        messages().print(f"{source.name}: {number} {text} (--loss)", style="yellow", markup=False)


def _say(source: Input, found: list[Issue], language: Language) -> None:
    if not found:
        return
    console = messages()
    console.print(source.name, style="bold", markup=False)
    for line in issue_lines(found, language):
        console.print(line)
