"""How is the gateway started? Settings are read, the rooms put together, and uvicorn listens."""

from __future__ import annotations

from pathlib import Path

from gateway.commands.screen import Language, messages
from gateway.errors import ConfigurationError, SomlosError


def run(config: Path | None, language: Language) -> int:
    """Serve until told to end; 2 when the settings cannot be used, 1 when the gateway cannot start with them."""
    from gateway import app
    from gateway.settings import Settings
    from gateway.settings_load import load

    try:
        app.serve(load(config) if config is not None else Settings())
    except SomlosError as error:
        entry = error.entry
        sentence = entry.no if language == "no" else entry.en
        step = entry.next_step_no if language == "no" else entry.next_step_en
        messages().print(f"{sentence}{_place(error, language)} {step}  [{error.code}]", markup=False)
        return 2 if isinstance(error, ConfigurationError) else 1
    return 0


def _place(error: SomlosError, language: Language) -> str:
    """Where it is wrong, and what would be right there."""
    said = [error.path] if error.path else []
    if error.line:
        said.append(f"{'linje' if language == 'no' else 'line'} {error.line}")
    place, accepted = ", ".join(said), error.details.get("accepted")
    return f" ({place}{f': {accepted}' if accepted else ''})" if place else ""
