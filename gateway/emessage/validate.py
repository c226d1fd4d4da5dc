"""Does a message follow the schema of its standard, and its business rules; if not, where and why?

libxml2 gives the verdict (against the schema compiled from our grammar, which the tests hold against the
official one); the words are ours: each of its error *types* selects a sentence of the catalogue. Of its
message only the fixed first part is read, for names that the schema or the element itself has; no value of
the message is ever quoted.
"""

from __future__ import annotations

import re

from lxml import etree

from gateway import parsing
from gateway.emessage.expected import missing_before, missing_inside
from gateway.emessage.grammar import Structure, structure
from gateway.emessage.place import attribute_step, local_name, path_of
from gateway.emessage.read import EMessage
from gateway.emessage.rules import DIALOGUE_TYPES, PLO_BODY_OF_TYPE, check, message_type
from gateway.emessage.schema import schema_for
from gateway.emessage.write import to_bytes
from gateway.errors import Issue, issue

MAX_ISSUES = 100
"""Most schema findings that are told one by one."""
_MANY = 1000
_WIDE = etree.XPath(f"boolean(descendant-or-self::*/*[{_MANY + 1}])")
"""An element with many children: libxml2 takes the square of that to name the places of its findings."""
_WITH_ID = etree.XPath("descendant::ds:*[@Id]", namespaces={"ds": "http://www.w3.org/2000/09/xmldsig#"})
"""The elements with an attribute of type ID: those of a signature."""

_CODES = {  # libxml2's error type → ours; the data type errors are all the others that say _VALID
    "SCHEMAV_CVC_COMPLEX_TYPE_2_1": "schema.content-not-allowed",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_2": "schema.elements-not-allowed",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": "schema.text-not-allowed",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_4": "schema.unexpected-element",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "schema.attribute-not-allowed",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_2": "schema.attribute-not-allowed",
    "SCHEMAV_CVC_COMPLEX_TYPE_4": "schema.missing-attribute",
    "SCHEMAV_CVC_TYPE_3_1_1": "schema.attribute-not-allowed",
    "SCHEMAV_CVC_TYPE_3_1_2": "schema.elements-not-allowed",
    "SCHEMAV_CVC_ELT_1": "schema.unknown-element",
    "SCHEMAV_CVC_ELT_3_1": "schema.attribute-not-allowed",
    "SCHEMAV_CVC_ELT_3_2_1": "schema.content-not-allowed",
    "SCHEMAV_CVC_ELT_4_1": "schema.bad-attribute-value",
    "SCHEMAV_CVC_ELT_4_2": "schema.bad-attribute-value",
    "SCHEMAV_CVC_ELT_4_3": "schema.bad-attribute-value",
    "SCHEMAV_CVC_ELT_5_1_1": "schema.bad-value",
    "SCHEMAV_CVC_ELT_5_2_2_2_1": "schema.bad-value",
    "SCHEMAV_CVC_ELT_5_2_2_2_2": "schema.bad-value",
    "SCHEMAV_CVC_AU": "schema.bad-attribute-value",
    "SCHEMAV_CVC_IDC": "schema.duplicate-id",
    "SCHEMAV_CVC_WILDCARD": "schema.unknown-element",
    "SCHEMAV_ELEMENT_CONTENT": "schema.unexpected-element",
}
_ATTRIBUTE = re.compile(r"Element '[^']*', attribute '(?:\{[^}']*\})?([^']*)':")
_REQUIRED_ATTRIBUTE = re.compile(r"Element '[^']*': The attribute '(?:\{[^}']*\})?([^']*)' is required")
_MISSING_ELEMENT = re.compile(r"Element '[^']*': Missing child element\(s\)\.")


def validate(message: EMessage) -> tuple[Issue, ...]:
    """Findings of the schema, then of the business rules; the message is valid when none of layer schema is
    an error.

    A body without grammar has only its envelope checked, which one finding says.
    """
    return (*validate_schema(message), *check(message))


def validate_schema(message: EMessage) -> tuple[Issue, ...]:
    """Findings of the schema layer alone, in document order; none means that the message is valid."""
    root, standard = message.root, _schema_name(message)
    schema, grammar = schema_for(standard), structure(standard)
    wide = message.tags > _MANY and _WIDE(root)
    if wide:
        found = _findings_of_wide(root, schema)
    elif schema.validate(root):
        found = ()
    else:
        found = tuple(schema.error_log)
    looked_at = found[: 2 * MAX_ISSUES]
    repeated = _repeated_ids(root) if wide or any(_is_about_id(each) for each in looked_at) else ()
    issues = dict.fromkeys(_issue(entry, root, grammar, repeated) for entry in looked_at)
    if wide:
        issues |= dict.fromkeys(_issue_of_id(each) for each in repeated[: MAX_ISSUES + 1])
    told = tuple(issues)[:MAX_ISSUES]
    if len(issues) > MAX_ISSUES or len(found) > 2 * MAX_ISSUES:
        told = (*told, issue("schema.more-findings", severity="information", layer="schema"))
    return told


