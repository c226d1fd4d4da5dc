"""Do the codes of a message stand in their code sets, and do code and text say the same?

Codes travel unchanged; a finding is a warning at most. A text that belongs to another code of the same set
shows that the code is of an older edition (civil status 6 was widowed once; Sami was SE): then the text is
to be believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from lxml import etree

from gateway import terminology
from gateway.emessage.place import finding, local_name
from gateway.emessage.read import EMessage
from gateway.errors import Issue

_JUDGED_ELSEWHERE = ("MsgInfo/Type", "Forsendelsesstatus", "AppRec/Status")


def codes(message: EMessage) -> Iterator[Issue]:
    """Every coded element whose code set is known, in document order."""
    for element in message.root.iter(*_coded_names()):
        if element.get("V"):
            yield from _code(element)


def stated_set(element: etree._Element) -> str | None:
    """The number of the code set that the S attribute names; None without S."""
    stated = element.get("S")
    return terminology.number_of(stated) if stated else None


@cache
def _coded_names() -> tuple[str, ...]:
    return tuple(f"{{*}}{name}" for name in terminology.coded_elements())


def _code(element: etree._Element) -> Iterator[Issue]:
    parent = element.getparent()
    place = f"{local_name(parent)}/{local_name(element)}" if parent is not None else local_name(element)
    if place in _JUDGED_ELSEWHERE or local_name(element) in _JUDGED_ELSEWHERE:
        return
    allowed, stated = terminology.code_sets_of(place), stated_set(element)
    if not allowed:
        return
    if stated and stated not in allowed and terminology.number_of(element.get("V", "")) not in allowed:
        yield finding("rules.code-set-unexpected", "warning", element)
    number = stated or (allowed[0] if len(allowed) == 1 else None)
    code_set = terminology.code_set(number) if number else None
    if code_set is None:
        return
    code = element.get("V", "")
    meant = code_set.code_of(element.get("DN", ""))
    if meant and meant != code:
        yield finding("rules.code-drift", "warning", element)
    elif code_set.complete and code not in code_set.codes:
        yield finding("rules.code-not-in-set", "warning", element)
