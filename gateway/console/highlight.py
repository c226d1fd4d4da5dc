"""How is a document shown to a person: numbered, coloured lines, each knowing the place it holds?

A small reader of XML and JSON *text*, for display only: it never judges a document and cannot fail on a bad one.
Besides colour classes (no inline style, so the strict Content-Security-Policy holds) it notes on which line each place
begins, so that a row of the loss report can point into the document. Very long runs (an attachment in base64) are cut
in the middle, and a document of very many lines at its end; both say how much was left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from markupsafe import Markup

Kind = Literal["xml", "json"]
Token = tuple[str, str]
"""The kind of a piece of text, and the piece."""

LONGEST_RUN = 2_000
"""Characters of one encoded run (an attachment in base64) that are shown before it is cut; prose is never cut."""
MOST_CHARACTERS = 400_000
"""Characters of one document that are shown."""
FEW_BREAKS = 2
"""A document with so few line breaks (after its declaration, at its end) was not laid out for reading."""
MOST_STEPS = 16
SHORT_GROUP = 130
"""Characters of an object or array that stays on one line when a document is laid out."""
MOST_LINES = 6_000
"""Lines of one document that are shown."""

_ENCODED = re.compile(rf"[A-Za-z0-9+/=\n]{{{LONGEST_RUN},}}")
_XML = re.compile(
    r"(?P<comment><!--.*?-->)|(?P<instruction><\?.*?\?>)|(?P<cdata><!\[CDATA\[.*?\]\]>)|(?P<doctype><![^>]*>)"
    r"|(?P<close></[^>]*>)|(?P<open><[^>]*>)|(?P<text>[^<]+)|(?P<rest><)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"""(?P<space>\s+)|(?P<name>[^\s=/>]+)|(?P<value>"[^"]*"|'[^']*')|(?P<mark>=|/|>|.)""", re.DOTALL
)
_JSON = re.compile(
    r"""(?P<string>"(?:[^"\\]++|\\.)*+")|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<word>true|false|null)"""
    r"|(?P<mark>[{}\[\],:])|(?P<space>\s+)|(?P<rest>.)",
    re.DOTALL,
)


_RESOURCE = re.compile(r"entry\[\d+\]\.resource")


class Line(NamedTuple):
    """One line of the shown document: its number from 1 and its coloured text."""

    number: int
    markup: Markup
    indent: int
    """Steps of indentation (a tab, or two spaces), up to `MOST_STEPS`. The page makes it with padding, so that a long
    line that wraps stays indented; `markup` begins without white space."""


@dataclass(frozen=True)
class Document:
    """A document made ready for reading."""

    kind: Kind
    lines: tuple[Line, ...]
    places: dict[str, int]
    """Place (`/MsgHead/MsgInfo[1]/MsgId[1]`, `entry[2].resource`) → number of the line it begins on."""
    names: dict[str, str]
    """What others call a place (`Bundle`, `Goal[2]`: the second Goal) → the place."""
    left_out: int
    """Lines at the end that are not shown."""
    laid_out: bool
    """True: the line breaks were put in for reading; the document itself came without."""

    def line_of(self, path: str) -> int | None:
        """The line a place begins on, also as others write it: `Bundle.entry[4].resource.x`, `Goal[2].x`."""
        number = self.places.get(path)
        if number is not None:
            return number
        head, _, rest = path.partition(".")
        holder = self.names.get(head)
        return (
            self.places.get(f"{holder}.{rest}" if holder and rest else holder or rest)
            if holder is not None
            else None
        )

    def items(self, name: str) -> Markup:
        """The lines as the items of a list; the anchor of each begins with `name`. Three thousand lines of one message
        are put together here, because a template takes ten times as long."""
        return Markup(  # every run was escaped when it was written
            "".join(
                f'<li id="{name}-{line.number}" class="in-{line.indent}">{line.markup}</li>'
                for line in self.lines
            )
        )


