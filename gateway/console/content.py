"""What did the sender send, what did the receiver get, and what is the difference?

The three panes of a message: XML, FHIR and the loss report. Where nothing was translated for delivery, the other
format is translated here for reading. Content is health information: it is shown only where the settings say that all
patients are synthetic, or after a stated purpose; paths and codes of the loss report are no content and always shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from gateway.console.elements import ElementPart, elements_view
from gateway.console.pane import XML, Pane, anchor_in, pane
from gateway.console.reading import translated
from gateway.console.rendered import Rendered, rendered
from gateway.console.states import State
from gateway.console.texts import Texts
from gateway.console.web import place_of
from gateway.emessage.read import read
from gateway.errors import CATALOGUE, SomlosError
from gateway.ledger.rows import BodyRow, DeliveryRow, MessageRow
from gateway.services import GatewayServices

_log = structlog.get_logger(__name__)
LARGEST_READING = 4_000_000
"""Bytes of a message that is still translated only for reading."""
_GRAVE = ("lost", "rendered", "assumed")


@dataclass(frozen=True)
class Part:
    """One part of the values of the source, for the meter."""

    name: str
    count: int
    x: float
    width: float


@dataclass(frozen=True)
class LossLine:
    """One value that was lost, or not carried natively."""

    kind: str
    path: str
    anchor: str | None
    what: str
    where: str
    where_anchor: str | None
    times: int = 1
    """How many values this line stands for."""

    @property
    def short_path(self) -> str:
        """The path without the envelope around the content, which is the same for every place in it."""
        return self.path.removeprefix("MsgHead/Document/RefDoc/Content/")


@dataclass(frozen=True)
class Note:
    """A note of the translation: words, and what they are about as it stands in FHIR."""

    says: str
    code: str = ""


@dataclass(frozen=True)
class Loss:
    """The loss report, ready to show."""

    says: str
    verdict: State
    total: int
    parts: tuple[Part, ...]
    rows: tuple[LossLine, ...]
    """What a person should look at: lost, or turned into text."""
    carried: tuple[LossLine, ...]
    """What came across whole, though not in the target's own elements."""
    carried_total: int
    notes: tuple[Note, ...]
    version: str


@dataclass(frozen=True)
class Content:
    """The panes of one message, in the order of its way."""

    open: bool
    reading: Rendered | None
    """The e-message for reading."""
    panes: tuple[Pane, ...]
    elements: tuple[ElementPart, ...]
    """Element by element, part by part."""
    loss: Loss | None
    no_loss: str


@dataclass(frozen=True)
class _Other:
    """The message in its other format, with the loss report of that translation."""

    body: bytes | None
    media_type: str
    says: str
    report: Mapping[str, Any] | None
    problem: str | None = None
    """Why there is none, in words."""


def content_view(services: GatewayServices, message: MessageRow, texts: Texts, *, may_read: bool) -> Content:
    """The panes of a message; the documents only for somebody who may read them now."""
    received = services.reader.body(message.body_id)
    other = _other(services, message, received, texts)
    panes: list[Pane] = []
    if may_read and received:
        panes.append(pane(received.content, received.media_type, texts("content.received")))
        if other.body is not None:
            panes.append(pane(other.body, other.media_type, other.says))
    loss = loss_view(other.report, other.says, panes, texts) if other.report is not None else None
    return Content(
        may_read,
        _reading(received, other) if may_read else None,
        tuple(panes),
        _elements(received, message, panes, texts)
        if may_read and received and other.body is not None
        else (),
        loss,
        other.problem or texts("loss.verdict.same"),
    )


def _elements(
    received: BodyRow, message: MessageRow, panes: list[Pane], texts: Texts
) -> tuple[ElementPart, ...]:
    """The whole table: with what is kept of a delivered translation stands only what was not carried."""
    if message.size > LARGEST_READING:
        return ()
    try:
        reading = translated(received)
        xml = received.content if received.media_type == XML else reading.data
        entries = reading.report["entries"]
        return elements_view(read(xml).root, message.message_type, entries, panes, texts)
    except SomlosError:
        return ()  # the page says why beside the loss report
    except Exception as error:  # a fault of ours must not hide the trail of the message
        _log.error(
            "console.table-failed", message=message.id, error=type(error).__name__, place=place_of(error)
        )
        return ()


def _reading(received: BodyRow | None, other: _Other) -> Rendered | None:
    """What a person reads: from the XML, whichever of the two it is."""
    if received is not None and received.media_type == XML:
        return rendered(received.content)
    return rendered(other.body) if other.body is not None and other.media_type == XML else None


