"""What is this input, and what is wrong with it? The common first half of convert, validate and roundtrip."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.commands.inputs import Input
from gateway.errors import Issue, Layer, SomlosError, issue, issue_of

if TYPE_CHECKING:
    from gateway.emessage.read import EMessage

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLOCKING_LAYERS = ("xml", "schema")


@dataclass(frozen=True)
class Examined:
    """An input that was read as far as it could be."""

    name: str
    data: bytes = field(repr=False)
    readable: EMessage | dict[str, Any] | None = field(repr=False)
    """None: it could not be read."""
    type: str | None
    """Code of 8279; APPREC for a receipt; None where it cannot be told."""
    issues: tuple[Issue, ...]

    @property
    def is_valid(self) -> bool:
        """Whether nothing was found that is an error."""
        return not any(each.severity == "error" for each in self.issues)

    @property
    def can_be_translated(self) -> bool:
        """Whether it follows its schema; what the business rules say never stops a translation."""
        return self.readable is not None and not _is_blocked(self.issues)

    @property
    def is_fhir(self) -> bool:
        """Whether the input is FHIR (or at least JSON)."""
        return is_json(self.data)


def is_json(data: bytes) -> bool:
    """Whether the first character that is no space says JSON."""
    return data.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"[")


def examine(source: Input) -> Examined:
    """Read and validate one input; whatever is wrong is an issue, never an exception."""
    try:
        data = source.read()
    except OSError:
        return Examined(source.name, b"", None, None, (issue("command.cannot-read", layer="xml"),))
    try:
        return _examine_fhir(source.name, data) if is_json(data) else _examine_xml(source.name, data)
    except Exception as error:
        return Examined(source.name, data, None, None, (issue_of_failure(error, "xml"),))


def issue_of_failure(error: Exception, layer: Layer) -> Issue:
    """Why one input could not be worked on. A fault of ours is told as one, so that it stops no other input."""
    if isinstance(error, SomlosError):
        return issue_of(error, layer=layer)
    if os.environ.get("SOMLOS_DEBUG"):
        raise error
    return issue("us.internal", layer=layer)


def _is_blocked(issues: tuple[Issue, ...]) -> bool:
    return any(each.severity == "error" and each.layer in _BLOCKING_LAYERS for each in issues)


def _examine_xml(name: str, data: bytes) -> Examined:
    from gateway.emessage.read import read
    from gateway.emessage.validate import validate

    message = read(data)
    issues = validate(message)
    return Examined(name, data, message, _type_of(message, issues), issues)


def _examine_fhir(name: str, data: bytes) -> Examined:
    from gateway.fhir.json import read
    from gateway.fhir.validate import validate

    resource = read(data)
    issues = validate(resource)
    return Examined(name, data, resource, _type_of(resource, issues), issues)


def _type_of(readable: EMessage | dict[str, Any], issues: tuple[Issue, ...]) -> str | None:
    """The type; None where none is stated, or where so much is wrong, as the findings say, that none can be told."""
    from gateway.translate import facts_of

    try:
        return facts_of(readable).message_type
    except SomlosError:
        return None
    except (LookupError, TypeError, ValueError, AttributeError):
        if not _is_blocked(issues):
            raise
        return None