class _Page:
    """Collects coloured runs into lines."""

    def __init__(self) -> None:
        self.lines: list[list[str]] = [[]]

    @property
    def number(self) -> int:
        """The number of the line that is being written."""
        return len(self.lines)

    def write(self, text: str, colour: str = "") -> None:
        """Add text in a colour class; a line break in it begins a new line."""
        first, *rest = text.split("\n") if "\n" in text else (text,)
        self._add(first, colour)
        for part in rest:
            self.lines.append([])
            self._add(part, colour)

    def _add(self, text: str, colour: str) -> None:
        """Quotation marks may stand in a text as they are: nothing of it becomes an attribute."""
        if text:
            shown = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            self.lines[-1].append(f'<span class="{colour}">{shown}</span>' if colour else shown)

    def document(
        self, kind: Kind, places: dict[str, int], names: dict[str, str], *, laid_out: bool
    ) -> Document:
        """What was written so far, cut to what a page can hold."""
        lines = self.lines[:-1] if len(self.lines) > 1 and not self.lines[-1] else self.lines
        shown = lines[:MOST_LINES]
        return Document(
            kind,
            tuple(_line(number, "".join(parts)) for number, parts in enumerate(shown, start=1)),
            {place: number for place, number in places.items() if number <= len(shown)},
            names,
            len(lines) - len(shown),
            laid_out,
        )