def _other(services: GatewayServices, message: MessageRow, received: BodyRow | None, texts: Texts) -> _Other:
    """The translation that was (or will be) delivered; where there is none, one made for reading."""
    for delivery in services.reader.deliveries(message.id):
        if not delivery.unchanged and delivery.body_id is not None:
            return _delivered(services, delivery, texts)
    if received is None:
        return _Other(None, "", "", None)
    if message.size > LARGEST_READING:
        return _Other(None, "", texts("content.for_reading"), None, texts("content.too_large"))
    try:
        translation = translated(received)
    except SomlosError as error:
        return _Other(None, "", texts("content.for_reading"), None, _sentence(error.code, texts))
    except Exception as error:  # a fault of ours must not hide the trail of the message
        _log.error(
            "console.reading-failed", message=message.id, error=type(error).__name__, place=place_of(error)
        )
        return _Other(None, "", texts("content.for_reading"), None, _sentence("us.internal", texts))
    return _Other(translation.data, translation.media_type, texts("content.for_reading"), translation.report)


def _delivered(services: GatewayServices, delivery: DeliveryRow, texts: Texts) -> _Other:
    body = services.reader.body(delivery.body_id) if delivery.body_id is not None else None
    loss = services.reader.loss(delivery.id)
    says = texts("content.delivered" if delivery.sent_at else "content.to_deliver")
    return _Other(
        body.content if body else None, body.media_type if body else "", says, loss.report if loss else None
    )


def _sentence(code: str, texts: Texts) -> str:
    """What the catalogue says of a code."""
    entry = CATALOGUE[code]
    return entry.en if texts.language == "en" else entry.no


def loss_view(report: Mapping[str, Any], says: str, panes: list[Pane], texts: Texts) -> Loss:
    """A loss report (as JSON), its places linked to the lines of the shown documents: source first, then target."""
    counts = {kind: int(report.get(kind, 0)) for kind in ("native", "extension", "exact", "lost")}
    source, target = (*panes, None, None)[:2]
    lines = [
        _line(entry, source, target, texts)
        for entry in report.get("entries", ())
        if isinstance(entry, Mapping)
    ]
    return Loss(
        says=says,
        verdict=_verdict(counts["lost"], sum(line.kind == "assumed" for line in lines), texts),
        total=int(report.get("total", 0)),
        parts=_parts({kind: count for kind, count in counts.items() if count or kind != "exact"}),
        rows=_once(line for line in lines if line.kind in _GRAVE),
        carried=_once(line for line in lines if line.kind not in _GRAVE),
        carried_total=sum(line.kind not in _GRAVE for line in lines),
        notes=tuple(dict.fromkeys(_note(str(note), texts) for note in report.get("notes", ()))),
        version=str(report.get("mappingVersion", "")),
    )


def _verdict(lost: int, assumed: int, texts: Texts) -> State:
    """What is said that nobody said is no smaller matter than what is not: either holds a message."""
    if lost:
        return State("lossy", texts("loss.verdict.some", n=lost), "warn", "warning")
    if assumed:
        return State("lossy", texts("loss.verdict.assumed", n=assumed), "warn", "warning")
    return State("lossless", texts("loss.verdict.none"), "ok", "check")


def _line(entry: Mapping[str, Any], source: Pane | None, target: Pane | None, texts: Texts) -> LossLine:
    path, where, kind = (str(entry.get(name) or "") for name in ("source", "target", "kind"))
    return LossLine(
        kind=kind,
        path=path,
        anchor=anchor_in(source, path),
        what=texts.or_code("lost", kind),
        where=where,
        where_anchor=anchor_in(target, where),
    )


def _once(lines: Iterable[LossLine]) -> tuple[LossLine, ...]:
    """Lines that say the same (the attributes of one element) as one line with their number."""
    counted = Counter(lines)
    return tuple(replace(line, times=times) for line, times in counted.items())


def _note(note: str, texts: Texts) -> Note:
    """A note of the translation in words: a code of the catalogue, or what was assumed."""
    if note in CATALOGUE:
        return Note(_sentence(note, texts))
    if note.startswith("assumed: "):
        return Note(texts("loss.assumed"), note.removeprefix("assumed: "))
    return Note("", note)


def _parts(counts: Mapping[str, int]) -> tuple[Part, ...]:
    whole = max(sum(counts.values()), 1)
    parts, x = [], 0.0
    for name, count in counts.items():
        width = round(100 * count / whole, 2)
        parts.append(Part(name, count, round(x, 2), width))
        x += width
    return tuple(parts)
