"""What does a receipt (AppRec 1.0, 1.1) break: status against errors, and the message that it belongs to?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway import terminology
from gateway.emessage.apprec import MIG_VERSIONS
from gateway.emessage.place import finding
from gateway.emessage.read import EMessage, code_of
from gateway.errors import Issue

_OID = re.compile(r"\d++(?:\.\d++){3,}+")


def status_and_errors(message: EMessage) -> Iterator[Issue]:
    """Status is 1, 2 or 3; a rejection states why; OK states no error; V and S of an error are not swapped."""
    root = message.root
    place = next(root.iterchildren("{*}Status"), None)
    errors = list(root.iterchildren("{*}Error"))
    status = "" if place is None else code_of(place)
    if place is not None and not terminology.is_known("8258", status):
        yield finding("rules.receipt-status-unknown", "error", place)
    if status in ("2", "3") and not errors and place is not None:
        yield finding("rules.receipt-without-errors", "warning", place)
    if status == "1" and errors:
        yield finding("rules.receipt-with-errors", "warning", errors[0])
    for error in errors:
        if _OID.fullmatch(error.get("V", "")) and not _OID.fullmatch(error.get("S", "")):
            yield finding("rules.receipt-swapped-code", "warning", error)


def kind_and_version(message: EMessage) -> Iterator[Issue]:
    """A receipt says that it is one, and the version of its namespace."""
    kind = next(message.root.iterchildren("{*}MsgType"), None)
    if kind is not None and code_of(kind) != "APPREC":
        yield finding("rules.receipt-kind", "warning", kind)
    version = next(message.root.iterchildren("{*}MIGversion"), None)
    stated = "" if version is None else (version.text or "").strip()
    if version is not None and stated and stated != MIG_VERSIONS.get(message.standard):
        yield finding("rules.receipt-version", "warning", version)


def original(message: EMessage) -> Iterator[Issue]:
    """A receipt names the message it belongs to, which is never a receipt itself."""
    place = next(message.root.iterchildren("{*}OriginalMsgId"), None)
    number = None if place is None else next(place.iterchildren("{*}Id"), None)
    kind = None if place is None else next(place.iterchildren("{*}MsgType"), None)
    if number is None or not (number.text or "").strip():
        yield finding("rules.receipt-original-missing", "error", message.root if place is None else place)
    if kind is not None and code_of(kind) == "APPREC":
        yield finding("rules.receipt-on-receipt", "error", kind)
