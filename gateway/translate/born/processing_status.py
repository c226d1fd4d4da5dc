"""How does a message that is labelled as a test say so where the rules look?

In the extension of the MessageHeader that becomes ProcessingStatus (8113).
"""

from __future__ import annotations

from gateway import terminology
from gateway.translate import processing
from gateway.translate.born.open_bundle import OpenBundle


def is_said(work: OpenBundle) -> bool:
    """Whether nothing says that the message is a test but what the rules read."""
    labelled = processing.labels_of_test(work.bundle, work.header)
    return not labelled or processing.stated(work.header) is not None


def say(work: OpenBundle) -> None:
    """A label says what the message is, where the MessageHeader says nothing of it."""
    if is_said(work):
        return
    code = processing.TEST
    coding = {"system": processing.CODES, "code": code, "display": terminology.display("8113", code)}
    extension = {"url": processing.ADDRESS, "valueCoding": coding}
    work.header.setdefault("extension", []).append(extension)
    for label in processing.labels_of_test(work.bundle, work.header):
        for key in label:
            work.say(label, key, coding, "code")
