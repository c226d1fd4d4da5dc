"""How long does a piece of work take, and how sure are we?

All pieces are measured in the same rounds, one after the other, so that what slows the machine for a moment slows them
alike; a ratio is taken within each round. The figure is the median of the rounds, with the smallest and the largest.
What is counted is the processor time of this process (one thread): what others do on the machine meanwhile counts less.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from gateway.memory import keep_for_good

Work = Callable[[], object]


@dataclass(frozen=True)
class Spread:
    """The median of some rounds, with the smallest and the largest."""

    median: float
    smallest: float
    largest: float

    def as_json(self) -> dict[str, float]:
        """Rounded to four significant digits."""
        return {"median": _short(self.median), "min": _short(self.smallest), "max": _short(self.largest)}


@dataclass(frozen=True)
class Rounds:
    """The processor time of each piece of work in each round, in milliseconds for one run of it."""

    times: dict[str, tuple[float, ...]]

    def milliseconds(self, name: str) -> Spread:
        """How long one run of the piece takes."""
        return spread(self.times[name])

    def ratio(self, name: str, floor: str) -> Spread:
        """How many times as long as `floor` the piece takes, in the same round."""
        pairs = zip(self.times[name], self.times[floor], strict=True)
        return spread(tuple(one / other for one, other in pairs))


def measure(pieces: Mapping[str, Work], *, rounds: int, seconds: float) -> Iterator[Rounds]:
    """Runs every piece for at least `seconds` in each round; yields after each round, the last time with all of them.

    The garbage collector runs as it does in the gateway, as seldom too: it spares what was there before (here the
    messages themselves), and is emptied before each piece.
    """
    for work in pieces.values():
        work()
    thresholds = gc.get_threshold()
    keep_for_good()
    times: dict[str, tuple[float, ...]] = dict.fromkeys(pieces, ())
    try:
        for _ in range(rounds):
            for name, work in pieces.items():
                gc.collect()
                times[name] = (*times[name], _one_run(work, seconds) * 1000)
            yield Rounds(dict(times))
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


def _one_run(work: Work, seconds: float) -> float:
    """Seconds of processor time for one run, from as many runs as fill the time."""
    runs = 0
    begin = time.process_time()
    while True:
        work()
        runs += 1
        passed = time.process_time() - begin
        if passed >= seconds:
            return passed / runs


def spread(values: tuple[float, ...]) -> Spread:
    """Median, smallest and largest."""
    return Spread(median(values), min(values), max(values))


def _short(value: float) -> float:
    return float(f"{value:.4g}")
