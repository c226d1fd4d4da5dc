"""What is each input in the other format, and what could not be carried over?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gateway.commands.examine import Examined, examine, issue_of_failure
from gateway.commands.inputs import Input, Inputs
from gateway.commands.outputs import NameTaken, Outputs, OverInput
from gateway.commands.screen import Language, issue_lines, messages, with_progress
from gateway.errors import Issue, issue

Target = Literal["fhir", "plo-1.6", "plo-1.5"]


@dataclass(frozen=True)
class Converted:
    """One input in its target format."""

    data: bytes
    ending: str
    """xml or json."""
    loss: dict[str, Any] | None
    """The loss report; None: it was in the target format already."""
    lost: int
    """How many places of the source the target could not hold."""


def run(inputs: Inputs, outputs: Outputs, *, to: Target | None, loss: str | None, language: Language) -> int:
    """Convert each input; 1 when any is invalid, lossy or could not be written, else 0."""
    reports: list[dict[str, Any]] = []
    good = True
    for source in with_progress(inputs.chosen, language):
        examined = examine(source)
        result = convert(examined, to)
        found = list(examined.issues)
        if isinstance(result, Issue):
            found.append(result)
        elif isinstance(result, Converted):
            if result.loss is not None:
                reports.append({"file": source.name, **result.loss})
            failed = _write(outputs, source, result)
            if failed is not None:
                found.append(failed)
            good = good and failed is None and not result.lost
            _say_lost(source, result, language)
        good = good and isinstance(result, Converted)
        _say(source, found, language)
    if loss is not None and not _write_reports(Path(loss), reports, language):
        return 1
    return 0 if good else 1


def convert(examined: Examined, to: Target | None) -> Converted | Issue | None:
    """The input in its target format; an issue why not; None when its own issues say why not."""
    from gateway.translate import convert as translate

    if not examined.can_be_translated or examined.readable is None:
        return None
    target = _target(examined, to)
    if target is None:
        return Converted(examined.data, "json" if examined.is_fhir else "xml", None, 0)
    try:
        translation = translate(examined.readable, target)
    except Exception as error:
        return issue_of_failure(error, "schema")
    ending = "json" if target == "fhir-r4" else "xml"
    return Converted(translation.data, ending, translation.loss.as_json(), len(translation.loss.lost))


def _target(examined: Examined, to: Target | None) -> str | None:
    """The format to translate to; None: the input is in it already."""
    from gateway.translate import e_message_format

    if isinstance(examined.readable, dict):
        if to == "fhir":
            return None
        own = e_message_format(examined.readable)
        return to if to and not own.startswith("apprec-") else own
    if to in (None, "fhir"):
        return "fhir-r4"
    standard = getattr(examined.readable, "standard", "")
    if standard == to or not standard.startswith("plo-"):
        return None  # a receipt, a dialogue or a body without grammar is the same in every version of PLO
    return to


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


def _say_lost(source: Input, result: Converted, language: Language) -> None:
    if result.lost:
        text = {"no": "steder har ikke plass i målformatet", "en": "places have no room in the target format"}
        messages().print(
            f"{source.name}: {result.lost} {text[language]} (--loss)", style="yellow", markup=False
        )


def _say(source: Input, found: list[Issue], language: Language) -> None:
    if not found:
        return
    console = messages()
    console.print(source.name, style="bold", markup=False)
    for line in issue_lines(found, language):
        console.print(line)