def _schema_name(message: EMessage) -> str:
    """The message's standard; an unknown body is judged strictly where the type promises one that we know.

    A dialogue of a version without grammar here (1.2) stays an unknown body, to be passed on.
    """
    if message.standard != "msghead":
        return message.standard
    kind = message_type(message.root)
    if kind in PLO_BODY_OF_TYPE:
        return "plo-1.6"
    if kind in DIALOGUE_TYPES and not (message.body is not None and _is_dialogue(message.body)):
        return "dialog-1.1"
    return "msghead"


def _is_dialogue(body: etree._Element) -> bool:
    return (etree.QName(body).namespace or "").startswith("http://www.kith.no/xmlstds/dialog/")


def _findings_of_wide(root: etree._Element, schema: etree.XMLSchema) -> tuple[etree._LogEntry, ...]:
    """The same verdict, taken while parsing: in linear time, but without the place of each finding, and blind for ids
    that are used twice."""
    parser = etree.XMLParser(schema=schema, huge_tree=True, resolve_entities=False, no_network=True)
    try:
        parsing.parse(to_bytes(root), parser)
    except etree.XMLSyntaxError:
        return tuple(parser.error_log)
    return ()


def _repeated_ids(root: etree._Element) -> tuple[etree._Element, ...]:
    """The elements whose id another one before them has."""
    seen: set[str] = set()
    repeated = []
    for element in _WITH_ID(root):
        name = element.get("Id").strip()
        if name in seen:
            repeated.append(element)
        seen.add(name)
    return tuple(repeated)


def _is_about_id(entry: etree._LogEntry) -> bool:
    return (entry.message or "").endswith("of the atomic type 'xs:ID'.")


def _issue_of_id(element: etree._Element) -> Issue:
    return issue(
        "schema.duplicate-id", layer="schema", path=f"{path_of(element)}/@Id", line=element.sourceline
    )


def _issue(
    entry: etree._LogEntry, root: etree._Element, grammar: Structure, repeated: tuple[etree._Element, ...]
) -> Issue:
    """One finding of libxml2 in our words, with its place; `repeated` are the elements with an id of another."""
    message = entry.message or ""
    element = _element_at(root, entry.path) if entry.path else None
    if element is None:
        code, _ = _code(entry.type_name, message, None)
        return issue(code, layer="schema", line=entry.line or None)
    code, below = _code(entry.type_name, message, element)
    if _is_about_id(entry) and element in repeated:
        return _issue_of_id(element)
    place = element
    if code in ("schema.missing-element", "schema.unexpected-element"):
        code, place, below = _child(message, element, grammar)
    path = path_of(place) + (f"/{below}" if below else "")
    return issue(code, layer="schema", path=path, line=element.sourceline or entry.line or None)


def _child(
    message: str, element: etree._Element, grammar: Structure
) -> tuple[str, etree._Element, str | None]:
    """Code, element and last step of the path, of a finding about a child: missing at the end, missing before this
    element, or this element itself is not expected."""
    if _MISSING_ELEMENT.match(message):
        return "schema.missing-element", element, missing_inside(element, message, grammar)
    missing, parent = missing_before(element, message, grammar), element.getparent()
    if missing and parent is not None:
        return "schema.missing-element", parent, missing
    return "schema.unexpected-element", element, None


def _code(kind: str, message: str, element: etree._Element | None) -> tuple[str, str | None]:
    """Our code, and the step to the attribute (`@name`) that the finding is about, if it names one."""
    if kind == "SCHEMAV_ELEMENT_CONTENT" and _MISSING_ELEMENT.match(message):
        return "schema.missing-element", None
    code = _CODES.get(kind, "schema.bad-value" if "_VALID" in kind else "schema.invalid")
    if code == "schema.unknown-element" and element is not None and _is_content(element.getparent()):
        return "schema.unknown-body", None
    named = _ATTRIBUTE.match(message) or _REQUIRED_ATTRIBUTE.match(message)
    if code == "schema.bad-value" and _ATTRIBUTE.match(message):
        code = "schema.bad-attribute-value"
    return code, attribute_step(named.group(1)) if named else None


def _is_content(element: etree._Element | None) -> bool:
    return element is not None and local_name(element) == "Content"


def _element_at(root: etree._Element, path: str) -> etree._Element | None:
    """The element that libxml2's node path (`/mh:MsgHead/*[2]`) names; None when it names none."""
    steps = path.split("/")[2:]
    element = root
    for step in steps:
        name, _, index = step.rstrip("]").partition("[")
        prefix, _, local = name.rpartition(":")
        alike = [child for child in element if name == "*" or _is_named(child, prefix, local)]
        at = int(index or 1) - 1
        if at >= len(alike):
            return None
        element = alike[at]
    return element


def _is_named(element: etree._Element, prefix: str, local: str) -> bool:
    """Whether a step of libxml2's node path names the element: without a prefix, one without a namespace (one in the
    default namespace is `*`)."""
    return element.prefix == prefix and local_name(element) == local if prefix else element.tag == local
