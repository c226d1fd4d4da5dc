"""How do the rooms that know the formats serve routing, which does not?

`Formats` is what routing's two interfaces ask for: it reads, checks and translates, XML and FHIR alike. A
small message that was read at intake is remembered for a moment, so that translating it for delivery does not
parse it again; what was once used is not used twice. Where more wait than can be remembered, those that came first are,
as they are delivered first. Nothing is remembered where nothing is translated: trees that are kept make libxml2 take
memory from all over, and each message then costs as much more as parsing it again would.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from gateway import translate
from gateway.emessage import read as xml_reading
from gateway.emessage.read import EMessage
from gateway.emessage.rules import RULES
from gateway.emessage.validate import validate_schema
from gateway.errors import Issue, SomlosError
from gateway.fhir import json as fhir_json
from gateway.fhir import validate as fhir_validation
from gateway.ledger.line import Original
from gateway.projection.interpret import Interpretation, interpret
from gateway.projection.resources import Named
from gateway.routing.admission import first_blocking
from gateway.routing.ports import Content, Loss, Reading, Translation
from gateway.translate import LossReport, extensions
from gateway.translate.facts import Facts
from gateway.translate.receipts import with_original

RULES_OF_INTAKE: Final = tuple(rule for rule in RULES if rule.id in ("type-and-body", "logistics-notice"))
"""The only business rules that can refuse a message; the others are for `validate` to tell, and cost more than
the schema."""
MOST_REMEMBERED: Final = 1024
"""As many as may wait for their delivery when messages come in crowds; some 170 MB, of reports of 20 KB."""
LONGEST_REMEMBERED: Final = 8 * MOST_REMEMBERED
"""Readings after which nobody asks any more: another node translates it, or it goes out as it came."""
LARGEST_REMEMBERED: Final = 64 * 1024
"""Bytes. Of the larger ones some are read on other threads, which must not touch what is remembered."""


class Formats:
    """Reads, checks and translates messages."""

    def __init__(self) -> None:
        self._remembered: dict[bytes, tuple[int, Any]] = {}
        """Message → the number of its reading, and what was read; the oldest first."""
        self._readings = 0
        self._to_remember = 0
        """Of so many messages that are read next it is likely that they will be translated."""
        extensions.publish()

    def read(self, data: bytes, content: Content) -> Reading:
        """Facts and findings.

        :raises Unreadable: it cannot be read as a message at all.
        """
        source = _parsed(data, content)
        if self._to_remember and len(data) <= LARGEST_REMEMBERED:
            self._remember(data, source)
        issues = fhir_validation.validate(source) if content == "fhir" else _issues_of(source)
        return Reading(self._facts(source, issues), issues)

    def convert(
        self, data: bytes, content: Content, target_format: str, original: Original | None = None
    ) -> Translation:
        """The message in `target_format`; a receipt in FHIR says of its `original` what it left out.

        :raises NotTranslatable: the target format cannot say it.
        """
        self._to_remember = MOST_REMEMBERED
        _, source = self._remembered.pop(data, (0, None))
        source = _parsed(data, content) if source is None else source
        if original is not None and content == "fhir":
            source = with_original(source, original.message_id, original.message_type, original.generated_at)
        made = translate.convert(source, target_format)
        return Translation(made.data, loss_of(made.loss))

    def canonical_digest(self, data: bytes, content: Content) -> str:
        """Equal for two messages that can be read and say the same, however they are spelled.

        :raises Unreadable: it cannot be read as a message at all.
        """
        return translate.canonical_digest(_parsed(data, content))

    def interpret(self, data: bytes, content: Content, accepted: datetime, named: Named) -> Interpretation:
        """What a message says about a pathway."""
        return interpret(data, content, accepted, named)

    def _remember(self, data: bytes, source: Any) -> None:
        remembered = self._remembered
        self._readings += 1
        self._to_remember -= 1
        if not self._to_remember:
            remembered.clear()
        elif not _is_receipt(source):
            if len(remembered) == MOST_REMEMBERED:
                oldest = next(iter(remembered))
                if self._readings - remembered[oldest][0] <= LONGEST_REMEMBERED:
                    return
                del remembered[oldest]
            remembered[data] = self._readings, source

    def _facts(self, source: Any, issues: tuple[Issue, ...]) -> Facts | None:
        """The facts; None when what is wrong with the message, as the findings say, leaves none to be taken."""
        try:
            return translate.facts_of(source)
        except SomlosError:
            if first_blocking(issues) is None:
                raise
        except (LookupError, TypeError, ValueError, AttributeError):
            if first_blocking(issues) is None:
                raise
        return None


def loss_of(report: LossReport) -> Loss:
    """What the ledger keeps of a loss report."""
    return Loss(
        mapping_version=report.mapping_version,
        total=report.total,
        native=report.native,
        extension=report.extension,
        lost=len(report.lost),
        report=msgspec.json.encode(report.as_json()).decode(),
        gravest=report.gravest,
    )


def _parsed(data: bytes, content: Content) -> Any:
    return fhir_json.read(data) if content == "fhir" else xml_reading.read(data)


def _is_receipt(source: Any) -> bool:
    """Whether it is an AppRec: most of them go on as they came."""
    return isinstance(source, EMessage) and source.standard.startswith("apprec")


def _issues_of(message: EMessage) -> tuple[Issue, ...]:
    """What the schema finds, and the rules that can refuse a message."""
    rules = () if _is_receipt(message) else RULES_OF_INTAKE
    return (*validate_schema(message), *(found for rule in rules for found in rule.findings(message)))
