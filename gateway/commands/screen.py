"""How does a command speak to the person at the screen? Norwegian or English; colour only where it can be seen.

Results go to standard output, everything else to standard error, so that output can be piped. Colour repeats what a
word or a sign says already.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

from gateway.errors import Issue

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Language = Literal["no", "en"]
Item = TypeVar("Item")

_SIGNS = {"error": ("✗", "red"), "warning": ("!", "yellow"), "information": ("i", "cyan")}
_SEVERITIES = {
    "no": {"error": "feil", "warning": "advarsel", "information": "merk"},
    "en": {"error": "error", "warning": "warning", "information": "note"},
}


def language_of_locale() -> Language:
    """Norwegian when the locale is Norwegian, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "no" if value[:2].lower() in ("nb", "nn", "no") else "en"
    return "en"


def output() -> Console:
    """Where results go."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


def messages() -> Console:
    """Where everything goes that is no result."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def issue_lines(issues: Iterable[Issue], language: Language) -> Iterator[Text]:
    """One line for each finding: how grave, where, the sentence, the code."""
    from rich.text import Text

    for each in issues:
        sign, colour = _SIGNS[each.severity]
        line = Text("  ")
        line.append(f"{sign} {_SEVERITIES[language][each.severity]}", style=colour)
        line.append(_place(each, language), style="dim")
        line.append(f"  {each.message_no if language == 'no' else each.message}")
        line.append(f"  [{each.code}]", style="dim")
        yield line


def _place(found: Issue, language: Language) -> str:
    line = f"{'linje' if language == 'no' else 'line'} {found.line}" if found.line else ""
    parts = [part for part in (line, found.path) if part]
    return "  " + ", ".join(parts) if parts else ""


def with_progress(items: Sequence[Item], language: Language) -> Iterator[Item]:
    """The items one by one, under a progress bar when that is worth it and somebody can see it."""
    if len(items) < 5 or not sys.stderr.isatty():
        yield from items
        return
    from rich.progress import track

    description = "Meldinger" if language == "no" else "Messages"
    yield from track(items, description=description, console=messages(), transient=True)
