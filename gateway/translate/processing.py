"""Is a message one of production, of training or of debugging (8113)?

The e-message says it in ProcessingStatus, and our Bundles in an extension of the MessageHeader. Who does not know that
sees the label that R4 has for what is only a test: HTEST, among the security labels or the tags of the Bundle or the
MessageHeader.
"""

from __future__ import annotations

from gateway.fhir.canonical import code_in_extension, code_system, extension_url
from gateway.translate.codec import Json

PRODUCTION, TEST = "P", "T"
_CODE_SET, _NAME = "8113", "processing-status"
CODES, ADDRESS = code_system(_CODE_SET), extension_url(_NAME)
LABEL = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
"""HL7's "test health data"."""
_NO_PRODUCTION = frozenset({TEST, "D"})


def stated(header: Json) -> str | None:
    """The code of 8113 in the MessageHeader; None: it says none, or one of another set."""
    return code_in_extension(header, _NAME, _CODE_SET)


def labels_of_test(bundle: Json, header: Json) -> list[Json]:
    """The labels that say that the message is only a test."""
    metas = (holder.get("meta", {}) for holder in (bundle, header))
    labels = [label for meta in metas for key in ("security", "tag") for label in meta.get(key, ())]
    return [each for each in labels if LABEL.items() <= each.items()]


def status_of(bundle: Json, header: Json) -> str:
    """The code of 8113 that a message Bundle has."""
    return stated(header) or (TEST if labels_of_test(bundle, header) else PRODUCTION)


def label(bundle: Json, header: Json) -> None:
    """Labels a message Bundle that we write, if it is only a test."""
    if stated(header) in _NO_PRODUCTION:
        bundle["meta"]["tag"].append(dict(LABEL))
