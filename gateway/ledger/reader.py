"""What does the ledger hold? Questions for pages and the API, answered on connections that cannot write."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from gateway.ledger import listing, times
from gateway.ledger.rows import (
    STATES,
    BodyRow,
    Counts,
    DeliveryRow,
    EventRow,
    FlowRow,
    LossRow,
    MessageFilter,
    MessageRow,
    ReceiptError,
    ReceiptRow,
    RefusalRow,
)
from gateway.ledger.session import Row
from gateway.ledger.store import Ledger

EVERYTHING = MessageFilter()
NEWEST = 2**62


class LedgerReader:
    """Plain synchronous reads; each takes well under a millisecond, and may be called from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._queries = ledger.queries

    def list_messages(
        self, wanted: MessageFilter = EVERYTHING, *, before: int | None = None, limit: int = 50
    ) -> tuple[FlowRow, ...]:
        """Messages, newest first, whose `sequence` is below `before`."""
        rows = listing.rows_of(self._ledger.reading(), self._queries, wanted, before, limit)
        return tuple(FlowRow(_message(row), _delivery(row)) for row in rows)

    def message(self, id: str) -> MessageRow | None:
        """The message with our id."""
        row = self._one("message", id=id)
        return None if row is None else _message(row)

    def message_of(self, sender_her: str, message_id: str) -> MessageRow | None:
        """The message with the sender's MsgId."""
        row = self._one("message_of", sender_her=sender_her, message_id=message_id)
        return None if row is None else _message(row)

    def trail(self, id: str) -> tuple[EventRow, ...]:
        """What happened to the message with our id, oldest first."""
        return tuple(_event(row) for row in self._all("trail", id=id))

    def deliveries(self, id: str) -> tuple[DeliveryRow, ...]:
        """The deliveries of the message with our id."""
        return tuple(_delivery(row) for row in self._all("deliveries", id=id))

    def receipts(self, id: str) -> tuple[ReceiptRow, ...]:
        """The receipts for the message with our id, oldest first."""
        return tuple(_receipt(row) for row in self._all("receipts", id=id))

    def receipt(self, id: str) -> ReceiptRow | None:
        """What the receipt with our id says about which message; None: it is no receipt."""
        row = self._one("receipt_is", id=id)
        return None if row is None else _receipt(row)

    def conversation(self, id: str) -> tuple[MessageRow, ...]:
        """The messages of the same conversation between the same two, oldest first, this one included."""
        message = self.message(id)
        if message is None:
            return ()
        values = {
            "conversation_id": message.conversation_id or message.message_id,
            "one": message.sender_her,
            "other": message.receiver_her,
        }
        return tuple(_message(row) for row in self._all("conversation", **values))

    def loss(self, delivery_id: int) -> LossRow | None:
        """The loss report of a delivery; None: nothing was translated (yet)."""
        row = self._one("loss", delivery_id=delivery_id)
        return None if row is None else LossRow(**{**dict(row), "report": json.loads(row["report"])})

    def body(self, body_id: int) -> BodyRow | None:
        """The bytes of a body."""
        row = self._one("body", body_id=body_id)
        return None if row is None else BodyRow(row["body_id"], row["content"], row["media_type"])

    def refusals(
        self, *, before: int | None = None, limit: int = 50, scope: frozenset[str] | None = None
    ) -> tuple[RefusalRow, ...]:
        """Messages that were not taken, newest first; `scope`: only from or to one of these HER-ids."""
        query = "refusals" if scope is None else "refusals_in_scope"
        values = {} if scope is None else {"scope": json.dumps(sorted(scope))}
        rows = self._all(query, before=NEWEST if before is None else before, most=limit, **values)
        return tuple(_refusal(row) for row in rows)

    def counts(self, since: datetime) -> Counts:
        """Figures over everything, and over what came since a time."""
        states = dict.fromkeys(STATES, 0) | {row["state"]: row["number"] for row in self._all("count_states")}
        return Counts(
            messages=self._number("count_messages", since=0),
            since=self._number("count_messages", since=times.of(since)),
            states=states,
            overdue=self._number("count_overdue"),
            refused=self._number("count_refusals", since=times.of(since)),
        )

    def _all(self, query: str, **values: Any) -> list[Row]:
        return self._ledger.reading().execute(self._queries[query], values).fetchall()

    def _one(self, query: str, **values: Any) -> Row | None:
        row: Row | None = self._ledger.reading().execute(self._queries[query], values).fetchone()
        return row

    def _number(self, query: str, **values: Any) -> int:
        row = self._one(query, **values)
        return 0 if row is None else row["number"]


def _message(row: Row) -> MessageRow:
    return MessageRow(
        id=row["id"],
        sequence=row["sequence"],
        message_id=row["message_id"],
        sender_her=row["sender_her"],
        sender_organisation_her=row["sender_organisation_her"],
        receiver_her=row["receiver_her"],
        receiver_organisation_her=row["receiver_organisation_her"],
        format=row["format"],
        message_type=row["message_type"],
        status=row["status"],
        parent_id=row["parent_id"],
        conversation_id=row["conversation_id"],
        patient_key=row["patient_key"],
        acknowledgement=row["acknowledgement"],
        processing=row["processing"],
        signed=bool(row["signed"]),
        body_known=bool(row["body_known"]),
        is_receipt=bool(row["is_receipt"]),
        partner=row["partner"],
        generated_at=times.optional(row["generated_at"]),
        received_at=times.moment(row["received_at"]),
        body_id=row["body_id"],
        size=row["size"],
        dated_events=tuple(json.loads(row["dated_events"])),
    )


def _delivery(row: Row) -> DeliveryRow:
    return DeliveryRow(
        id=row["delivery_id"],
        message=row["message"],
        receiver_her=row["d_receiver_her"],
        state=row["state"],
        format=row["d_format"],
        unchanged=bool(row["unchanged"]),
        body_id=row["d_body_id"],
        attempts=row["attempts"],
        reason=row["reason"],
        receipt_status=row["receipt_status"],
        overdue=bool(row["overdue"]),
        settled=row["settled_at"] is not None,
        created_at=times.moment(row["created_at"]),
        due_at=times.optional(row["due_at"]),
        deadline_at=times.optional(row["deadline_at"]),
        sent_at=times.optional(row["sent_at"]),
        final_at=times.optional(row["final_at"]),
    )


def _event(row: Row) -> EventRow:
    return EventRow(
        id=row["event_id"],
        message=row["message"],
        delivery_id=row["delivery_id"],
        at=times.moment(row["at"]),
        code=row["code"],
        detail=json.loads(row["detail"]) if row["detail"] else {},
    )


def _receipt(row: Row) -> ReceiptRow:
    return ReceiptRow(
        id=row["receipt_id"],
        message=row["message"],
        original=row["original"],
        delivery_id=row["delivery_id"],
        status=row["status"],
        errors=tuple(ReceiptError(**each) for each in json.loads(row["errors"])),
        effect=row["effect"],
        format=row["format"],
        received_at=times.moment(row["received_at"]),
        body_id=row["body_id"],
    )


def _refusal(row: Row) -> RefusalRow:
    return RefusalRow(
        id=row["refusal_id"],
        at=times.moment(row["at"]),
        partner=row["partner"],
        code=row["code"],
        size=row["size"],
        format=row["format"],
        message_id=row["message_id"],
        message_type=row["message_type"],
        sender_her=row["sender_her"],
        receiver_her=row["receiver_her"],
    )
