"""What does the ledger hold? Questions for pages and the API, answered on connections that cannot write."""

from __future__ import annotations

from datetime import datetime

from gateway.ledger.rows import (
    BodyRow,
    Counts,
    DeliveryRow,
    EventRow,
    FlowRow,
    LossRow,
    MessageFilter,
    MessageRow,
    ReceiptRow,
    RefusalRow,
)

EVERYTHING = MessageFilter()


class LedgerReader:
    """Plain synchronous reads; each takes well under a millisecond, and may be called from any thread."""

    def list_messages(
        self, wanted: MessageFilter = EVERYTHING, *, before: int | None = None, limit: int = 50
    ) -> tuple[FlowRow, ...]:
        """Messages, newest first, whose `sequence` is below `before`."""
        raise NotImplementedError

    def message(self, id: str) -> MessageRow | None:
        """The message with our id."""
        raise NotImplementedError

    def message_of(self, sender_her: str, message_id: str) -> MessageRow | None:
        """The message with the sender's MsgId."""
        raise NotImplementedError

    def trail(self, id: str) -> tuple[EventRow, ...]:
        """What happened to the message with our id, oldest first."""
        raise NotImplementedError

    def deliveries(self, id: str) -> tuple[DeliveryRow, ...]:
        """The deliveries of the message with our id."""
        raise NotImplementedError

    def receipts(self, id: str) -> tuple[ReceiptRow, ...]:
        """The receipts for the message with our id, oldest first."""
        raise NotImplementedError

    def conversation(self, id: str) -> tuple[MessageRow, ...]:
        """The messages of the same conversation between the same two, oldest first, this one included."""
        raise NotImplementedError

    def loss(self, delivery_id: int) -> LossRow | None:
        """The loss report of a delivery; None: nothing was translated (yet)."""
        raise NotImplementedError

    def body(self, body_id: int) -> BodyRow | None:
        """The bytes of a body."""
        raise NotImplementedError

    def refusals(self, *, before: int | None = None, limit: int = 50) -> tuple[RefusalRow, ...]:
        """Messages that were not taken, newest first."""
        raise NotImplementedError

    def counts(self, since: datetime) -> Counts:
        """Figures over everything, and over what came since a time."""
        raise NotImplementedError

    def per_hour(self, since: datetime) -> tuple[tuple[datetime, int], ...]:
        """Messages received in each hour (start of the hour, UTC), oldest first; hours without any are left out."""
        raise NotImplementedError
