"""What should a person look at, and is it over? Each alarm is opened once and closed once.

| kind            | opened when                                              | closed when                            |
|-----------------|----------------------------------------------------------|----------------------------------------|
| receipt-overdue | a receipt did not come within its limit                  | it came, or a person settled it        |
| dead-letter     | a delivery was handed to a person                        | a person acted, or a receipt came      |
| parked-too-long | the same, because its original never came                | the same, or the original came         |
| lane-stuck      | the first of a lane has been tried in vain for long,     | that delivery has left the line        |
|                 | while its endpoint answers and is not held               |                                        |
| endpoint-down   | the endpoint failed again and again                      | it took something again                |
| inbox-stuck     | what lies in an endpoint's in/ folder could not be taken | a look into the folder took everything |
|                 | over, look after look                                    | over                                   |
| clock-warning   | a clock of a stay must be met soon (its agreement says   | it was met or cancelled, a person      |
|                 | how long before)                                         | settled it, or it was missed; or as    |
|                 |                                                          | clock-missed                           |
| clock-missed    | a clock's limit passed, and what it waits for is not     | that came after all, a person settled  |
|                 | here                                                     | it, [pathway] alarm_days passed, or a  |
|                 |                                                          | message says that there is no such     |
|                 |                                                          | limit, or a later one                  |
| certificate-    | a certificate of an endpoint ends within [alarm]         | another one has taken its place, or it |
|  ending         | certificate_days                                         | has ended                              |
| certificate-    | it has ended                                             | another one has taken its place        |
|  ended          |                                                          |                                        |

Alarms follow from what the ledger says: a look compares the two and writes the difference, so that none is opened twice
and none is forgotten, whichever node looks and whatever was cut off. A down endpoint is one alarm, not one for each
message that waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Protocol

from gateway.ledger import times
from gateway.ledger.operations import AlarmKind
from gateway.ledger.session import Row, Session
from gateway.settings import DAY, Settings

MOST_AT_ONCE: Final = 1000
HEARD_EVERY: Final = times.seconds(20)
"""How often a node says again what it cannot do."""
FORGOTTEN_AFTER: Final = times.seconds(120)
"""What a node said counts for so long."""
NOBODY_TO_TELL: Final = 2
CLOCK_ALARMED: Final = {"clock-warning": 1, "clock-missed": 2}
"""In the column `alarmed` of a clock."""
OVERDUE: Final = 1
"""In the column `alarmed`; 0: no alarm, 2: a dead letter."""
CODES: Final = {
    "endpoint-down": "operations.endpoint-down",
    "inbox-stuck": "operations.inbox-stuck",
    "lane-stuck": "operations.lane-stuck",
    "clock-warning": "operations.clock-warning",
    "clock-missed": "operations.clock-missed",
    "certificate-ending": "operations.certificate-ending",
    "certificate-ended": "operations.certificate-ended",
}
"""For the kinds that have always the same one."""


Trouble = tuple[AlarmKind, str]
"""What this node cannot do with an endpoint: the kind of its alarm, and the endpoint's first HER-id."""


class Asks(Protocol):
    """A session, or a reader."""

    def all(self, query: str, **values: Any) -> list[Row]: ...


