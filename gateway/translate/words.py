"""How does a code of the e-message become one of the few words that FHIR has for it (sex, use of an address, …)?

The word alone stands for one code with its usual display. Any other code that means the same word (or has another
display, or no word at all) also stands in `exact`; it counts only while it still means that word: an edit of the word
wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from lxml import etree

from gateway import terminology
from gateway.fhir.canonical import EXACT, PRESENT
from gateway.translate.codec import Attributes, Json, Marks, Notes
from gateway.translate.primitives import primitive

MAIN = "main"
"""Of a telephone: FHIR says it with rank 1."""
ADDRESS_TYPES = frozenset({"postal", "physical"})
"""Of an address: FHIR says it with its type. `hooks.py` takes these words where they belong."""
WORDS: dict[str, dict[str, str]] = {
    "3101": {"1": "male", "2": "female", "0": "unknown", "9": "other"},
    "3401": {
        **{
            "H": "home",
            "HP": "home",
            "TMP": "temp",
            "HV": "temp",
            "WP": "work",
            "BAD": "old",
            "INV": "billing",
        },
        **{"PST": "postal", "RES": "physical"},
    },
    "9082": dict(zip("1234567", ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), strict=True)),
    "9061": {"HP": MAIN, "MC": "mobile", "WP": "work", "WC": "work", "WD": "work", "HV": "temp"},
    "8230": {"6": "active", "2": "active", "3": "active", "1": "draft", "4": "on-hold", "5": "revoked"},
}
"""Code set → code → the word for it; of several codes for a word the first is what the word alone stands for."""
_READ_ONLY = {"9061": {"home": "H"}}
"""Words that a code is read from, and not written for: H is at home or unknown."""
_PARTS = (("V", primitive("code", "token"), "code"), ("DN", primitive("string", "string"), "display"))
"""Attribute, how its text is written, and its key in a Coding."""


@dataclass(frozen=True)
class Word:
    """CS of a code set that FHIR has words for ⇄ code."""

    code_set: str
    value_key = "valueCode"

    def write(self, source: etree._Element | str, holder: Json, key: str, notes: Notes) -> None:
        """Puts the word in its place, and the code as it came beside it where the word does not say it all."""
        assert not isinstance(source, str)
        code, display = source.get("V"), source.get("DN")
        word = WORDS[self.code_set].get(code or "")
        if word is not None:
            holder[key] = word
        whole = word is not None and _codes(self.code_set)[word] == {"V": code, "DN": display}
        if not whole:
            sent = {"V": code, "DN": display}
            keep_code(holder, key, {name: text for name, text in sent.items() if text is not None})
        notes.wrote(whole)

    def read(self, holder: Json, key: str, marks: Marks) -> Attributes | None:
        """V and DN; None if there is no word, or one that no code stands for."""
        word = holder.get(key)
        sent = kept_code(holder, key) if "_" + key in holder else None
        if sent is not None and (word is None or WORDS[self.code_set].get(sent.get("V", "")) == word):
            found: Attributes | None = sent
        else:
            found = self.attributes(word) if isinstance(word, str) else None
        if found is not None:
            marks.used(holder, key)
        return found

    def attributes(self, word: str) -> Attributes | None:
        """The code that a word alone stands for."""
        found = _codes(self.code_set).get(word)
        return None if found is None else dict(found)


@cache
def whole_words(code_set: str) -> dict[tuple[str | None, str | None], str]:
    """Code and display → the word that alone stands for them."""
    words = WORDS[code_set]
    return {
        (known["V"], known["DN"]): word
        for word, known in _codes(code_set).items()
        if words.get(known["V"]) == word
    }


@cache
def _codes(code_set: str) -> dict[str, Attributes]:
    """Word → the code that it alone stands for, with its usual display."""
    first = {word: code for code, word in reversed(WORDS[code_set].items())}
    return {
        word: {"V": code, "DN": terminology.display(code_set, code) or code}
        for word, code in (_READ_ONLY.get(code_set, {}) | first).items()
    }


def withdraw(code_set: str, holder: Json, key: str) -> None:
    """Takes the word away where it must not stand (an organisation at home); `exact` keeps the code."""
    if kept_code(holder, key) is None:
        keep_code(holder, key, Word(code_set).attributes(holder[key]) or {})
    del holder[key]


def keep_code(holder: Json, key: str, sent: Attributes) -> None:
    """The code as it came, in `exact`."""
    coding: Json = {}
    for name, kind, part in _PARTS:
        if name in sent:
            kind.write(sent[name], coding, part)
    coding = coding or {"extension": [{"url": PRESENT, "valueBoolean": True}]}
    holder["_" + key] = {"extension": [{"url": EXACT, "valueCoding": coding}]}


def kept_code(holder: Json, key: str) -> Attributes | None:
    """The code as it came; None if only the word is there."""
    meta = holder.get("_" + key)
    extensions = meta.get("extension", ()) if isinstance(meta, dict) else ()
    for extension in extensions:
        coding = extension.get("valueCoding") if isinstance(extension, dict) else None
        if isinstance(coding, dict) and extension.get("url") == EXACT:
            texts = {name: kind.read(coding, part) for name, kind, part in _PARTS}
            return {name: text for name, text in texts.items() if text is not None}
    return None
