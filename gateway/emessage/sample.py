"""What may a valid message look like? Messages made at random from our own grammar: every optional element, choice and
repetition can occur, with texts that are legal and often unusual.

Seeded: the same seed always gives the same message. The tests translate thousands of them; an installation's own
mapping definitions are tried on some before they are taken into use.
"""

from __future__ import annotations

import base64
import random
from xml.sax.saxutils import escape, quoteattr

from gateway.emessage.grammar import (
    ComplexType,
    ElementUse,
    Group,
    SimpleType,
    Structure,
    structure,
)

BODIES = {
    "p1": "Pasientlogistikk",
    "p3": "OrienteringOmTjenestetilbud",
    "p4": "OverforingMedisinskeOpplysninger",
    "p5": "HelseopplysningerVedSoknad",
    "p6": "Konsultasjon",
    "p7": "Innleggelsesrapport",
    "p8": "TverrfagligEpikrise",
}
ALL_BODIES = {**BODIES, "dia": "Dialogmelding"}
WORDS = (
    "Går",
    "på",
    "tå",
    "æøå ÆØÅ",
    '"sitat"',
    "<merke>",
    "a & b",
    "½",
    "«hei»",
    "linje\nto",
    "tab\tulator",
    "emoji 🙂",
    "'",
)
XHTML = "http://www.w3.org/1999/xhtml"
MARKUP = ("p", "b", "i", "br", "ul", "li", "span", "table", "h1", "a")
KEPT_WHITE_SPACE = {"\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}
CODES = ("1", "2", "3", "N", "M", "C", "LE", "SP", "HER", "FNR", "ukjent kode", "X-9", "true", "")
SETS = (
    "2.16.578.1.12.4.1.1.9111",
    "2.16.578.1.12.4.1.1.9141",
    "2.16.578.1.12.4.1.1.8116",
    "1.2.3",
    "9",
    "2.16.578.1.12.4.1.1.9121",
)


class RandomMessage:
    """Writes one message of a standard (plo-1.6, dialog-1.1, …) or a receipt (apprec-1.0, apprec-1.1)."""

    def __init__(
        self, standard: str, seed: int, *, chance: float = 0.5, repeat: int = 3, branch: int | None = None
    ) -> None:
        """`chance` that an optional element stands, at most `repeat` times; with a `branch` every one does, once, and
        of a choice that branch (counted from 0, and round again)."""
        self.grammar: Structure = structure(standard)
        self.random = random.Random(seed)
        self.chance = chance
        self.repeat = repeat
        self.branch = branch
        self.open: list[str] = []
        """Types of the elements around the one that is written."""
        self.bodies = tuple(prefix for prefix in ALL_BODIES if prefix in self.grammar.namespaces)

    def text(self, body: str | None = None, *, reports: bool = False) -> bytes:
        """The message as bytes; `body` is the first document's, `reports` puts the documents in PatientReports."""
        declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in self.grammar.namespaces.items())
        if "mh" not in self.grammar.namespaces:
            root = self.element("ar:AppRec", "ar:AppRec", 0)
            return root.replace("<ar:AppRec", f"<ar:AppRec {declared}", 1).encode()
        info = self.element("mh:MsgInfo", "mh:MsgInfo", 0)
        below = self.reports(body) if reports else self.documents(body)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<mh:MsgHead {declared}>{info}{below}</mh:MsgHead>'.encode()

    def documents(self, body: str | None) -> str:
        """The Documents of a message or of a PatientReport."""
        count = self.random.choice((1, 1, 1, 2, 3))
        return "".join(self.document(body if at == 0 else None) for at in range(count))

    def reports(self, body: str | None) -> str:
        """PatientReports with their documents."""
        kind = self.grammar.complex_type("mh:PatientReport")
        assert kind is not None
        made = ""
        for at in range(self.random.choice((1, 1, 2, 3))):
            inner = ""
            for use in kind.content.uses():  # type: ignore[union-attr]
                mine = use.name == "mh:Document"
                inner += self.documents(None if at else body) if mine else self.uses(use, 0)
            made += f"<mh:PatientReport>{inner}</mh:PatientReport>"
        return made

    def document(self, body: str | None) -> str:
        """One Document: a body, an attachment or a reference to a file."""
        kind = self.grammar.complex_type("mh:Document")
        assert kind is not None
        inner = ""
        for use in kind.content.uses():  # type: ignore[union-attr]
            if use.name == "mh:RefDoc":
                inner += f"<mh:RefDoc>{self.reference(body)}</mh:RefDoc>"
            else:
                inner += self.uses(use, 0)
        return f"<mh:Document>{inner}</mh:Document>"

    def reference(self, body: str | None) -> str:
        """The inside of RefDoc."""
        kind = self.grammar.complex_type("mh:RefDoc")
        assert kind is not None and kind.content is not None
        inner = "".join(
            self.uses(use, 0)
            for use in kind.content.uses()
            if use.name not in ("mh:Content", "mh:FileReference")
        )
        chosen = body or self.random.choice((*self.bodies, "attachment", "attachment", "file", "nothing"))
        if chosen == "attachment":
            data = base64.encodebytes(self.random.randbytes(self.random.choice((1, 30, 300)))).decode()
            data = self.random.choice((data, data.replace("\n", ""), ""))
            return f"{inner}<mh:Content><b64:Base64Container>{data}</b64:Base64Container></mh:Content>"
        if chosen == "file":
            return f"{inner}<mh:FileReference>{escape(self.value('anyURI'))}</mh:FileReference>"
        if chosen == "nothing":
            return inner
        name = f"{chosen}:{ALL_BODIES[chosen]}"
        return f"{inner}<mh:Content>{self.element(name, name, 0)}</mh:Content>"

    def uses(self, use: ElementUse, depth: int) -> str:
        """An element as often as its cardinality allows."""
        least = use.minimum
        if self.branch is not None and self.open.count(use.type) < 2:
            return self.element(use.name, use.type, depth + 1, use.fixed)
        most = least if depth > 24 else 1 if use.maximum == 1 else self.repeat
        count = least if self.random.random() > self.chance else self.random.randint(least, max(least, most))
        return "".join(self.element(use.name, use.type, depth + 1, use.fixed) for _ in range(count))

    def element(self, name: str, kind: str, depth: int, fixed: str | None = None) -> str:
        """One element with everything in it."""
        complex_type = self.grammar.complex_type(kind)
        if kind == "anyType" and self.random.random() < 0.5:
            return f"<{name}>{self.markup(0)}</{name}>"
        if complex_type is None:
            return f"<{name}>{escape(fixed or self.value(kind))}</{name}>"
        self.open.append(kind)
        inner = self.group(complex_type.content, depth) if complex_type.content else ""
        self.open.pop()
        return f"<{name}{self.attributes(complex_type)}>{inner}</{name}>"

    def markup(self, depth: int) -> str:
        """Text with XHTML in it, mixed as people write it."""
        pick = self.random.choice
        made = ""
        for _ in range(self.random.randint(1, 3)):
            tag = pick(MARKUP)
            attribute = pick(("", "", f" class={quoteattr(pick(WORDS), KEPT_WHITE_SPACE)}", ' xml:lang="nb"'))
            inner = (
                self.markup(depth + 1) if depth < 3 and self.random.random() < 0.4 else escape(pick(WORDS))
            )
            prefixed = pick(
                (
                    f"<{tag} xmlns='{XHTML}'{attribute}>{{}}</{tag}>",
                    f"<h:{tag} xmlns:h='{XHTML}'{attribute}>{{}}</h:{tag}>",
                )
            )
            made += pick(("", " ", "\n  ", escape(pick(WORDS)))) + prefixed.replace(
                "{}", pick(("", inner, inner))
            )
        return made + pick(("", " ", escape(pick(WORDS))))

    def attributes(self, kind: ComplexType) -> str:
        """The attributes of an element, optional ones by chance."""
        made = ""
        for use in kind.attributes:
            if use.required or self.random.random() < 0.7:
                base = use.type or self._global(use.name)
                value = use.fixed or self.value(base)
                made += f" {use.name}={quoteattr(value, KEPT_WHITE_SPACE)}"
        return made

    def _global(self, name: str) -> str:
        kind = self.grammar.attributes[name]
        return "enum:" + "|".join(kind.enumeration) if kind.enumeration else kind.base

    def group(self, group: Group, depth: int) -> str:
        """The members of a group; one branch of a choice."""
        times = 1
        if self.branch is not None:
            return self._whole(group, depth, self.branch)
        if group.minimum == 0 and self.random.random() > self.chance:
            times = 0
        elif group.maximum is None:
            times = self.random.randint(max(1, group.minimum), self.repeat)
        made = ""
        for _ in range(times):
            parts = [self.random.choice(group.parts)] if group.kind == "choice" else group.parts
            for part in parts:
                if isinstance(part, Group):
                    made += self.group(part, depth)
                elif isinstance(part, ElementUse):
                    made += self.uses(part, depth)
        return made

    def _whole(self, group: Group, depth: int, branch: int) -> str:
        """Every member once; of a choice that may not repeat, the branch."""
        parts = group.parts
        if group.kind == "choice" and group.maximum == 1:
            parts = (group.parts[branch % len(group.parts)],)
        inner = (
            self.group(part, depth) if isinstance(part, Group) else self.uses(part, depth)
            for part in parts
            if isinstance(part, Group | ElementUse)
        )
        return "".join(inner)

    def value(self, kind: str) -> str:
        """A legal text of a simple type; often an unusual one."""
        pick = self.random.choice
        found = self.grammar.types.get(kind)
        if isinstance(found, SimpleType) and found.union:
            return self.value(pick(found.union))
        if isinstance(found, SimpleType) and not found.pattern:
            return self.value(found.base)
        if kind.startswith("enum:"):
            return pick(kind[5:].split("|"))
        if kind == "oid":
            return pick(SETS)
        if kind in ("string", "anyType"):
            return pick(
                (
                    "",
                    " ",
                    " rom rundt ",
                    "   \n",
                    *(" ".join(pick(WORDS) for _ in range(pick((1, 2, 5)))) for _ in range(6)),
                )
            )
        if kind == "token":
            return pick(CODES)
        if kind == "boolean":
            return pick(("true", "false", "true", "false", "1", "0"))
        if kind == "anyURI":
            return pick(
                (
                    "tel:73555555",
                    "mailto:a@b.no",
                    "http://example.org/x",
                    "fax:1",
                    "tel:",
                    "",
                    "uten",
                    "tel: 73 55",
                )
            )
        if kind == "base64Binary":
            return base64.b64encode(self.random.randbytes(9)).decode()
        return self._number_or_time(kind)

    def _number_or_time(self, kind: str) -> str:
        pick = self.random.choice
        zone = pick(("", "", "Z", "+02:00", "-05:30"))
        year, month = pick(("1899", "1999", "2024", "2026", "0044")), pick(("01", "03", "10", "12"))
        day = f"{year}-{month}-{pick(('01', '15', '25', '31'))}"
        clock = pick(("00:00:00", "23:59:59", "12:30:00.5", "02:30:00", "08:00:00.123456", "24:00:00"))
        texts = {
            "date": day + zone,
            "dateTime": f"{day}T{clock}{zone}",
            "time": clock.replace("24:", "23:") + zone,
            "gYear": day[:4] + zone,
            "gYearMonth": day[:7] + zone,
            "integer": pick(("0", "1", "9", "-5", "+7", "007", "99999999999")),
            "decimal": pick(("0", "1.5", "2.50", "-0.10", ".5", "5.", "+3", "123456789.123456789123")),
            "double": pick(("0", "1.5", "2.50", "1e5", "INF", "-INF", "NaN", "-0", "1.0E-3", "0.1")),
        }
        return texts[kind]
