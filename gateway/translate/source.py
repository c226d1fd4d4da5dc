"""How is the text of a generated function put together?

The rules of a component are written as one Python function at the first use (`Content.function`), because a function
that only does what they say takes a fraction of the time of a loop that asks each rule what to do. `Mapping.source`
returns the text of any of them, to be read. In the text stand names and paths of the definitions and the grammar,
never a value of a message.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, count
from typing import Any

_NO_LETTER = re.compile(r"\W")


class Source:
    """The text of one function while it is written, and what the names in it stand for."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        """What is global for the function; shared by all functions of a mapping."""
        self._lines: list[str] = []
        self._depth = 0
        self._variables = 0

    def line(self, text: str) -> None:
        """One more line, as deep as the block it stands in."""
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """What is written inside stands in a block under this line."""
        self.line(head + ":")
        self._depth += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.line("pass")
        self._depth -= 1

    def variable(self, word: str) -> str:
        """A new local name that begins with the word."""
        self._variables += 1
        return f"{word}_{self._variables}"

    def name(self, word: str, value: object) -> str:
        """The global name of a value, made of the word; the same for an equal value."""
        known: dict[object, str] = self.names.setdefault("__known__", {})
        if value not in known:
            plain = _NO_LETTER.sub("_", word)
            numbered = (f"{plain}_{number}" for number in count(2))
            free = (
                name
                for name in chain((plain,), numbered)
                if name not in self.names and not hasattr(builtins, name)
            )
            known[value] = next(free)
            self.names[known[value]] = value
        return known[value]

    def text(self) -> str:
        """The text so far."""
        return "\n".join(self._lines) + "\n"

    def function(self, name: str) -> Callable[..., Any]:
        """The function of that name, compiled."""
        exec(compile(self.text(), f"<mapping: {name}>", "exec"), self.names)
        made: Callable[..., Any] = self.names[name]
        return made
