"""What is left of each input when it goes to the other format and back?"""

from __future__ import annotations

import json
from collections.abc import Sequence

from gateway.commands.examine import examine
from gateway.commands.inputs import Inputs
from gateway.commands.screen import Language, issue_lines, output, with_progress
from gateway.examination import ThereAndBack, there_and_back

_VERDICTS = {
    "no": {"lossless": "tapsfri", "equivalent": "likeverdig", "lossy": "med tap", None: "ikke prøvd"},
    "en": {"lossless": "lossless", "equivalent": "equivalent", "lossy": "lossy", None: "not tried"},
}
_MOST_LOSSES_SHOWN = 20


def run(inputs: Inputs, *, as_json: bool, language: Language) -> int:
    """Take each input there and back; 1 when any is invalid or lossy, else 0."""
    results = []
    for source in with_progress(inputs.chosen, language):
        result = there_and_back(examine(source))
        results.append(result)
        if as_json:
            print(json.dumps(as_object(result), ensure_ascii=False), flush=True)
        else:
            _show(result, language)
    if not as_json:
        _summarise(results, language)
    return 0 if all(result.is_good for result in results) else 1


def as_object(result: ThereAndBack) -> dict[str, object]:
    """The result as other tools read it (DESIGN §6); with the issues when there is no verdict."""
    found: dict[str, object] = {
        "file": result.examined.name,
        "verdict": result.verdict,
        "losses": [loss._asdict() for loss in result.losses],
    }
    if result.verdict is None:
        found["issues"] = [each.as_json() for each in result.examined.issues]
    return found


def _show(result: ThereAndBack, language: Language) -> None:
    from rich.text import Text

    line = Text("✓ " if result.is_good else "✗ ", style="green" if result.is_good else "red")
    line.append(_VERDICTS[language][result.verdict])
    line.append(f"  {result.examined.name}", style="bold")
    line.append(f"  {result.examined.type or ''}", style="dim")
    console = output()
    console.print(line)
    if result.verdict is None:
        for each in issue_lines(result.examined.issues, language):
            console.print(each)
    for loss in result.losses[:_MOST_LOSSES_SHOWN]:
        console.print(Text(f"  − {loss.source or loss.target}  [{loss.kind}]"))
    if len(result.losses) > _MOST_LOSSES_SHOWN:
        console.print(f"  … {len(result.losses) - _MOST_LOSSES_SHOWN} +", style="dim", markup=False)


def _summarise(results: Sequence[ThereAndBack], language: Language) -> None:
    if len(results) < 2:
        return
    words = _VERDICTS[language]
    counts = [
        f"{sum(result.verdict == verdict for result in results)} {word}"
        for verdict, word in words.items()
        if any(result.verdict == verdict for result in results)
    ]
    output().print(", ".join(counts), style="bold")
