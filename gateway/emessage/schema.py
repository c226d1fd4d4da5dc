"""Is a message built as its standard says? The grammar compiled to XML Schema 1.0, so that libxml2 checks at C speed.

One compiled schema a thread: libxml2's error log belongs to the schema object, and a shared one mixes up the
findings of two threads.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any
from xml.sax.saxutils import quoteattr

from lxml import etree

from gateway import parsing
from gateway.emessage.grammar import (
    AttributeUse,
    ElementUse,
    Group,
    SimpleType,
    Structure,
    Wildcard,
    structure,
)

_SHARED = "kith"
"""Prefix of the namespace whose data types serve where a namespace declares none of its own."""
_local = threading.local()


def schema_for(standard: str) -> etree.XMLSchema:
    """The compiled schema of a standard (a key of `grammar.STANDARDS`) for the calling thread."""
    compiled: dict[str, etree.XMLSchema] = _local.__dict__.setdefault("schemas", {})
    if standard not in compiled:
        compiled[standard] = _compile(standard)
    return compiled[standard]


class _InMemory(etree.Resolver):
    """Hands libxml2 the generated schemas by their made-up addresses; nothing is read from outside."""

    def __init__(self, documents: dict[str, bytes]) -> None:
        super().__init__()
        self.documents = documents

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
        name = (system_url or "").rpartition("/")[2]
        return self.resolve_string(self.documents[name], context, base_url=system_url)


def _compile(standard: str) -> etree.XMLSchema:
    documents = schema_documents(standard)
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    parser.resolvers.add(_InMemory(documents))
    with parsing.alone():
        root = etree.fromstring(documents["all.xsd"], parser, base_url="somlos://grammar/all.xsd")
        return etree.XMLSchema(root)


@cache
def schema_documents(standard: str) -> dict[str, bytes]:
    """The generated schema documents of a standard: file name → XSD; `all.xsd` imports the others."""
    grammar = structure(standard)
    documents = {f"{prefix}.xsd": _Document(grammar, prefix).text() for prefix in grammar.namespaces}
    imports = "".join(
        f'<xs:import namespace="{uri}" schemaLocation="{prefix}.xsd"/>'
        for prefix, uri in grammar.namespaces.items()
    )
    documents["all.xsd"] = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    return {name: text.encode("utf-8") for name, text in documents.items()}


class _Document:
    """Writes the schema document of one namespace."""

    def __init__(self, grammar: Structure, prefix: str) -> None:
        self.grammar = grammar
        self.prefix = prefix

    def text(self) -> str:
        uris = self.grammar.namespaces
        declared = "".join(f' xmlns:{name}="{uri}"' for name, uri in uris.items())
        imports = "".join(
            f'<xs:import namespace="{uri}" schemaLocation="{name}.xsd"/>'
            for name, uri in uris.items()
            if name != self.prefix
        )
        types = (self._definition(key, name) for name, key in self.grammar.declared[self.prefix].items())
        body = "".join([*self._attributes(), *self._elements(), *types])
        form = "unqualified" if self.prefix == _SHARED else "qualified"  # of the two elements inside its RTO
        return (
            f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"{declared} '
            f'targetNamespace="{uris[self.prefix]}" elementFormDefault="{form}" '
            f'attributeFormDefault="unqualified">{imports}{body}</xs:schema>'
        )

    def _elements(self) -> list[str]:
        return [
            self._typed(f'element name="{name.partition(":")[2]}"', kind)
            for name, kind in self.grammar.elements.items()
            if self._own(name)
        ]

    def _attributes(self) -> list[str]:
        return [
            f'<xs:attribute name="{name.partition(":")[2]}">{_simple_content(kind)}</xs:attribute>'
            for name, kind in self.grammar.attributes.items()
            if self._own(name)
        ]

    def _own(self, name: str) -> bool:
        return name.partition(":")[0] == self.prefix

    def _typed(self, start: str, kind: str) -> str:
        """An element or attribute with its type: by name, or written inside where the standard gives it no name."""
        name = self._type_name(kind)
        if name:
            return f'<xs:{start} type="{name}"/>'
        return f"<xs:{start}>{self._definition(kind)}</xs:{start.split()[0]}>"

    def _type_name(self, kind: str) -> str | None:
        """The name to refer to a type by, from this document; None when no namespace declares it."""
        if kind not in self.grammar.types:
            return f"xs:{kind}"
        prefix, _, local = kind.rpartition(":")
        for owner in (prefix,) if prefix else (self.prefix, _SHARED):
            if local in self.grammar.declared.get(owner, ()):
                return f"{owner}:{local}"
        return None

    def _definition(self, key: str, name: str | None = None) -> str:
        kind = self.grammar.types[key]
        if isinstance(kind, SimpleType):
            return _simple_content(kind, name)
        attributes = "".join(self._attribute(use) for use in kind.attributes)
        if kind.text:
            extended = f'<xs:extension base="{self._type_name(kind.text)}">{attributes}</xs:extension>'
            inner = f"<xs:simpleContent>{extended}</xs:simpleContent>"
        else:
            inner = (self._group(kind.content) if kind.content else "") + attributes
        named = f' name="{name}"' if name else ""
        mixed = ' mixed="true"' if kind.mixed else ""
        return f"<xs:complexType{named}{mixed}>{inner}</xs:complexType>"

    def _group(self, group: Group) -> str:
        return f"<xs:{group.kind}{_occurs(group)}>{''.join(self._part(part) for part in group.parts)}</xs:{group.kind}>"

    def _part(self, part: ElementUse | Wildcard | Group) -> str:
        if isinstance(part, Group):
            return self._group(part)
        if isinstance(part, Wildcard):
            process = (
                "lax" if self.grammar.standard == "msghead" else part.process
            )  # a body we have no grammar for
            return f'<xs:any namespace="##{part.namespace}" processContents="{process}"{_occurs(part)}/>'
        if part.reference:
            return f'<xs:element ref="{part.name}"{_occurs(part)}/>'
        fixed = f" fixed={quoteattr(part.fixed)}" if part.fixed else ""
        local = part.name.partition(":")[2]
        return self._typed(f'element name="{local}"{fixed}{_occurs(part)}', part.type)

    def _attribute(self, use: AttributeUse) -> str:
        fixed = f" fixed={quoteattr(use.fixed)}" if use.fixed else ""
        rest = f"{fixed} use={quoteattr('required' if use.required else 'optional')}"
        if ":" in use.name:
            return f'<xs:attribute ref="{use.name}"{rest}/>'
        return self._typed(f'attribute name="{use.name}"{rest}', use.type)


def _simple_content(kind: SimpleType, name: str | None = None) -> str:
    named = f' name="{name}"' if name else ""
    if kind.union:
        members = " ".join(f"xs:{member}" for member in kind.union)
        return f'<xs:simpleType{named}><xs:union memberTypes="{members}"/></xs:simpleType>'
    facets = f"<xs:pattern value={quoteattr(kind.pattern)}/>" if kind.pattern else ""
    facets += "".join(f"<xs:enumeration value={quoteattr(value)}/>" for value in kind.enumeration)
    return f'<xs:simpleType{named}><xs:restriction base="xs:{kind.base}">{facets}</xs:restriction></xs:simpleType>'


def _occurs(part: ElementUse | Wildcard | Group) -> str:
    minimum = "" if part.minimum == 1 else f' minOccurs="{part.minimum}"'
    maximum = (
        "" if part.maximum == 1 else f' maxOccurs="{"unbounded" if part.maximum is None else part.maximum}"'
    )
    return minimum + maximum
