"""How much of a message stands in native elements of FHIR, and what stands in extensions?

    python -m gateway.bench.fidelity FILE|FOLDER...     a table by message type, and what stands in extensions most

Counted are texts and codes: the text of elements whose content is words, and the attributes V, S, DN and OT of codes.
Not counted: booleans, numbers, dates, identifiers, addresses of telecom, and what the grammar fixes.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from gateway.emessage.grammar import ComplexType, Structure, structure
from gateway.emessage.read import EMessage, read
from gateway.errors import SomlosError
from gateway.translate import convert
from gateway.translate.loss import element_path

WANTED = 0.9
_CODES = frozenset({"CV", "CS"})
_CODE_ATTRIBUTES = frozenset({"V", "S", "DN", "OT"})
_IDENTIFIERS = frozenset(
    {
        *("Id", "MsgId", "RefToParent", "RefToConversation", "OidRef", "EnquiryRefId", "RefDokIdForesp"),
        *("ReseptId", "Nr", "CaseNo", "MIGversion"),
    }
)
"""Elements of type string that hold an identifier."""


@dataclass
class Fidelity:
    """The counts of one message, or of several."""

    messages: int = 0
    texts: int = 0
    native_texts: int = 0
    codes: int = 0
    native_codes: int = 0
    in_extensions: Counter[str] = field(default_factory=Counter)
    """Element (with its parent) → how many texts and code attributes of it stand in extensions."""

    @property
    def share(self) -> float:
        """The part of all texts and codes that stands in native elements."""
        return (self.native_texts + self.native_codes) / max(1, self.texts + self.codes)

    def add(self, other: Fidelity) -> None:
        """Counts the other's messages too."""
        self.messages += other.messages
        self.texts += other.texts
        self.native_texts += other.native_texts
        self.codes += other.codes
        self.native_codes += other.native_codes
        self.in_extensions.update(other.in_extensions)


def fidelity(message: EMessage) -> Fidelity:
    """The counts of one message. Raises NotTranslatable."""
    loss = convert(message, "fhir-r4").loss
    elsewhere = {entry.source.partition("/@")[0] for entry in loss.entries}
    found = Fidelity(messages=1)
    for element, texts, codes in _counted(message):
        native = element_path(element) not in elsewhere
        found.texts += texts
        found.codes += codes
        if native:
            found.native_texts += texts
            found.native_codes += codes
        else:
            found.in_extensions[_name(element)] += texts + codes
    return found


def _counted(message: EMessage) -> Iterator[tuple[etree._Element, int, int]]:
    """Each element with texts or codes, and how many of each."""
    grammar = structure(message.standard)
    root = message.root
    names = {grammar.tag(name): kind for name, kind in grammar.elements.items()}
    stack: list[tuple[etree._Element, str]] = [(root, names[str(root.tag)])]
    while stack:
        element, kind = stack.pop()
        complex_type = grammar.complex_type(kind)
        if complex_type is None:
            if _is_text(element, kind, grammar):
                yield element, 1, 0
        elif kind.rpartition(":")[2] in _CODES:
            codes = sum(1 for name in _CODE_ATTRIBUTES if element.get(name))
            if codes:
                yield element, 0, codes
        else:
            stack.extend(_children(element, complex_type, grammar, names))


def _children(
    element: etree._Element, kind: ComplexType, grammar: Structure, names: dict[str, str]
) -> Iterator[tuple[etree._Element, str]]:
    uses = {} if kind.content is None else {grammar.tag(use.name): use for use in kind.content.uses()}
    for child in element:
        use = uses.get(str(child.tag))
        if use is not None and use.fixed is None:
            yield child, use.type
        elif use is None and str(child.tag) in names:
            yield child, names[str(child.tag)]


def _is_text(element: etree._Element, kind: str, grammar: Structure) -> bool:
    text = grammar.simple_base(kind) in ("string", "anyType")
    return text and bool((element.text or "").strip()) and _local(element) not in _IDENTIFIERS


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _name(element: etree._Element) -> str:
    parent = element.getparent()
    return _local(element) if parent is None else f"{_local(parent)}/{_local(element)}"


def by_type(files: Iterable[Path]) -> dict[str, Fidelity]:
    """Message type → its counts. Files that are no translatable message are passed over."""
    found: dict[str, Fidelity] = {}
    for file in files:
        try:
            message = read(file.read_bytes())
            counts = fidelity(message)
        except SomlosError:
            continue
        kind = message.root.find("{*}MsgInfo/{*}Type")
        name = "APPREC" if kind is None else kind.get("V", "")
        found.setdefault(name, Fidelity()).add(counts)
    return dict(sorted(found.items()))


def main() -> None:
    """Prints the tables; exit code 1 when the share is below what is wanted."""
    parser = argparse.ArgumentParser(
        prog="fidelity", description="How much stands in native elements of FHIR?"
    )
    parser.add_argument("inputs", nargs="+", type=Path, metavar="FILE|FOLDER")
    inputs: list[Path] = parser.parse_args().inputs
    files = [file for path in inputs for file in (sorted(path.glob("*.xml")) if path.is_dir() else [path])]
    found = by_type(files)
    total = Fidelity()
    for counts in found.values():
        total.add(counts)
    _print_shares(found, total)
    if total.in_extensions:
        print("\nIn extensions most often:")
    for name, count in total.in_extensions.most_common(20):
        print(f"{count:5}  {name}")
    raise SystemExit(0 if total.messages and total.share >= WANTED else 1)


def _print_shares(found: dict[str, Fidelity], total: Fidelity) -> None:
    width = max((len(name) for name in found), default=8)
    print(f"{'':{width}}  messages  texts  native  codes  native   share")
    for name, counts in [*found.items(), ("all", total)]:
        figures = f"{counts.texts:5}  {counts.native_texts:6}  {counts.codes:5}  {counts.native_codes:6}"
        print(f"{name:{width}}  {counts.messages:8}  {figures}  {counts.share:6.1%}")


if __name__ == "__main__":
    main()
