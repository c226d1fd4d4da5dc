"""How does the API read, check and convert content without holding up the requests beside it?

Small content is worked on at once: handing it to a thread would cost more than it saves. Large content goes
to a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final, ParamSpec, TypeVar

from gateway import translate
from gateway.emessage import read as emessage_read
from gateway.emessage import validate as emessage_validate
from gateway.emessage.read import EMessage
from gateway.errors import Issue, NotTranslatable
from gateway.fhir import json as fhir_json
from gateway.fhir import validate as fhir_validate
from gateway.recognition import is_json
from gateway.translate import Translation

Content = EMessage | dict[str, Any]
LARGE_BYTES: Final = 200_000

P = ParamSpec("P")
T = TypeVar("T")


async def worked_on(size: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do the work here when the content is small, in a thread when it is large."""
    if size <= LARGE_BYTES:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)


def read(data: bytes, stated_json: bool | None = None) -> Content:
    """The content, as what it is stated to be; by its first character where nothing is stated (None).

    :raises Unreadable: it is neither.
    """
    as_json = is_json(data) if stated_json is None else stated_json
    return fhir_json.read(data) if as_json else emessage_read.read(data)


def findings(content: Content, profiles: Iterable[str] = ()) -> tuple[Issue, ...]:
    """Everything that is wrong with a message or a FHIR resource; with a resource also by these profiles."""
    if isinstance(content, dict):
        return fhir_validate.validate(content, tuple(profiles))
    return emessage_validate.validate(content)


def converted(content: Content, target: str | None) -> Translation:
    """The same content in the other format, or in the one asked for (`fhir`, as on the command line, is `fhir-r4`).

    :raises Invalid: it does not follow its standard; the findings say where.
    :raises NotTranslatable: the target format cannot say it, or does not exist.
    """
    found = findings(content)
    if any(each.severity == "error" and each.layer in ("xml", "schema") for each in found):
        raise Invalid(found)
    if target is None:
        target = _other_format(content)
    return translate.convert(content, "fhir-r4" if target == "fhir" else target)


class Invalid(NotTranslatable):
    """What was to be converted does not follow its standard."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        """`issues`: everything that was found."""
        super().__init__("translate.invalid-source")
        self.issues = issues


def _other_format(content: Content) -> str:
    return translate.e_message_format(content) if isinstance(content, dict) else "fhir-r4"
