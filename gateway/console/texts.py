"""Which words does the console use, in bokmål and in English?

One catalogue, read by templates as `t("flow.title")`. Every key has both languages; a text is at most a sentence or
two. Plurals: a text with one `|` holds the form for one and the form for the rest, chosen by `n`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

from gateway.console.catalogue import TEXTS

Language = Literal["no", "en"]


@dataclass(frozen=True)
class Texts:
    """The catalogue in one language; called with a key and the values its text names."""

    language: Language

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of a key with its values put in. KeyError: there is no such text."""
        text = TEXTS[key][self.language == "en"]
        if "n" in values and "|" in text:
            one, _, many = text.partition("|")
            text = one if values["n"] == 1 else many
        return text.format(**values) if values else text

    def marked(self, key: str, /, **values: object) -> Markup:
        """The text of a key with its values as elements of a page: a time names its zone also inside a sentence."""
        return Markup(escape(TEXTS[key][self.language == "en"])).format(**values)

    def or_code(self, prefix: str, code: str) -> str:
        """The text for a code, or the code itself where there is none: an unknown code is shown, never hidden."""
        return self(f"{prefix}.{code}") if f"{prefix}.{code}" in TEXTS else code

    @property
    def html_language(self) -> str:
        """The value of the `lang` attribute."""
        return "nb" if self.language == "no" else "en"

    @property
    def other(self) -> Language:
        """The language one click away."""
        return "no" if self.language == "en" else "en"


NORWEGIAN = Texts("no")
ENGLISH = Texts("en")
