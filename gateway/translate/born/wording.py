"""How does a value of FHIR read as Norwegian text?

Only what was not carried otherwise is put into words: a value is given as the object it stands in, with a predicate
that says which of its leaves still wait. Words for elements and codes stand in `mappings/rendering.map`; a code
without a word stands as it is, never as a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from lxml import etree

from gateway import parsing, terminology
from gateway.translate.born.tables import Wordlist
from gateway.translate.codec import Json
from gateway.translate.primitives import OSLO

Waits = Callable[[Json, str, int | None], bool]
"""Whether the value at a key (and position) of an object was not carried."""
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?")
_MOST_DIGITS = 20
_CODING = frozenset({"system", "version", "code", "display", "userSelected", "id"})
_REFERENCE = frozenset({"reference", "type", "identifier", "display", "id"})
_NAMES = frozenset({"reference", "identifier", "display"})
_BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol"})


class Wording:
    """Puts values into words, and notes which."""

    def __init__(self, words: Wordlist, waits: Waits) -> None:
        self._words = words
        self._waits = waits
        self.values: dict[tuple[int, str], None] = {}
        """What has been said: nothing is said twice."""

    def _awaits(self, holder: Json, key: str, at: int | None) -> bool:
        said = (id(holder), key if at is None else f"{key}[{at}]") in self.values
        return not said and self._waits(holder, key, at)

    def sentence(self, holder: Json, key: str, path: str, at: int | None = None) -> str:
        """`Label: value` for one element of an object (one item of a list); empty if nothing of it waits."""
        text = self._value(holder, key, at, f"{path}.{key}")
        label = self._words.label(f"{path}.{key}")
        if holder[key] is True and text and label.isupper():
            return label
        return f"{label}: {text}" if text and label and not text.startswith(f"{label}: ") else text

    def _value(self, holder: Json, key: str, at: int | None, path: str) -> str:
        value = holder[key] if at is None else holder[key][at]
        if isinstance(value, dict):
            return self._object(value, path)
        if isinstance(value, list):
            return ", ".join(filter(None, (self._value(holder, key, n, path) for n in range(len(value)))))
        if value is None or not self._awaits(holder, key, at) or self._words.is_silent(path, value):
            return ""
        self.values[id(holder), key if at is None else f"{key}[{at}]"] = None
        return self._primitive(value, path)

    def _primitive(self, value: Any, path: str) -> str:
        if isinstance(value, bool):
            return self._words.word(path, str(value).lower()) or ("ja" if value else "nei")
        if isinstance(value, Decimal | float | int):
            return digits(value).replace(".", ",")
        text = str(value)
        word = self._words.word(path, text)
        return word or moment(text)

    def _object(self, value: Json, path: str) -> str:
        if "div" in value:
            return self._narrative(value)
        if value.keys() <= _REFERENCE and value.keys() & _NAMES:
            return self._take(value, "display", path)
        if value.keys() <= _CODING:
            return self.coding(value, path) or ""
        for keys, say in _SPECIAL:
            if keys & value.keys():
                text = say(self, value, path)
                if text is not None:
                    return text
        return "; ".join(self._rest(value, frozenset(), path))

    def _rest(self, value: Json, said: frozenset[str], path: str) -> list[str]:
        """A sentence for each element of an object that is told, and is not among those said."""
        told = [key for key in value if key not in said and not self._words.is_never(key)]
        addresses = [key for key in told if key == "reference" and isinstance(value[key], str)]
        told.sort(key=lambda key: self._words.rank(f"{path}.{key}", value[key]))
        parts = (self.sentence(value, key, path) for key in told if key not in addresses)
        return [part for part in parts if part]

    def _take(self, holder: Json, key: str, path: str) -> str:
        return self._value(holder, key, None, f"{path}.{key}") if key in holder else ""

    def concept(self, value: Json, path: str) -> str | None:
        """The text and displays; the code only where there are no words."""
        if "coding" not in value:
            return None
        codings = [coding for coding in value["coding"] if isinstance(coding, dict)]
        found = [self._take(value, "text", path)] if "text" in value else []
        found += [self.coding(coding, path) or "" for coding in codings]
        unlike: dict[str, str] = {}
        for text in filter(None, found):
            unlike.setdefault(" ".join(text.split()).casefold(), text)
        return ", ".join(unlike.values())

    def coding(self, value: Json, path: str) -> str | None:
        """The display, or the word for the code."""
        if "code" not in value and "display" not in value:
            return None
        code = value.get("code")
        if isinstance(code, str) and (self._words.is_silent(path, code) or self._words.word(path, code)):
            word = "" if self._words.is_silent(path, code) else self._words.word(path, code) or ""
            for key in ("code", "display"):
                if key in value and self._awaits(value, key, None):
                    self.values[id(value), key] = None
            shown = self._take(value, "display", path) if not word else ""
            return word or ("" if self._words.is_silent(path, code) else shown)
        if "display" in value:
            return self._take(value, "display", path)
        number = terminology.number_of(str(value.get("system", "")))
        said = self._take(value, "code", path)
        return (terminology.display(number, said) or said) if said else ""

    def quantity(self, value: Json, path: str) -> str | None:
        """Number and unit; `<`, `>` before it."""
        number = self._take(value, "value", path)
        if not number:
            return None
        sign = self._take(value, "comparator", path)
        unit = (
            self._take(value, "unit", path)
            or self._take(value, "code", path)
            or self._take(value, "currency", path)
        )
        return f"{sign}{number} {unit if unit != '1' else ''}".strip()  # UCUM: of nothing

    def between(self, value: Json, path: str) -> str | None:
        """A period or range."""
        first, last = ("start", "end") if {"start", "end"} & value.keys() else ("low", "high")
        one, other = self._take(value, first, path), self._take(value, last, path)
        ends = (f"fra {one}" if one else "", f"til {other}" if other else "")
        span = f"{one} – {other}" if all(ends) else "".join(ends)
        return "; ".join(filter(None, (span, *self._rest(value, frozenset({first, last}), path))))

    def ratio(self, value: Json, path: str) -> str | None:
        """Something per something."""
        number, per = (self._take(value, key, path) for key in ("numerator", "denominator"))
        return f"{number} per {per}".strip() if per else number

    def annotation(self, value: Json, path: str) -> str | None:
        """The text, with who wrote it and when."""
        if "text" not in value or not {"time", "authorString", "authorReference"} & value.keys():
            return None
        about = [self._take(value, key, path) for key in ("authorString", "authorReference", "time")]
        signed = ", ".join(filter(None, about))
        text = self._take(value, "text", path)
        return f"{text} ({signed})" if text and signed else text or signed

    def repeat(self, value: Json, path: str) -> str | None:
        """How often: `2 per 1 døgn`."""
        often = self._take(value, "frequency", path)
        length = " ".join(
            filter(None, (self._take(value, "period", path), self._take(value, "periodUnit", path)))
        )
        rest = self._rest(value, frozenset({"frequency", "period", "periodUnit"}), path)
        first = f"{often or '1'} ganger per {length}" if length else f"{often} ganger" if often else ""
        return "; ".join(filter(None, (first, *rest)))

    def _narrative(self, value: Json) -> str:
        if not self._awaits(value, "div", None):
            return ""
        self.values[id(value), "div"] = None
        return plain(str(value["div"]))


_SPECIAL: tuple[tuple[frozenset[str], Callable[[Wording, Json, str], str | None]], ...] = (
    (frozenset({"coding"}), Wording.concept),
    (frozenset({"numerator", "denominator"}), Wording.ratio),
    (frozenset({"value"}), Wording.quantity),
    (frozenset({"system", "userSelected"}), Wording.coding),
    (frozenset({"periodUnit", "frequency"}), Wording.repeat),
    (frozenset({"start", "end", "low", "high"}), Wording.between),
    (frozenset({"text"}), Wording.annotation),
)
"""Keys by which an object of a data type is known → how it is said."""


def digits(value: Decimal | float) -> str:
    """A number as people write it: with its digits, and powers of ten only where they would be too many."""
    if isinstance(value, Decimal) and abs(value.adjusted()) <= _MOST_DIGITS:
        return f"{value:f}"
    return str(value)


def moment(text: str) -> str:
    """A date, or a time on the clock in Oslo, as it is written in Norway; other text as it is."""
    match = _DATE.fullmatch(text)
    if match is None:
        return text
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    if match[4] is None:
        return f"{found:%d.%m.%Y}"
    here = found if found.tzinfo is None else found.astimezone(OSLO)
    said = f"{here:%d.%m.%Y kl. %H:%M}"
    if here.tzinfo is not None and here.utcoffset() != here.replace(fold=1 - here.fold).utcoffset():
        return f"{said} ({'vintertid' if here.fold else 'sommertid'})"  # of this clock time there are two
    return said


def plain(division: str) -> str:
    """The text of a narrative: one line for each block of it."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    try:
        root = parsing.parse(division.encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return ""
    return "\n".join(filter(None, (" ".join(line.split()) for line in "".join(_lines(root)).split("\n"))))


def _lines(element: etree._Element) -> Iterator[str]:
    if not isinstance(element.tag, str):
        return
    name = element.tag.rpartition("}")[2]
    if name in _BLOCKS:
        yield "\n"
    elif name in ("td", "th"):
        yield " "
    yield (element.text or "").replace("\n", " ")
    for child in element:
        yield from _lines(child)
        yield (child.tail or "").replace("\n", " ")
    if name in _BLOCKS:
        yield "\n"
