"""How much goes between whom, how fast, and how much comes back negative: the matrix and the time line of the flow.

Pure: counts by hour in, cells and bars out. Hospital and municipality stand in rows and columns as they send and
receive; a cell leads to its messages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
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


@dataclass
class Sums:
    """Figures of many messages together."""

    messages: int = 0
    negative: int = 0
    overdue: int = 0
    sent: int = 0
    sent_after: int = 0
    answered: int = 0
    answered_after: int = 0

    def add(self, other: Sums | Traffic) -> None:
        """Take in what another counts."""
        self.messages += other.messages
        self.negative += other.negative
        self.overdue += other.overdue
        self.sent += other.sent
        self.sent_after += other.sent_after
        self.answered += other.answered
        self.answered_after += other.answered_after

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
    """1 least to 5 most: how dark it is."""


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
Wanted = Callable[[Traffic], bool]


def looked_through(
    hours: Sequence[Hour], wanted: Wanted | None, name_of: NameOf, *, by_day: bool
) -> tuple[TimeLine, Matrix]:
    """How much came when, and who sent how much to whom, in one pass. `wanted`: which are counted; None: all.
    `name_of`: the organisation of a HER-id."""
    pairs: dict[tuple[str, str], Sums] = defaultdict(Sums)
    counts, negative = [], []
    for hour in hours:
        number = bad = 0
        for each in hour.traffic:
            if wanted is None or wanted(each):
                pairs[each.sender_her, each.receiver_her].add(each)
                number += each.messages
                bad += each.negative
        counts.append(number)
        negative.append(bad)
    bars, bad_bars = bars_of([hour.start for hour in hours], (counts, negative), by_day=by_day)
    whole = Sums()
    for sums in pairs.values():
        whole.add(sums)
    line = TimeLine(bars, bad_bars, whole, max(reversed(bars), key=lambda bar: bar.count))
    return line, _matrix(pairs, name_of)


def _matrix(by_her: dict[tuple[str, str], Sums], name_of: NameOf) -> Matrix:
    pairs: dict[tuple[str, str], Sums] = defaultdict(Sums)
    for (sender, receiver), sums in by_her.items():
        pairs[name_of(sender), name_of(receiver)].add(sums)
    senders, receivers = _busiest(pairs, 0), _busiest(pairs, 1)
    most = max((sums.messages for sums in pairs.values()), default=0)
    return Matrix(
        senders,
        receivers,
        tuple(
            tuple(_cell(pairs.get((sender, receiver)), most) for receiver in receivers) for sender in senders
        ),
    )


def _cell(sums: Sums | None, most: int) -> Cell | None:
    return None if sums is None else Cell(sums, 1 + (4 * sums.messages) // max(most, 1))


def _busiest(pairs: dict[tuple[str, str], Sums], place: int) -> tuple[str, ...]:
    numbers: dict[str, int] = defaultdict(int)
    for pair, sums in pairs.items():
        numbers[pair[place]] += sums.messages
    return tuple(sorted(numbers, key=lambda name: (-numbers[name], name))[:MOST_PARTIES])
