"""What does a person see of the story: a table that fills while it happens, or lines where no table can be drawn.

Every state has a word and a sign of its own; colour only repeats them.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gateway.commands.screen import Language
from gateway.simulator.partners import PARTNERS
from gateway.simulator.quarter.chart import Drawn
from gateway.simulator.receipts import ERROR_TEXT
from gateway.simulator.telling import Line, Telling

_STANDS: Final = {
    "waiting": ("·", "", "", "dim"),
    "sending": ("→", "sendes", "sending", "cyan"),
    "accepted": ("◔", "mottatt", "accepted", "cyan"),
    "delivered": ("◑", "levert", "delivered", "cyan"),
    "refused": ("✗", "ikke tatt imot", "refused", "bold red"),
    "acknowledged": ("✓", "kvittert", "acknowledged", "green"),
    "rejected": ("✗", "avvist", "rejected", "red"),
    "cancelled": ("⊘", "kansellert", "cancelled", "yellow"),
    "handed": ("?", "til person", "to a person", "bold magenta"),
}
_STATUS: Final = {"M": ("endring", "correction"), "C": ("kansellering", "cancellation")}
GAP: Final = 2
"""Spaces between columns."""
LONGEST_WHAT: Final = 52
_FORMATS: Final = {"plo-1.6": "PLO 1.6", "fhir-r4": "FHIR R4"}
_WORDS: Final = {
    "no": {
        "title": "Et sykehusopphold, fra innleggelse til hjemkomst",
        "people": "Alle personer og virksomheter er oppdiktet.",
        "route": "Fra → til",
        "type": "Type",
        "what": "Melding",
        "form": "Format",
        "stand": "Tilstand",
        "receipt": "Kvittering",
        "time": "Tid",
        "unchanged": "uendret",
        "awaited": "ventes …",
        "speaks": "snakker",
        "interrupted": "Avbrutt før historien var ferdig.",
        "good": "Alle {n} meldinger endte slik historien sier.",
        "bad": "{n} meldinger endte ikke slik historien sier:",
        "many": "Mange opphold over tid (simulert): {title}",
        "drawn": "Seriediagrammet: {file}",
        "console": "Konsollen: {address}/console   (Ctrl-C avslutter)",
    },
    "en": {
        "title": "A hospital stay, from admission to home",
        "people": "All persons and organisations are made up.",
        "route": "From → to",
        "type": "Type",
        "what": "Message",
        "form": "Format",
        "stand": "State",
        "receipt": "Receipt",
        "time": "Time",
        "unchanged": "unchanged",
        "awaited": "awaited …",
        "speaks": "speaks",
        "interrupted": "Interrupted before the story was over.",
        "good": "All {n} messages ended as the story says.",
        "bad": "{n} messages did not end as the story says:",
        "many": "Many stays over time (simulated): {title}",
        "drawn": "The run chart: {file}",
        "console": "The console: {address}/console   (Ctrl-C ends)",
    },
}


class Show:
    """The screen of one telling."""

    def __init__(self, console: Console, language: Language) -> None:
        self._console = console
        self._language = language
        self._words = _WORDS[language]
        self._live: Live | None = None
        self._printed: set[tuple[str, str]] = set()

    def introduce(self) -> None:
        """Who takes part."""
        self._console.print(Text(self._words["title"], style="bold"))
        for partner in PARTNERS:
            line = Text(f"  {partner.organisation.name}", style="bold")
            line.append(f" {self._words['speaks']} {_FORMATS[partner.format]}", style="not bold")
            self._console.print(line)
        self._console.print(Text(f"  {self._words['people']}\n", style="dim"))

    def begin(self, telling: Telling) -> None:
        """Start to follow a telling."""
        if self._console.is_terminal:
            self._live = Live(self._table(telling), console=self._console, auto_refresh=False)
            self._live.start()

    def update(self, telling: Telling) -> None:
        """Show the present state."""
        if self._live is not None:
            self._live.update(self._table(telling), refresh=True)
            return
        for line in telling.lines:
            if line.is_over and (line.step.key, line.stand) not in self._printed:
                self._printed.add((line.step.key, line.stand))
                self._print_line(telling.lines.index(line) + 1, line)

    def end(self, telling: Telling, *, interrupted: bool = False) -> None:
        """Leave the table on the screen, and the figures under it."""
        if self._live is not None:
            self._live.update(self._table(telling), refresh=True)
            self._live.stop()
        counts = Counter(line.stand for line in telling.lines)
        summary = Text("\n")
        for stand in ("acknowledged", "rejected", "cancelled"):
            sign, _, _, colour = _STANDS[stand]
            summary.append(f"{sign} {counts.pop(stand, 0)} {self._stand_word(stand)}   ", style=colour)
        self._console.print(summary)
        for code in sorted({line.receipt_code for line in telling.lines} - {""}):
            self._console.print(Text(f"  {code}: {ERROR_TEXT.get(code, '')}", style="dim"))
        if interrupted:
            self._console.print(Text(self._words["interrupted"], style="bold"))
            return
        failed = [line for line in telling.lines if not line.ended_well]
        word = self._words["bad" if failed else "good"]
        text = word.format(n=len(failed) or len(telling.lines))
        self._console.print(Text(text, style="bold red" if failed else "bold green"))
        for line in failed:
            self._console.print(Text(f"  {line.step.key}: {self._why(line)}", style="red"))

    def tell_chart(self, chart: Drawn, file: str | None) -> None:
        """What a run chart shows, and where it lies (None: it goes with the folder)."""
        self._console.print(Text("\n" + self._words["many"].format(title=chart.title), style="bold"))
        self._console.print(chart.said, markup=False)
        if file is not None:
            self._console.print(self._words["drawn"].format(file=file), markup=False, soft_wrap=True)

    def tell_address(self, address: str) -> None:
        """Where the console is."""
        self._console.print(Text(self._words["console"].format(address=address), style="bold"))

    def _table(self, telling: Telling) -> Table:
        """One line a message, so that the whole story fits on a screen; a narrow screen leaves columns out."""
        columns = self._columns()
        table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
        for name, width in columns.items():
            right = name in ("number", "time")
            table.add_column(
                self._words.get(name, ""),
                width=width,
                no_wrap=True,
                overflow="ellipsis",
                justify="right" if right else "left",
            )
        for number, line in enumerate(telling.lines, 1):
            cells = {
                "number": Text(str(number), style="dim"),
                "route": self._route(line),
                "type": Text(line.step.type, style="dim"),
                "what": self._what(line),
                "form": self._form(line),
                "stand": self._stand(line),
                "receipt": self._receipt(line),
                "time": Text(self._took(line)),
            }
            table.add_row(*(cells[name] for name in columns), style="dim" if line.stand == "waiting" else "")
        return table

    def _columns(self) -> dict[str, int]:
        """Which columns there is room for, and how wide each is; what is left goes to what the message says."""
        fixed = {
            "number": 2,
            "route": 21,
            "type": 20,
            "what": 0,
            "form": 12,
            "stand": 14,
            "receipt": 10,
            "time": 7,
        }
        for name, needed in (("type", 140), ("form", 112), ("time", 90)):
            if self._console.width < needed:
                del fixed[name]
        left = self._console.width - sum(fixed.values()) - GAP * len(fixed)
        return {**fixed, "what": max(min(left, LONGEST_WHAT), 10)}

    def _print_line(self, number: int, line: Line) -> None:
        parts = (self._route(line), line.step.type, self._what(line), self._form(line), self._stand(line))
        text = Text(f"{number:2}  ")
        for part in (*parts, self._receipt(line)):
            text.append(part)
            text.append("   ")
        text.append(self._took(line))
        self._console.print(text, soft_wrap=True)

    def _route(self, line: Line) -> Text:
        return Text(f"{line.sender.short_name} → {line.receiver.short_name}")

    def _what(self, line: Line) -> Text:
        text = Text(line.step.no if self._language == "no" else line.step.en)
        if line.step.status in _STATUS:
            text.append(f" ({_STATUS[line.step.status][self._language != 'no']})", style="yellow")
        return text

    def _form(self, line: Line) -> Text:
        if line.goes_unchanged:
            return Text(f"XML, {self._words['unchanged']}")
        return Text("FHIR → PLO" if line.step.is_fhir else "PLO → FHIR")

    def _stand(self, line: Line) -> Text:
        sign, _, _, colour = _STANDS[line.stand]
        return Text(f"{sign} {self._stand_word(line.stand)}", style=colour)

    def _stand_word(self, stand: str) -> str:
        return _STANDS[stand][1 if self._language == "no" else 2]

    def _receipt(self, line: Line) -> Text:
        if line.receipt is None:
            return Text(self._words["awaited"] if line.stand == "delivered" else "", style="dim")
        if line.receipt == "1":
            return Text("✓ OK", style="green")
        return Text(f"✗ {line.receipt_code}", style="red")

    def _took(self, line: Line) -> str:
        if line.took is None:
            return ""
        seconds = f"{line.took:.2f} s"
        return seconds.replace(".", ",") if self._language == "no" else seconds

    def _why(self, line: Line) -> str:
        found = f"{line.stand} [{line.code}]" if line.code else line.stand
        expected = f"{line.step.ends}, {line.step.receipt}"
        unchanged = "" if line.unchanged in (None, line.goes_unchanged) else f", unchanged={line.unchanged}"
        return f"{found}, {line.receipt or '–'}{unchanged}  ≠  {expected}"
