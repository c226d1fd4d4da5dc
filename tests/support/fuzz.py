"""Does any input, however broken, end in an answer: within bounded time and memory, and without an unhandled error?

    python -m tests.support.fuzz [--inputs N] [--seed S]        (make fuzz)

Each input is made from a seed: a message of the story, of the official examples (where they are) or one made at random,
damaged. It goes the whole way that the gateway takes with it: read, validate, facts, translate; and back again, because
a valid message must come back lossless. The same seed always makes the same inputs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from gateway.emessage.read import read
from gateway.emessage.sample import BODIES, RandomMessage
from gateway.emessage.validate import validate
from gateway.errors import Issue, NotTranslatable, Refusal, SomlosError, Unreadable
from gateway.fhir import json as fhir_json
from gateway.fhir.validate import validate as validate_fhir
from gateway.translate import convert, facts_of, roundtrip
from tests.support.damage import damaged
from tests.support.fhir_bundle import rich_bundle
from tests.support.fhir_mutations import mutate
from tests.support.story import told

LIMIT_S = 5.0
"""Processor time for one input."""
HANGING_S = 60
"""Wall time after which an input is broken off."""
LIMIT_MB = 128
"""Growth of the process by one input."""
CHUNK = 250
MAY_BE_LOST = {
    "komponenttype": "an attribute with a fixed value: libxml2 lets another pass, the standard does not",
    "/@type": "xsi:type that repeats the type which the element has anyway",
}
"""Ends of places where a valid message need not come back as it was, with the reason."""
STANDARDS = Path(os.environ.get("SOMLOS_STANDARDS") or Path(__file__).resolve().parents[3] / "shared")


@dataclass
class Tally:
    """What became of some inputs."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    slowest_seed: int = -1
    memory_mb: int = 0
    """Peak of the process."""
    failures: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Counts the other's inputs too."""
        self.outcomes.update(other.outcomes)
        if other.slowest_s > self.slowest_s:
            self.slowest_s, self.slowest_seed = other.slowest_s, other.slowest_seed
        self.memory_mb = max(self.memory_mb, other.memory_mb)
        self.failures += other.failures


class Failure(Exception):
    """An input ended otherwise than it may; says how, without quoting the input."""


# inputs


@cache
def sources() -> tuple[tuple[str, bytes], ...]:
    """What inputs are made of: name and bytes."""
    found = [(f"story/{key}", message.body) for key, message in told().items()]
    found += [
        (f"official/{path.stem}", path.read_bytes())
        for folder in ("v1.6", "apprec", "dialog")
        for path in sorted((STANDARDS / "standards/examples" / folder).glob("*.xml"))
    ]
    for number, body in enumerate(BODIES):
        for standard in ("plo-1.6", "plo-1.5"):
            found.append(
                (f"random/{standard}-{body}", RandomMessage(standard, number, chance=0.35).text(body))
            )
    made = [(name, convert(read(data), "fhir-r4").data) for name, data in found if _is_translatable(data)]
    return (
        *found,
        *((f"{name}.json", data) for name, data in made),
        ("rich.json", fhir_json.write(rich_bundle())),
    )


def _is_translatable(data: bytes) -> bool:
    try:
        convert(read(data), "fhir-r4")
    except (Unreadable, NotTranslatable):
        return False
    return True


def make(seed: int) -> bytes:
    """The input of a seed."""
    chance = random.Random(seed)
    name, data = chance.choice(sources())
    how = chance.random()
    if how < 0.02:
        return chance.randbytes(chance.randrange(200))
    if how < 0.05:
        return data[: chance.randrange(len(data))]
    if how < 0.08:
        other = chance.choice(sources())[1]
        return data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]
    if how < 0.10:
        return data
    if name.endswith(".json") or data[:1] == b"{":
        return _damaged_json(chance, data)
    return damaged(data, seed)


