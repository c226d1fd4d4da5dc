"""How is a value written as the text of an XML element?

Escaped so that a parser gives back the same characters: line ends and tabs too. A character that XML cannot hold is
found when the finished text is parsed.
"""

from __future__ import annotations

import copy
from functools import cache

from lxml import etree

from gateway import parsing
from gateway.emessage.grammar import structure
from gateway.errors import NotTranslatable
from gateway.translate.codec import Attributes

_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


def text(value: str) -> str:
    """The value as it stands between tags."""
    if "&" in value or "<" in value or ">" in value or "\r" in value:
        return value.translate(_IN_TEXT)
    return value


def attribute(value: str) -> str:
    """The value as it stands between double quotes."""
    return value if value.isalnum() or is_plain(value) else value.translate(_IN_ATTRIBUTE)


def is_plain(value: str) -> bool:
    """Whether nothing in an attribute's value needs to be written in another way."""
    return (
        value.isprintable()
        and "&" not in value
        and '"' not in value
        and "<" not in value
        and ">" not in value
    )


def element(name: str, value: str | Attributes | etree._Element) -> str:
    """The whole element with a value: text, attributes, or content with markup."""
    if value.__class__ is str:
        return f"<{name}>{text(value)}</{name}>" if value else f"<{name}/>"
    if value.__class__ is dict:
        if len(value) == 1:
            ((key, one),) = value.items()
            return f'<{name} {key}="{attribute(one)}"/>'
        values = (*value.values(),)
        if not is_plain("".join(values)):  # one look at all of them
            values = tuple(map(attribute, values))
        return _template((name, *value)) % values
    return _with_markup(name, value)  # type: ignore[arg-type]


@cache
def _template(names: tuple[str, ...]) -> str:
    """The text of an element with attributes, without their values. All are names of the grammar."""
    name, *attributes = names
    return "".join([f"<{name}", *[f' {each}="%s"' for each in attributes], "/>"])


def _with_markup(name: str, value: etree._Element) -> str:
    """The element with what another one holds; each element in it names its own namespace."""
    made = etree.Element("x")
    made.attrib.update(value.attrib)
    made.text = value.text
    made.extend(copy.deepcopy(child) for child in value)  # a copy brings its namespace along
    etree.cleanup_namespaces(made)
    written = etree.tostring(made, encoding="unicode")
    inside = written.removeprefix("<x")
    return f"<{name}{inside}" if inside.endswith("/>") else f"<{name}{inside.removesuffix('</x>')}</{name}>"


def written(standard: str, pieces: list[str]) -> tuple[bytes, etree._Element]:
    """The message of a standard whose root element holds these pieces: its bytes, and what a parser makes of them.

    Only the namespaces that occur in it are declared. Raises NotTranslatable for a character that XML cannot hold.
    """
    grammar = structure(standard)
    root = "mh:MsgHead" if "mh" in grammar.namespaces else "ar:AppRec"
    prefix, _, name = root.partition(":")
    names = {("" if p == prefix else f":{p}"): uri for p, uri in grammar.namespaces.items() if p != "ds"}
    content = "".join((*pieces, f"</{name}>")).encode()
    try:
        tree = parsing.parse_own(_begin(name, names) + content)
    except etree.XMLSyntaxError:
        raise NotTranslatable("translate.result-invalid", path=name) from None
    etree.cleanup_namespaces(tree)
    used = set(tree.nsmap.values())
    return _begin(name, {p: uri for p, uri in names.items() if uri in used}) + content, tree


def _begin(name: str, names: dict[str, str]) -> bytes:
    declared = "".join(f' xmlns{prefix}="{uri}"' for prefix, uri in names.items())
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<{name}{declared}>".encode()
