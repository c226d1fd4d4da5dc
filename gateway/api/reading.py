"""How does the API read, check and convert content without holding up the requests beside it?

Small content is worked on at once: handing it to a thread would cost more than it saves. Large content goes
to a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

from gateway import translate
from gateway.emessage import read as emessage_read
from gateway.emessage import validate as emessage_validate
from gateway.emessage.read import EMessage
from gateway.errors import Issue, NotTranslatable
from gateway.fhir import json as fhir_json
from gateway.fhir import validate as fhir_validate
from gateway.translate import Translation

LARGE_BYTES: Final = 200_000

P = ParamSpec("P")
T = TypeVar("T")


async def worked_on(size: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do the work here when the content is small, in a thread when it is large."""
    if size <= LARGE_BYTES:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)


def is_json(data: bytes) -> bool:
    """Whether content is JSON by its first character."""
    return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def read(data: bytes) -> EMessage | dict[str, Any]:
    """The content, as what it is.

    :raises Unreadable: it is neither.
    """
    return fhir_json.read(data) if is_json(data) else emessage_read.read(data)


def findings(data: bytes) -> tuple[Issue, ...]:
    """Everything that is wrong with a message or a FHIR resource, as far as it can be read.

    :raises Unreadable: it cannot be read at all.
    """
    return _findings(read(data))


def converted(data: bytes, target: str | None) -> Translation:
    """The same content in the other format, or in the one asked for.

    :raises Unreadable: it cannot be read at all.
    :raises NotTranslatable: the target format cannot say it, or does not exist.
    """
    content = read(data)
    if any(each.severity == "error" and each.layer in ("xml", "schema") for each in _findings(content)):
        raise NotTranslatable("translate.invalid-source")
    return translate.convert(content, _other_format(content) if target is None else target)


def _findings(content: EMessage | dict[str, Any]) -> tuple[Issue, ...]:
    if isinstance(content, dict):
        return fhir_validate.validate(content)
    return emessage_validate.validate(content)


def _other_format(content: EMessage | dict[str, Any]) -> str:
    return translate.e_message_format(content) if isinstance(content, dict) else "fhir-r4"