def _damaged_json(chance: random.Random, data: bytes) -> bytes:
    if chance.random() < 0.15:
        changed = bytearray(data)
        for _ in range(chance.randint(1, 3)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        return bytes(changed)
    bundle = fhir_json.read(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        bundle = mutate(chance, bundle)
    return fhir_json.write(bundle)


# one input


def attempt(data: bytes) -> str:
    """What became of an input: one word. Raises Failure, and whatever should not have happened."""
    try:
        return _fhir(data) if data.lstrip()[:1] in (b"{", b"[") else _xml(data)
    except Unreadable:
        return "unreadable"
    except NotTranslatable:
        return "not translatable"


def _xml(data: bytes) -> str:
    message = read(data)
    findings = validate(message)
    if _blocking(findings):
        _facts_or_refusal(message)
        return "invalid"
    facts_of(message)
    if message.standard == "msghead":
        return "passed on"
    made = convert(message, "fhir-r4")
    assert made.bundle is not None
    wrong = [found.code for found in validate_fhir(made.bundle) if found.severity == "error"]
    if wrong:
        raise Failure(f"the Bundle is not valid: {wrong[0]}")
    outcome = roundtrip(data)
    if outcome.verdict == "equivalent":  # white space in an element that holds only elements, and now none
        return "equivalent"
    lost = [loss.source or loss.target for loss in outcome.losses]
    unexpected = [place for place in lost if not place.endswith(tuple(MAY_BE_LOST))]
    if unexpected:
        raise Failure(f"lost: {unexpected[0]}")
    return "lossless" if not lost else "lossless but for what a standard fixes"


def _fhir(data: bytes) -> str:
    bundle = fhir_json.read(data)
    if _blocking(validate_fhir(bundle)):
        _facts_or_refusal(bundle)
        return "invalid"
    try:
        facts_of(bundle)
    except Refusal:
        return "refused"
    target = "apprec-1.1" if _answers(bundle) else "plo-1.6"
    made = convert(bundle, target)
    read(made.data)
    return "translated"


def _blocking(findings: tuple[Issue, ...]) -> bool:
    return any(found.severity == "error" and found.layer in ("xml", "schema") for found in findings)


def _facts_or_refusal(source: Any) -> None:
    """Of what is invalid, facts are only asked by `gateway.formats`, which knows that there may be none."""
    try:
        facts_of(source)
    except (SomlosError, LookupError, TypeError, ValueError, AttributeError):
        return


def _answers(bundle: dict[str, Any]) -> bool:
    entries = bundle.get("entry", ())
    return any("response" in e.get("resource", {}) for e in entries if isinstance(e, dict))


# many inputs


def tally(seeds: range) -> Tally:
    """What became of the inputs of these seeds."""
    found = Tally()
    signal.signal(signal.SIGALRM, _broken_off)
    for seed in seeds:
        _one(seed, found)
    return found


def _broken_off(number: int, frame: FrameType | None) -> None:
    raise Failure(f"no answer after {HANGING_S} s")


def _one(seed: int, found: Tally) -> None:
    data = make(seed)
    before, begin = _peak_mb(), time.process_time()
    signal.alarm(HANGING_S)
    problem = None
    try:
        found.outcomes[attempt(data)] += 1
    except Failure as failure:
        problem = str(failure)
    except Exception as error:
        problem = f"{type(error).__name__} in {_place_of(error)}"
    finally:
        signal.alarm(0)
    passed, grown = time.process_time() - begin, _peak_mb() - before
    if problem is None and passed > LIMIT_S:
        problem = f"took {passed:.1f} s"
    if problem is None and grown > LIMIT_MB:
        problem = f"took {grown} MB"
    if problem is not None:
        found.outcomes["FAILED"] += 1
        found.failures.append(f"seed {seed}: {problem} ({_kept(seed, data)})")
    if passed > found.slowest_s:
        found.slowest_s, found.slowest_seed = passed, seed
    found.memory_mb = max(found.memory_mb, _peak_mb())


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _place_of(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


def _kept(seed: int, data: bytes) -> Path:
    """The input in a file, to look at."""
    path = Path(tempfile.gettempdir()) / f"somlos-fuzz-{seed}"
    path.write_bytes(data)
    return path


def chunks(first: int, count: int) -> Iterator[range]:
    """The seeds in pieces that a process does at once."""
    for start in range(first, first + count, CHUNK):
        yield range(start, min(start + CHUNK, first + count))


def run(first: int, count: int, processes: int) -> Tally:
    """All inputs, on several processes; tells how far it is on standard error."""
    total, begin = Tally(), time.monotonic()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        done = 0
        for found in pool.imap_unordered(tally, chunks(first, count)):
            total.add(found)
            for failure in found.failures:
                print(failure, flush=True)
            done += sum(found.outcomes.values())
            rate = done / (time.monotonic() - begin)
            _tell(
                f"{done:,} of {count:,}  {rate:.0f}/s  failed: {total.outcomes['FAILED']}", last=done >= count
            )
    return total


def _tell(line: str, *, last: bool) -> None:
    terminal = sys.stderr.isatty()
    if terminal or last or line.split(" ", 1)[0].replace(",", "").endswith(("0000", "5000")):
        print(
            f"\r{line}" if terminal else line,
            end="\n" if last or not terminal else "",
            file=sys.stderr,
            flush=True,
        )


def main() -> None:
    """Runs and tells; exit code 1 when an input failed."""
    parser = argparse.ArgumentParser(prog="fuzz", description="Broken inputs, and what becomes of them.")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument(
        "--seed", type=int, default=None, help="of the first input; default: another each time"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    first = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10**9)
    print(f"{chosen.inputs:,} inputs, --seed {first}", flush=True)
    total = run(first, chosen.inputs, chosen.processes)
    for outcome, count in total.outcomes.most_common():
        print(f"{count:8,}  {outcome}")
    print(
        f"slowest: {total.slowest_s:.2f} s (seed {total.slowest_seed}); memory at most {total.memory_mb} MB a process"
    )
    raise SystemExit(1 if total.failures else 0)


if __name__ == "__main__":
    main()
