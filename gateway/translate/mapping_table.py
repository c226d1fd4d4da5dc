"""What does the mapping say, element by element, so that a person can look it up?

Every row is one rule as it is used in one place: the element with its path in the e-message, the path in FHIR, how the
value is written, its code sets, the file and line of the rule, and whether the installation has put it in the place of
ours. Made of the same definitions and the same grammar as the translation. One page for each message type (8279), with
where content born in FHIR goes in it; one for the envelope and the receipt each, and one for each table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from gateway import terminology
from gateway.emessage.grammar import AttributeUse, ComplexType, ElementUse, Structure, structure
from gateway.emessage.rules import DIALOGUE_TYPES, LOGISTICS_NOTICES, PLO_BODY_OF_TYPE
from gateway.translate import dialogue, mapping_row, sources
from gateway.translate.mapping_row import Row
from gateway.translate.notation import Definition, Line

ENVELOPE: Final = "MSGHEAD"
RECEIPT: Final = "APPREC"
SHARED_FILE: Final = "person.map"
"""The file whose definitions stand once at the end of a page, and not at every place that uses them."""
PLACED: Final = "FHIR → e-melding: plass (placement.map)"
TOLD: Final = "FHIR → e-melding: som tekst (rendering.map)"
"""Titles of the parts about content that was born in FHIR: one way."""
_VERSIONS: Final = {
    "plo": ("plo-1.6", "plo-1.5"),
    "dialog": ("dialog-1.1", "dialog-1.0"),
    "apprec": ("apprec-1.1", "apprec-1.0"),
}
_CODED: Final = ("concept", "coding", "word")


@dataclass(frozen=True)
class Section:
    """A part of a page: the rows of one component."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Page:
    """The mapping of one message type."""

    code: str
    """Code of 8279; MSGHEAD for the envelope; the name of a table."""
    title: str
    sections: tuple[Section, ...] = field(repr=False)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows."""
        return tuple(row for section in self.sections for row in section.rows)


def codes() -> tuple[str, ...]:
    """The codes of all pages."""
    return (*PLO_BODY_OF_TYPE, *DIALOGUE_TYPES, RECEIPT, ENVELOPE, *sorted(sources.TABLES))


def page(code: str) -> Page:
    """The page of a message type. KeyError: there is none."""
    if code in sources.TABLES:
        return Page(code, f"{code}.map", (Section(f"{code}.map", tuple(mapping_row.rows(code))),))
    family, roots, without = _parts_of(code)
    newest, other = (_Walk(each, without) for each in _VERSIONS[family])
    rows = [row for name, definition in roots for row in newest.rows(name, definition)]
    rows += newest.shared_rows()
    older = [row for name, definition in roots for row in other.rows(name, definition)]
    older += other.shared_rows()
    sections = _sections(_merged(rows, older, newest.standard, other.standard))
    return Page(code, title(code), sections + _of_content_born_in_fhir(code, rows))


def _of_content_born_in_fhir(code: str, rows: list[Row]) -> tuple[Section, ...]:
    """Where content goes that no e-message was before, and what of it becomes text, in messages of this type."""
    body = PLO_BODY_OF_TYPE.get(code) or (dialogue.BODY if code in DIALOGUE_TYPES else None)
    if body is None:
        return ()
    made = frozenset(kind for row in rows for kind in re.findall(r"[A-Z]\w+", row.target))
    parts = (("placement", PLACED), ("rendering", TOLD))
    found = ((name, tuple(mapping_row.rows_in(table, body, made))) for table, name in parts)
    return tuple(Section(name, rows) for name, rows in found if rows)


def title(code: str) -> str:
    """What a page is about."""
    return {ENVELOPE: "Hodemelding"}.get(code) or terminology.display("8279", code) or code


def _parts_of(code: str) -> tuple[str, tuple[tuple[str, str], ...], frozenset[str]]:
    """The standard's family, the root elements with their definitions, and the elements that are not of this type."""
    if code == RECEIPT:
        return "apprec", (("ar:AppRec", "AppRec"),), frozenset()
    if code == ENVELOPE:
        parts = (
            ("mh:MsgInfo", "MsgInfo"),
            ("mh:Document", "Composition"),
            ("mh:Document", "DocumentReference"),
        )
        return "plo", (*parts, ("mh:PatientReport", "List")), frozenset()
    if code in DIALOGUE_TYPES:
        return "dialog", (("dia:Dialogmelding", "Dialogmelding"),), frozenset()
    body = PLO_BODY_OF_TYPE[code]
    notice = LOGISTICS_NOTICES.get(code)
    others = frozenset(LOGISTICS_NOTICES.values()) - {notice} if notice else frozenset()
    name = next(kind for kind in structure("plo-1.6").elements if kind.partition(":")[2] == body)
    definition = "Logistikk" if body == "Pasientlogistikk" else "Body"
    return "plo", ((name, definition),), others


