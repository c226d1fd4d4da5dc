"""What is the same content in the other format, and what was lost?

    facts_of          the neutral facts of a message in either format
    convert           a message or receipt in another format, with the loss report
    e_message_format  which format a Bundle has as an e-message
    canonical_digest  equal for messages that say the same, however they are spelled
    roundtrip         there and back again, with the verdict

Pure: no clock, file, network or database. Definitions and grammar are read once, at the first use.
"""

from __future__ import annotations

from gateway.translate.convert import Readable, Translation, convert, e_message_format, facts_of, roundtrip
from gateway.translate.loss import Loss, LossReport
from gateway.translate.roundtrip import RoundTrip
from gateway.translate.sameness import canonical_digest

__all__ = [
    "Loss",
    "LossReport",
    "Readable",
    "RoundTrip",
    "Translation",
    "canonical_digest",
    "convert",
    "e_message_format",
    "facts_of",
    "roundtrip",
]
