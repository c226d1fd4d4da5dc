"""How much goes between whom, how fast, and how much comes back negative: the matrix and the time line of the flow.

Pure: counts by hour in, cells and bars out. Hospital and municipality stand in rows and columns as they send and
receive; a cell leads to its messages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.console.chart import Bar, bars_of
from gateway.console.texts import Texts
from gateway.console.times import span
from gateway.ledger.overview import Traffic
from gateway.ledger.times import SECOND
from gateway.operations.traffic import Hour

SPANS: dict[str, timedelta] = {"24h": timedelta(hours=24), "7d": timedelta(days=7)}
DEFAULT_SPAN = "24h"
MOST_PARTIES = 12
"""Rows and columns of the matrix: the busiest."""


@dataclass(frozen=True)
class Sums:
    """Figures of many messages together."""

    messages: int = 0
    negative: int = 0
    overdue: int = 0
    handed: int = 0
    sent: int = 0
    sent_after: int = 0
    answered: int = 0
    answered_after: int = 0

    def __add__(self, other: Sums | Traffic) -> Sums:
        names = Sums.__dataclass_fields__
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in names})

    def delivered_after(self, texts: Texts) -> str:
        """How long it took on average until the receiver's transport had it."""
        return span(self.sent_after / self.sent / SECOND, texts) if self.sent else "–"

    def receipt_after(self, texts: Texts) -> str:
        """How long the receipt took on average."""
        return span(self.answered_after / self.answered / SECOND, texts) if self.answered else "–"


@dataclass(frozen=True)
class Cell:
    """What one sent to one other."""

    sums: Sums
    heat: int
    """0 none to 5 most: how dark it is."""
    sender: str
    receiver: str


@dataclass(frozen=True)
class Matrix:
    """Senders in rows, receivers in columns, busiest first."""

    senders: tuple[str, ...]
    receivers: tuple[str, ...]
    cells: tuple[tuple[Cell | None, ...], ...]


@dataclass(frozen=True)
class TimeLine:
    """A bar an hour (or a day), with what came back negative on top."""

    bars: tuple[Bar, ...]
    negative: tuple[Bar, ...]
    sums: Sums
    most: Bar


NameOf = Callable[[str], str]


def totals(hours: Iterable[Hour], wanted: Callable[[Traffic], bool]) -> Sums:
    """Everything that is wanted, together."""
    found = Sums()
    for hour in hours:
        for each in hour.traffic:
            if wanted(each):
                found += each
    return found


def matrix(hours: Iterable[Hour], wanted: Callable[[Traffic], bool], name_of: NameOf) -> Matrix:
    """Who sent how much to whom; `name_of`: the organisation of a HER-id."""
    pairs: dict[tuple[str, str], Sums] = defaultdict(Sums)
    for hour in hours:
        for each in hour.traffic:
            if wanted(each):
                pairs[name_of(each.sender_her), name_of(each.receiver_her)] += each
    senders, receivers = _busiest(pairs, 0), _busiest(pairs, 1)
    most = max((sums.messages for sums in pairs.values()), default=0)
    return Matrix(
        senders,
        receivers,
        tuple(
            tuple(_cell(pairs.get((sender, receiver)), sender, receiver, most) for receiver in receivers)
            for sender in senders
        ),
    )


def _cell(sums: Sums | None, sender: str, receiver: str, most: int) -> Cell | None:
    return None if sums is None else Cell(sums, 1 + (4 * sums.messages) // max(most, 1), sender, receiver)


def _busiest(pairs: dict[tuple[str, str], Sums], place: int) -> tuple[str, ...]:
    numbers: dict[str, int] = defaultdict(int)
    for pair, sums in pairs.items():
        numbers[pair[place]] += sums.messages
    return tuple(sorted(numbers, key=lambda name: (-numbers[name], name))[:MOST_PARTIES])


def time_line(hours: Sequence[Hour], wanted: Callable[[Traffic], bool], *, by_day: bool) -> TimeLine:
    """How much came when, and how much of it was rejected."""
    starts = [hour.start for hour in hours]
    sums = [totals([hour], wanted) for hour in hours]
    counts = [each.messages for each in sums]
    bad = [each.negative for each in sums]
    bars, negative = bars_of(starts, (counts, bad), by_day=by_day)
    whole = Sums()
    for part in sums:
        whole += part
    return TimeLine(bars, negative, whole, max(reversed(bars), key=lambda bar: bar.count))