class _Walk:
    """Follows the definitions through the grammar of one standard."""

    def __init__(self, standard: str, without: frozenset[str]) -> None:
        self.standard = standard
        self.without = without
        self.grammar: Structure = structure(standard)
        used = sources.definitions()
        self.definitions, self.own = used.all, used.own
        self.shared: dict[tuple[str, str], None] = {}

    def rows(self, kind: str, name: str) -> list[Row]:
        """The rows of a definition for a grammar type, whose name is the path's first step."""
        definition = self.definitions[name]
        return list(
            self._lines(definition, definition.lines, kind, kind.partition(":")[2], _base(definition), ())
        )

    def shared_rows(self) -> list[Row]:
        """The rows of the definitions that stood in the place of others so far."""
        rows: list[Row] = []
        done: set[tuple[str, str]] = set()
        while left := [each for each in self.shared if each not in done]:
            for name, kind in left:
                done.add((name, kind))
                definition = self.definitions[name]
                at = definition.target if definition.is_resource else ""
                rows += self._lines(definition, definition.lines, kind, name, at, (name,))
        return rows

    def _lines(
        self,
        of: Definition,
        lines: tuple[Line, ...],
        kind: str,
        source: str,
        at: str,
        inside: tuple[str, ...],
    ) -> Iterator[Row]:
        content = self.grammar.complex_type(kind)
        uses = (
            {use.name.partition(":")[2]: use for use in content.content.uses()}
            if content and content.content
            else {}
        )
        attributes = {use.name: use for use in content.attributes} if content else {}
        for line in lines:
            name = line.source.rpartition(":")[2] if not line.source.startswith("@") else line.source
            if line.source == ".":
                used = self.definitions[line.how.removeprefix("use ")]
                if _is_shared(used):
                    yield self._used(of, line, used, kind, source, at)
                else:
                    yield from self._lines(used, used.lines, kind, source, at, inside)
            elif line.source.startswith("@") and line.source[1:] in attributes:
                yield self._attribute(of, line, attributes[line.source[1:]], source, at)
            elif name in uses and name not in self.without:
                yield from self._element(of, line, uses[name], f"{source}/{name}", at, inside)

    def _element(
        self, of: Definition, line: Line, use: ElementUse, source: str, at: str, inside: tuple[str, ...]
    ) -> Iterator[Row]:
        target = _path(line, of, at)
        how, _, rest = line.how.partition(" ")
        if how == "->":
            linked = self.definitions[rest.split("  ")[0].strip()]
            yield self._row(of, line, use, source, _link(line, target, at, linked, source))
            yield from self._follow(linked, use, source, inside)
            return
        yield self._row(of, line, use, source, target)
        if how == "use":
            used = self.definitions[rest.split()[0]]
            if _is_shared(used):
                self.shared[(used.name, use.type)] = None
            else:
                yield from self._lines(used, used.lines, use.type, source, target, inside)
        yield from self._lines(of, line.children, use.type, source, target, inside)

    def _follow(
        self, linked: Definition, use: ElementUse, source: str, inside: tuple[str, ...]
    ) -> Iterator[Row]:
        if _is_shared(linked) or linked.name in inside:
            if _is_shared(linked):
                self.shared[(linked.name, use.type)] = None
            return
        at = _base(linked) if linked.is_resource else f"Composition.section[{source.rpartition('/')[2]}]"
        yield from self._lines(linked, linked.lines, use.type, source, at, (*inside, linked.name))

    def _used(self, of: Definition, line: Line, used: Definition, kind: str, source: str, at: str) -> Row:
        self.shared[(used.name, kind)] = None
        return Row(f"{source}/*", "", "", at, line.how, (), line.place, of.name in self.own)

    def _attribute(self, of: Definition, line: Line, use: AttributeUse, source: str, at: str) -> Row:
        cardinality = "1..1" if use.required else "0..1"
        target = "" if line.path == "." else _path(line, of, at)
        return Row(
            f"{source}/{line.source}",
            cardinality,
            use.type,
            target,
            line.how,
            (),
            line.place,
            of.name in self.own,
        )

    def _row(self, of: Definition, line: Line, use: ElementUse, source: str, target: str) -> Row:
        found = self.grammar.types.get(use.type)
        holds_others = isinstance(found, ComplexType) and found.content is not None
        return Row(
            source,
            f"{use.minimum}..{'*' if use.repeats else 1}",
            "" if holds_others else use.type.rpartition("/")[2],
            target,
            line.how,
            _code_sets(line, source),
            line.place,
            of.name in self.own,
        )


