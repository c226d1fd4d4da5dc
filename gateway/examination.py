"""What is this input, what is wrong with it, what is it in the other format, and what is left of it there and back?

For tools that show a person what the gateway makes of a message: the commands and the console's workbench. Whatever is
wrong with an input is a finding, never an exception. Pure but for the debugging switch: nothing is stored or sent.
"""

from __future__ import annotations

import dataclasses
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from gateway.errors import Issue, Layer, SomlosError, issue, issue_of
from gateway.recognition import begins_as_json, is_json

if TYPE_CHECKING:
    from gateway.emessage.read import EMessage
    from gateway.translate import Loss, LossReport

Target = Literal["fhir", "plo-1.6", "plo-1.5"]

_CODE = re.compile(r"[A-ZÆØÅ][A-ZÆØÅ0-9_.-]{0,60}")
"""The form of the codes of 8279, of which only a part is known here. What has another form may be anything, and is not
told."""
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
        return begins_as_json(self.data)


@dataclass(frozen=True)
class Converted:
    """An input in its target format."""

    data: bytes
    ending: Literal["xml", "json"]
    loss: LossReport | None
    """None: it was in the target format already."""


@dataclass(frozen=True)
class ThereAndBack:
    """An input that went to the other format and back."""

    examined: Examined
    verdict: Literal["lossless", "equivalent", "lossy"] | None
    """None: it could not be translated (the issues say why)."""
    losses: tuple[Loss, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost."""
        return self.verdict in ("lossless", "equivalent")


def examine(name: str, data: bytes) -> Examined:
    """Read and validate one input; `name` is for the findings' reader."""
    try:
        return _examine_fhir(name, data) if is_json(data) else _examine_xml(name, data)
    except Exception as error:
        return Examined(name, data, None, None, (issue_of_failure(error, "xml"),))


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
        stated = facts_of(readable).message_type
        return stated if _CODE.fullmatch(stated) else None
    except SomlosError:
        return None
    except (LookupError, TypeError, ValueError, AttributeError):
        if not _is_blocked(issues):
            raise
        return None


def convert(examined: Examined, to: Target | None = None) -> Converted | Issue | None:
    """The input in its target format (None: the other one); an issue why not; None when its own issues say why not."""
    from gateway.translate import convert as translate

    if not examined.can_be_translated or examined.readable is None:
        return None
    target = _target(examined, to)
    if target is None:
        return Converted(examined.data, "json" if examined.is_fhir else "xml", None)
    try:
        translation = translate(examined.readable, target)
    except Exception as error:
        return issue_of_failure(error, "schema")
    return Converted(translation.data, "json" if target == "fhir-r4" else "xml", translation.loss)


def _target(examined: Examined, to: Target | None) -> str | None:
    """The format to translate to; None: the input is in it already."""
    from gateway.translate import e_message_format

    if isinstance(examined.readable, dict):
        if to == "fhir":
            return None
        own = e_message_format(examined.readable)
        return to if to and not own.startswith("apprec-") else own
    if to in (None, "fhir"):
        return "fhir-r4"
    standard = getattr(examined.readable, "standard", "")
    if standard == to or not standard.startswith("plo-"):
        return None  # a receipt, a dialogue or a body without grammar is the same in every version of PLO
    return to


def there_and_back(examined: Examined) -> ThereAndBack:
    """The verdict for one input; never raises for what an input holds."""
    from gateway.translate import roundtrip

    if not examined.can_be_translated:
        return ThereAndBack(examined, None)
    try:
        outcome = roundtrip(examined.data)
    except Exception as error:
        failed = issue_of_failure(error, "schema")
        return ThereAndBack(dataclasses.replace(examined, issues=(*examined.issues, failed)), None)
    return ThereAndBack(examined, outcome.verdict, tuple(outcome.losses))
