"""Do the codes of a message stand in their code sets, and do code and text say the same?

Codes travel unchanged; a finding is a warning at most. A text that belongs to another code of the same set
shows that the code is of an older edition (civil status 6 was widowed once; Sami was SE): then the text is
to be believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from gateway import terminology
from gateway.emessage.place import finding
from gateway.emessage.read import EMessage, code_of
from gateway.errors import Issue

_JUDGED_ELSEWHERE = frozenset({"MsgInfo/Type", "Forsendelsesstatus", "AppRec/Status"})


def codes(message: EMessage) -> Iterator[Issue]:
    """Every coded element whose code set is known, in document order."""
    for element in message.root.iter():
        code = code_of(element)
        parent = element.getparent() if code else None
        if code and parent is not None:
            allowed = _allowed(str(parent.tag), str(element.tag))
            for problem in _problems(element, code, allowed) if allowed else ():
                yield finding(problem, "warning", element)


def stated_set(element: etree._Element) -> str | None:
    """The number of the code set that the S attribute names; None without S."""
    stated = element.get("S")
    return terminology.number_of(stated) if stated else None


@lru_cache(maxsize=1024)
def _allowed(parent: str, tag: str) -> tuple[str, ...]:
    """Numbers of the code sets of an element by its parent's tag and its own; none where another rule judges."""
    name = etree.QName(tag).localname
    place = f"{etree.QName(parent).localname}/{name}"
    return () if {place, name} & _JUDGED_ELSEWHERE else terminology.code_sets_of(place)


def _problems(element: etree._Element, code: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    stated, display = stated_set(element), element.get("DN", "")
    code_set = terminology.code_set(stated or (allowed[0] if len(allowed) == 1 else ""))
    unexpected: tuple[str, ...] = ()
    if stated and stated not in allowed and terminology.number_of(code) not in allowed:
        unexpected = ("rules.code-set-unexpected",)
    if code_set is None or code_set.codes.get(code) == display:
        return unexpected
    meant = code_set.code_of(display)
    if meant and meant != code:
        return (*unexpected, "rules.code-drift")
    if code_set.complete and code not in code_set.codes:
        return (*unexpected, "rules.code-not-in-set")
    return unexpected
