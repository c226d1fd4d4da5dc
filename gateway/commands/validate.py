"""Is each input a valid message?"""

from __future__ import annotations

import json
from collections.abc import Sequence

from gateway.commands.examine import examine
from gateway.commands.inputs import Inputs
from gateway.commands.screen import Language, issue_lines, output, with_progress
from gateway.examination import Examined


def run(inputs: Inputs, *, as_json: bool, language: Language) -> int:
    """Validate each input and say what was found; 1 when any is invalid, else 0."""
    results = []
    for source in with_progress(inputs.chosen, language):
        examined = examine(source)
        results.append(examined.is_valid)
        if as_json:
            print(json.dumps(as_object(examined), ensure_ascii=False), flush=True)
        else:
            _show(examined, language)
    if not as_json:
        _summarise(results, language)
    return 0 if all(results) else 1


def as_object(examined: Examined) -> dict[str, object]:
    """The result as other tools read it (DESIGN §6)."""
    return {
        "file": examined.name,
        "valid": examined.is_valid,
        "type": examined.type,
        "issues": [each.as_json() for each in examined.issues],
    }


def _show(examined: Examined, language: Language) -> None:
    from rich.text import Text

    words = {"no": ("gyldig", "ugyldig"), "en": ("valid", "invalid")}[language]
    line = Text("✓ " if examined.is_valid else "✗ ", style="green" if examined.is_valid else "red")
    line.append(words[0] if examined.is_valid else words[1])
    line.append(f"  {examined.name}", style="bold")
    line.append(f"  {examined.type or ''}", style="dim")
    console = output()
    console.print(line)
    for each in issue_lines(examined.issues, language):
        console.print(each)


def _summarise(results: Sequence[bool], language: Language) -> None:
    if len(results) < 2:
        return
    good, bad = sum(results), len(results) - sum(results)
    text = f"{good} gyldige, {bad} ugyldige" if language == "no" else f"{good} valid, {bad} invalid"
    output().print(text, style="bold")