def _is_shared(definition: Definition) -> bool:
    return PurePath(definition.place).name.startswith(SHARED_FILE)


def _base(definition: Definition) -> str:
    """What the paths of a definition's lines begin with."""
    return definition.target if definition.is_resource else "Composition"


def _path(line: Line, of: Definition, at: str) -> str:
    """The FHIR path of a line, as people who know FHIR read it."""
    path = re.sub(r"^inside ", "", line.path)
    path = re.sub(r"^member (\S+)", r"ext(\1)[]", path)
    if path.startswith("with."):
        path, at = path[5:], of.with_resource or at
    path = path.replace("ext(", "extension(")
    if path in (".", "entry", "section"):
        return at
    return path if path[0].isupper() or not at else f"{at}.{path}"


def _link(line: Line, target: str, at: str, linked: Definition, source: str) -> str:
    """Where the reference to a resource of its own stands, and what it leads to."""
    if line.path == "section":
        target = f"Composition.section[{source.rpartition('/')[2]}]"
        if not linked.is_resource:
            return target
        target += ".entry"
    elif line.path == "entry":
        target = f"{at}.entry"
    return f"{target} → {linked.target}" if linked.is_resource else target


def _code_sets(line: Line, source: str) -> tuple[str, ...]:
    word, _, rest = line.how.partition(" ")
    if word not in _CODED:
        return ()
    stated = re.match(r"\d{4}\b", rest)
    return (stated[0],) if stated else terminology.code_sets_of(source)


def _merged(rows: list[Row], others: list[Row], newest: str, older: str) -> list[Row]:
    """The rows of both versions of a standard; those that only one has say so."""
    before, after = {row.source for row in others}, {row.source for row in rows}
    marked = [row if row.source in before else _only(row, newest) for row in rows]
    return marked + [_only(row, older) for row in others if row.source not in after]


def _only(row: Row, standard: str) -> Row:
    return Row(**{**row.__dict__, "versions": standard})


def _sections(rows: list[Row]) -> tuple[Section, ...]:
    """The rows by the component below the root; what stands directly in the root first."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        steps = row.source.split("/")
        found.setdefault("/".join(steps[:2]) if len(steps) > 2 else steps[0], []).append(row)
    return tuple(Section(name, tuple(each)) for name, each in found.items())