class Watch:
    """Compares what is with the alarms that are open."""

    def __init__(self, settings: Settings, node: str) -> None:
        """`node` names this process among those that share the ledger."""
        self._settings = settings
        self._node = node
        self._told = 0 if settings.alarm.webhook else NOBODY_TO_TELL

    def is_needed(self, ledger: Asks, troubles: Iterable[Trouble], now: int) -> bool:
        """Whether a look would write something."""
        return bool(
            ledger.all("deliveries_alarm_differs", most=1)
            or ledger.all("dead_for_another_reason", most=1)
            or self._troubles_differ(ledger, set(troubles), now)
            or self._without_alarm(ledger, now)
            or self._clocks(ledger, now)
            or self._to_close(ledger, now)
        )

    def look(self, session: Session, troubles: Iterable[Trouble], now: int) -> None:
        """Open what is missing and close what is over."""
        self._keep_troubles(session, set(troubles), now)
        for row in session.all("dead_for_another_reason", most=MOST_AT_ONCE):
            session.run("close_alarms_of", delivery_id=row["delivery_id"], now=now)
            session.run("mark_alarmed", delivery_id=row["delivery_id"], alarmed=0)
        for row in session.all("deliveries_alarm_differs", most=MOST_AT_ONCE):
            self._of_delivery(session, row, now)
        for row in self._without_alarm(session, now):
            self._open(session, row["kind"], row["subject"], row, CODES[row["kind"]], now)
        for row in self._clocks(session, now):
            self._open(session, row["kind"], row["subject"], row, CODES[row["kind"]], now)
            session.run("mark_clock_alarmed", clock_id=row["subject"], alarmed=CLOCK_ALARMED[row["kind"]])
        for row in self._to_close(session, now):
            session.run("close_alarm", alarm_id=row["alarm_id"], now=now)
            if row["kind"] in CLOCK_ALARMED:
                alarmed = CLOCK_ALARMED[row["kind"]]
                session.run("clock_is_no_alarm", clock_id=row["subject"], alarmed=alarmed)

    def _clocks(self, ledger: Asks, now: int) -> list[Row]:
        """Clocks of stays that should have an alarm and never had it."""
        since = self._missed_since(now)
        return ledger.all("clocks_without_alarm", now=now, missed_since=since, most=MOST_AT_ONCE)

    def _to_close(self, ledger: Asks, now: int) -> list[Row]:
        return ledger.all(
            "alarms_to_close", now=now, soon=self._soon(now), missed_since=self._missed_since(now)
        )

    def _soon(self, now: int) -> int:
        return now + times.seconds(self._settings.alarm.certificate_days * DAY)

    def _missed_since(self, now: int) -> int:
        return now - times.seconds(self._settings.pathway.alarm_days * DAY)

    def _of_delivery(self, session: Session, row: Row, now: int) -> None:
        """Give a delivery the alarm it should have, and close the one it had."""
        if row["alarmed"]:
            session.run("close_alarms_of", delivery_id=row["delivery_id"], now=now)
        subject = str(row["delivery_id"])
        if row["wanted"] == OVERDUE:
            self._open(session, "receipt-overdue", subject, row, "receipt.overdue", now)
        elif row["wanted"]:
            code = row["reason"] or "routing.not-deliverable"
            kind = "parked-too-long" if code == "routing.parent-missing-deadline" else "dead-letter"
            self._open(session, kind, subject, row, code, now)
        session.run("mark_alarmed", delivery_id=row["delivery_id"], alarmed=row["wanted"])

    def _open(self, session: Session, kind: str, subject: str, row: Row, code: str, now: int) -> None:
        session.run(
            "open_alarm",
            kind=kind,
            subject=subject,
            delivery_id=row["delivery_id"] if "delivery_id" in set(row.keys()) else None,
            receiver_her=row["receiver_her"],
            code=code,
            opened_at=now,
            told=self._told,
        )

    def _without_alarm(self, ledger: Asks, now: int) -> list[Row]:
        """Endpoints, their folders and certificates, and lanes that should have an open alarm and have none."""
        found = ledger.all("troubles_without_alarm")
        found = found + ledger.all("certificates_without_alarm", now=now, soon=self._soon(now))
        excused = {row["receiver_her"] for row in ledger.all("holds")}
        down = {row["endpoint"] for row in ledger.all("outages")}
        for partner in self._settings.partner:
            for endpoint in partner.endpoint:
                if endpoint.her_ids[0] in down:
                    continue
                spent = min(self._settings.alarm.stuck_after_s, endpoint.give_up_after_s)
                before = now + times.seconds(endpoint.give_up_after_s - spent)
                for her_id in set(endpoint.her_ids) - excused:
                    found = found + ledger.all(
                        "lanes_stuck", receiver_her=her_id, deadline_before=before, most=MOST_AT_ONCE
                    )
        return found

    def _troubles_differ(self, ledger: Asks, troubles: set[Trouble], now: int) -> bool:
        rows = ledger.all("troubles")
        mine = {(row["kind"], row["endpoint"]): row["seen_at"] for row in rows if row["node"] == self._node}
        stale = any(row["seen_at"] < now - FORGOTTEN_AFTER for row in rows)
        return stale or troubles != set(mine) or any(seen < now - HEARD_EVERY for seen in mine.values())

    def _keep_troubles(self, session: Session, troubles: set[Trouble], now: int) -> None:
        rows = session.all("troubles")
        mine = {(row["kind"], row["endpoint"]) for row in rows if row["node"] == self._node}
        for kind, endpoint in troubles:
            session.run("trouble_seen", kind=kind, endpoint=endpoint, node=self._node, now=now)
        for kind, endpoint in mine - troubles:
            session.run("trouble_over", kind=kind, endpoint=endpoint, node=self._node)
        session.run("troubles_forgotten", seen_before=now - FORGOTTEN_AFTER)
