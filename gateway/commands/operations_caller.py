"""How does a command ask /ops of a running gateway, and show what it answered?

The operator's secret is SOMLOS_OPERATOR_SECRET. Every change has a key of its own, so that it is done once.
"""

from __future__ import annotations

import json
import os
import uuid
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import typer

from gateway.commands.screen import Language, language_of_locale, messages, output
from gateway.errors import CATALOGUE

if TYPE_CHECKING:
    import httpx

TIME_LIMIT_S: Final = 120.0
_MOST_CHARACTERS: Final = 10_000
"""Of a line that goes into a pipe."""
_MORE: Final[dict[Language, str]] = {
    "no": "Det kan finnes flere enn dem som vises.",
    "en": "There may be more than are shown.",
}


class LanguageChoice(StrEnum):
    """What the command speaks."""

    NORWEGIAN = "no"
    ENGLISH = "en"


class Caller:
    """Asks one gateway, and tells what it answered."""

    def __init__(self, address: str, as_json: bool, language: LanguageChoice | None) -> None:
        self._address = address
        self._as_json = as_json
        self.language: Language = language_of_locale() if language is None else language.value

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """Ask something."""
        asked = {name: value for name, value in parameters.items() if value is not None}
        return self._ask("GET", path, params=asked)

    def post(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """Have something done, once."""
        said = {name: value for name, value in content.items() if value is not None}
        return self._ask("POST", path, json=said, headers={"Idempotency-Key": str(uuid.uuid4())})

    def fetch(self, path: str, *, accept: str | None = None, **parameters: Any) -> bytes:
        """Ask for something that is no JSON, as it is."""
        asked = {name: value for name, value in parameters.items() if value is not None}
        content: bytes = self._sent(
            "GET", path, params=asked, headers={"Accept": accept} if accept else {}
        ).content
        return content

    def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            content: dict[str, Any] = self._sent(method, path, **more).json()
        except ValueError:
            raise self._failed("operations.unreachable") from None
        return content

    def _sent(self, method: str, path: str, **more: Any) -> httpx.Response:
        import httpx

        headers = more.pop("headers", {})
        secret = os.environ.get("SOMLOS_OPERATOR_SECRET")
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        try:
            with httpx.Client(base_url=self._address, timeout=TIME_LIMIT_S, trust_env=False) as client:
                answer = client.request(method, f"/ops{path}", headers=headers, **more)
            refused = answer.json() if answer.is_error else {}
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            raise self._failed("operations.unreachable") from None
        if answer.is_error:
            raise self._failed(str(refused.get("code")), refused.get("path"))
        return answer

    def _failed(self, code: str, path: str | None = None) -> typer.Exit:
        entry = CATALOGUE.get(code) or CATALOGUE["us.internal"]
        norwegian = self.language == "no"
        sentence, step = (entry.no, entry.next_step_no) if norwegian else (entry.en, entry.next_step_en)
        place = f" ({path})" if path else ""
        messages().print(f"{sentence}{place} {step}  [{entry.code}]", markup=False)
        return typer.Exit(1)

    def show(self, answer: dict[str, Any], rows: list[dict[str, Any]], columns: dict[str, str]) -> None:
        """Show an answer: as it is, or its rows as a table, in which nothing is cut (in a pipe, a row is a line).
        `columns`: name of a member to its heading."""
        if self._as_json:
            print(json.dumps(answer, ensure_ascii=False))
            return
        from rich.table import Table

        table = Table(box=None, pad_edge=False)
        for heading in columns.values():
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*(_cell(row.get(name), self.language) for name in columns))
        screen = output()
        if not screen.is_terminal:
            screen.width = _MOST_CHARACTERS
        screen.print(table)
        if answer.get("before") is not None:
            messages().print(_MORE[self.language], markup=False)


def _cell(value: Any, language: Language) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return {"no": ("nei", "ja"), "en": ("no", "yes")}[language][value]
    if isinstance(value, dict):
        return str(value.get(language, ""))
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value)