def _line(number: int, markup: str) -> Line:
    """A line of which every run was escaped when it was written."""
    shown = markup.lstrip(" \t")
    space = markup[: len(markup) - len(shown)]
    return Line(number, Markup(shown), min(space.count("\t") + space.count(" ") // 2, MOST_STEPS))


def _shorten(run: re.Match[str]) -> str:
    """A very long encoded run, cut in the middle."""
    text, kept = run.group(), LONGEST_RUN // 4
    return f"{text[:kept]} … (+ {len(text) - 2 * kept}) … {text[-kept:]}"


def highlight(data: bytes, kind: Kind) -> Document:
    """The document as numbered, coloured lines. Never raises: what it does not understand is shown plain."""
    whole = _ENCODED.sub(_shorten, _decode(data).replace("\r\n", "\n").replace("\r", "\n"))
    text, rest = whole[:MOST_CHARACTERS], whole[MOST_CHARACTERS:]
    document = _xml(text) if kind == "xml" else _json(text)
    return replace(document, left_out=document.left_out + rest.count("\n") + 1) if rest else document


def _decode(data: bytes) -> str:
    """The text of a document in UTF-8, or in the encoding its XML declaration names; bad bytes become U+FFFD."""
    declared = re.match(rb"""\s*<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""", data[:200])
    encoding = declared.group(1).decode("ascii") if declared else "utf-8-sig"
    try:
        return data.decode(encoding, errors="replace").lstrip("\ufeff")
    except LookupError:
        return data.decode("utf-8", errors="replace")


def _xml(text: str) -> Document:
    laid_out = text.strip().count("\n") <= FEW_BREAKS and text.count("><") > FEW_BREAKS
    page, stack = _Page(), list[str]()
    places: dict[str, int] = {}
    siblings: list[Counter[str]] = [Counter()]
    indent = 0
    previous = ""
    for token in _XML.finditer(text):
        part, group = token.group(), str(token.lastgroup)
        if laid_out and group != "text" and previous not in ("text", ""):
            indent_now = indent - (group == "close")
            if not (group == "close" and previous == "open"):
                page.write("\n" + "  " * max(indent_now, 0))
        if group == "open":
            name = re.split(r"[\s/>]", part[1:], maxsplit=1)[0].rpartition(":")[2]
            siblings[-1][name] += 1
            stack.append(f"{name}[{siblings[-1][name]}]")
            places.setdefault("/" + "/".join(stack), page.number)
            _tag(page, part)
            if part.endswith("/>"):
                stack.pop()
            else:
                siblings.append(Counter())
                indent += 1
        elif group == "close":
            page.write(part, "hl-tag")
            if stack:
                stack.pop()
                siblings.pop()
                indent -= 1
        else:
            page.write(
                part,
                {"comment": "hl-comment", "instruction": "hl-comment", "doctype": "hl-comment"}.get(
                    group, ""
                ),
            )
        previous = "empty" if group == "open" and part.endswith("/>") else group
    return page.document("xml", places, {}, laid_out=laid_out)


def _tag(page: _Page, tag: str) -> None:
    """One start tag: its name, attribute names and attribute values."""
    name = re.match(r"<[^\s/>]*", tag)
    head = name.group() if name else "<"
    page.write(head, "hl-tag")
    for token in _ATTRIBUTE.finditer(tag, len(head)):
        group = str(token.lastgroup)
        page.write(token.group(), {"name": "hl-name", "value": "hl-value", "mark": "hl-tag"}.get(group, ""))


@dataclass
class _Level:
    """An object or array that is open while the JSON text is read."""

    place: str
    array: bool
    index: int = 0
    key: str = ""

    def inner(self) -> str:
        """The place of the value that comes next."""
        if self.array:
            return f"{self.place}[{self.index}]"
        return f"{self.place}.{self.key}" if self.place else self.key


def _json(text: str) -> Document:
    laid_out = "\n" not in text.strip()
    page = _Page()
    places: dict[str, int] = {}
    levels: list[_Level] = []
    kinds: dict[str, str] = {}
    tokens = [(str(t.lastgroup), t.group()) for t in _JSON.finditer(text)]
    if laid_out:
        tokens = list(_laid_out(tokens))
    level: _Level | None = None
    for position, (group, part) in enumerate(tokens):
        if group == "space":
            page.write(part)
            continue
        if group == "string" and level and not level.array and _next_mark(tokens, position) == ":":
            level.key = part[1:-1]
            page.write(part, "hl-name")
            continue
        if part not in _BETWEEN:
            places.setdefault(level.inner() if level else "", page.number)
            if level and level.key == "resourceType":
                kinds[level.place] = part[1:-1]
        if group == "mark":
            page.lines[-1].append(part)
            _step(levels, part)
            level = levels[-1] if levels else None
        else:
            page.write(part, _JSON_COLOURS.get(group, ""))
    return page.document("json", places, _other_names(kinds), laid_out=laid_out)


_BETWEEN = frozenset("]},:")
_JSON_COLOURS = {"string": "hl-value", "number": "hl-number", "word": "hl-number"}


def _step(levels: list[_Level], mark: str) -> None:
    """Follow one bracket or comma: open, close or move on within an array."""
    if mark in "{[":
        levels.append(_Level(levels[-1].inner() if levels else "", mark == "["))
    elif mark in "}]" and levels:
        levels.pop()
    elif mark == "," and levels:
        levels[-1].index += 1


def _next_mark(tokens: list[Token], position: int) -> str:
    """The next token after white space, or nothing at the end."""
    for after in (position + 1, position + 2):
        if after < len(tokens) and tokens[after][0] != "space":
            return tokens[after][1]
    return ""


def _laid_out(tokens: list[Token]) -> Iterator[Token]:
    """The tokens of a one-line JSON text with line breaks and indents of two spaces put in.

    An object or array that fits on a line stays on one.
    """
    marks = [token for token in tokens if token[0] != "space"]
    closed = _short_groups(marks)
    depth, inline_until = 0, -1
    for position, (group, part) in enumerate(marks):
        inline = position <= inline_until
        if group == "mark" and part in "}]" and not inline:
            depth -= 1
            if marks[position - 1][1] not in ("{", "["):
                yield "space", "\n" + "  " * depth
        yield group, part
        if group != "mark" or part in "}]":
            continue
        if part in "{[" and not inline:
            inline = position in closed
            inline_until = closed.get(position, inline_until)
            depth += not inline
        if part == ":" or (inline and part == ","):
            yield "space", " "
        elif not inline and marks[position + 1 : position + 2] not in ([("mark", "}")], [("mark", "]")]):
            yield "space", "\n" + "  " * depth


def _short_groups(marks: list[Token]) -> dict[int, int]:
    """Objects and arrays that fit on one line: position of the opening bracket → of the closing one."""
    short, opened, length = {}, list[tuple[int, int]](), 0
    for position, (group, part) in enumerate(marks):
        length += len(part) + (part in ":,")
        if group == "mark" and part in "{[":
            opened.append((position, length))
        elif group == "mark" and part in "}]" and opened:
            start, before = opened.pop()
            if length - before <= SHORT_GROUP:
                short[start] = position
    return short


def _other_names(kinds: dict[str, str]) -> dict[str, str]:
    """What others call the resources of a Bundle: `Goal[2]` the second Goal, `Patient` the only Patient."""
    counted = Counter(kinds.values())
    numbers: Counter[str] = Counter()
    names = {}
    for place, kind in kinds.items():
        numbers[kind] += 1
        if not place or _RESOURCE.fullmatch(place):
            names[f"{kind}[{numbers[kind]}]"] = place
            if counted[kind] == 1:
                names[kind] = place
    return names | {"Bundle": ""}
