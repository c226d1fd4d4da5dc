"""Does the table say the same without colour, fit the screen, and speak the language asked for?"""

from __future__ import annotations

import asyncio
import io
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from gateway.commands.screen import Language
from gateway.simulator.show import Show
from gateway.simulator.stage import Stage
from gateway.simulator.steps import story
from gateway.simulator.telling import Line, Telling, settle
from gateway.simulator.template import Clock


def shown(width: int, language: Language = "no", *, terminal: bool = True, ended: bool = True) -> str:
    """What stands on a screen without colour when every message ended as told (or nothing happened yet)."""

    async def tell() -> str:
        telling = Telling(Stage(Path()), Clock(date(2026, 3, 27)))
        for line in telling.lines if ended else []:
            end_as_told(line)
        screen = io.StringIO()
        console = Console(file=screen, width=width, force_terminal=terminal, no_color=True, highlight=False)
        show = Show(console, language)
        show.introduce()
        show.begin(telling)
        show.update(telling)
        show.end(telling)
        return screen.getvalue()

    return asyncio.run(tell())


def end_as_told(line: Line) -> None:
    line.stand, line.receipt, line.gateway_state = line.step.ends, line.step.receipt, line.step.ends
    line.unchanged, line.took = line.goes_unchanged, 0.5


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_the_table_fits_and_names_every_state_in_words(width: int) -> None:
    text = shown(width)
    assert max(len(line) for line in text.split("\n") if "\x1b" not in line) <= width
    for word in ("kvittert", "avvist", "kansellert", "E35", "Alle 14 meldinger endte slik historien sier."):
        assert word in text


def test_every_state_has_its_own_sign() -> None:
    text = shown(120)
    for pair in ("✓ kvittert", "✗ avvist", "⊘ kansellert"):
        assert pair in text


def test_english_for_those_who_ask() -> None:
    text = shown(120, "en")
    assert "✓ acknowledged" in text
    assert "All 14 messages ended as the story says." in text


def test_without_a_terminal_each_message_is_a_line() -> None:
    lines = shown(80, terminal=False).splitlines()
    assert len([line for line in lines if " → " in line and " s" in line]) == len(story())


def test_what_did_not_end_as_told_is_named() -> None:
    text = shown(120, ended=False)
    assert "14 meldinger endte ikke slik historien sier:" in text
    assert "innlagt: waiting, –  ≠  acknowledged, 1" in text


def test_a_message_is_cancelled_once_its_cancellation_is_acknowledged() -> None:
    lines = {step.key: Line(step, step.key) for step in story()}
    original, cancellation = lines["klar-arvid"], lines["klar-arvid-kansellert"]
    original.gateway_state = "acknowledged"
    settle(list(lines.values()))
    assert original.stand == "acknowledged"
    cancellation.gateway_state = "acknowledged"
    settle(list(lines.values()))
    assert original.stand == "cancelled"
