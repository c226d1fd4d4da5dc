"""What does a translation cost, as a ratio to the least that any translator must do?

    floor     libxml2 parses and schema-validates the message, and the finished Bundle is encoded as JSON
    to-fhir   bytes → read → schema → translated with loss report → structure of R4 checked → JSON bytes
    to-xml    bytes → read → structure of R4 checked → translated with loss report → schema → XML bytes
    check     the structure and invariants of a Bundle alone

The same message in every piece of work, in the same rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from gateway.bench.conditions import conditions
from gateway.bench.measure import Rounds, Work, measure
from gateway.bench.messages import STANDARD, discharge_report, sized
from gateway.emessage.read import read
from gateway.emessage.schema import schema_for
from gateway.emessage.validate import validate_schema
from gateway.fhir import json as fhir_json
from gateway.fhir.validate import validate
from gateway.memory import GC_THRESHOLD
from gateway.translate import convert

Json = dict[str, Any]
SIZE = 21_368
"""Bytes of the official discharge report of PLO 1.6, which other tools were measured on."""
SIZES = (5_000, 20_000, 50_000, 100_000, 200_000, 500_000)
WANTED = 5.0
"""Times the floor, in each direction."""
RESOURCES_CHECKED = 30


@dataclass(frozen=True)
class Subject:
    """The message that is measured."""

    name: str
    xml: bytes
    json: bytes
    bundle: Json
    values: int

    def as_json(self) -> dict[str, str | int]:
        """What it is, in figures."""
        return {
            "message": self.name,
            "xmlBytes": len(self.xml),
            "jsonBytes": len(self.json),
            "values": self.values,
            "resources": len(self.bundle["entry"]),
        }


def subject(name: str, xml: bytes) -> Subject:
    """The message with its finished Bundle. Raises NotTranslatable, Unreadable."""
    made = convert(read(xml), "fhir-r4")
    return Subject(name, xml, made.data, fhir_json.read(made.data), made.loss.total)


def to_fhir(data: bytes) -> bytes:
    """The whole way from XML bytes to JSON bytes."""
    message = read(data)
    _sound(validate_schema(message))
    made = convert(message, "fhir-r4")
    assert made.bundle is not None
    _sound(validate(made.bundle))
    return made.data


def to_xml(data: bytes) -> bytes:
    """The whole way from JSON bytes to XML bytes."""
    bundle = fhir_json.read(data)
    _sound(validate(bundle))
    return convert(bundle, STANDARD).data


def _sound(findings: tuple[Any, ...]) -> None:
    if any(found.severity == "error" for found in findings):
        raise ValueError("the message of the benchmark is not valid")


def floor(message: Subject) -> Callable[[], bytes]:
    """The least that any translator must do with the message."""
    schema, xml, bundle = schema_for(STANDARD), message.xml, message.bundle

    def work() -> bytes:
        schema.validate(etree.fromstring(xml))
        return fhir_json.write(bundle)

    return work


def pieces(message: Subject, suffix: str = "") -> dict[str, Work]:
    """The work that is measured for one message."""
    return {
        f"floor{suffix}": floor(message),
        f"to-fhir{suffix}": lambda: to_fhir(message.xml),
        f"to-xml{suffix}": lambda: to_xml(message.json),
    }


def checked_bundle(report: bytes) -> Json:
    """The Bundle of the report, cut so far that it has 30 resources (or a few more)."""
    found: Json = {}
    for size in range(5_000, SIZE, 500):
        found = subject("", sized(report, size)).bundle
        if len(found["entry"]) >= RESOURCES_CHECKED:
            break
    return found


@dataclass(frozen=True)
class Plan:
    """What one run of the benchmark measures."""

    main: Subject
    checked: Json
    curve: tuple[Subject, ...]
    rounds: int
    seconds: float

    @property
    def steps(self) -> int:
        """Rounds in all, for a progress bar."""
        return 2 * self.rounds


def plan(
    own: tuple[str, bytes] | None, *, rounds: int, seconds: float, sizes: tuple[int, ...] = SIZES
) -> Plan:
    """The messages: the story's discharge report at the size of the official one, or `own` (name, bytes)."""
    report = discharge_report()
    name, xml = own or ("the story's Utskrivningsrapport, cut to size", sized(report, SIZE))
    main = subject(name, xml)
    curve = tuple(subject(f"{size // 1000} KB", sized(report, size)) for size in sizes)
    return Plan(main, checked_bundle(report), curve, rounds, seconds)


def run(planned: Plan) -> Iterator[tuple[Rounds, Rounds]]:
    """The rounds of the message, and of all sizes; grows with each step until both are whole."""
    work = {**pieces(planned.main), "check": lambda: _sound(validate(planned.checked))}
    main = Rounds({})
    for main in measure(work, rounds=planned.rounds, seconds=planned.seconds):
        yield main, Rounds({})
    sizes = {key: value for one in planned.curve for key, value in pieces(one, f" {one.name}").items()}
    for curve in measure(sizes, rounds=planned.rounds, seconds=planned.seconds / 4):
        yield main, curve


def report(planned: Plan, main: Rounds, curve: Rounds) -> dict[str, Any]:
    """The figures with their conditions."""
    return {
        "benchmark": "convert",
        "conditions": conditions(),
        "method": {
            "rounds": planned.rounds,
            "secondsPerRound": planned.seconds,
            "figures": "processor time; median, min, max of the rounds; all pieces in each round, one thread",
            "collector": f"as in the gateway: asked every {GC_THRESHOLD} new objects",
            "floor": "libxml2 parse and schema validation of the message, and encoding of the finished JSON",
        },
        "subject": planned.main.as_json(),
        "milliseconds": {name: main.milliseconds(name).as_json() for name in ("floor", "to-fhir", "to-xml")},
        "timesFloor": {name: main.ratio(name, "floor").as_json() for name in ("to-fhir", "to-xml")},
        "wantedTimesFloor": WANTED,
        "check": {
            "resources": len(planned.checked["entry"]),
            "what": "structure, required codes, invariants, references and the profiles it claims",
            "milliseconds": main.milliseconds("check").as_json(),
        },
        "sizes": [_size(one, curve) for one in planned.curve],
        "flatness": {name: _flatness(planned.curve, curve, name) for name in ("floor", "to-fhir", "to-xml")},
    }


def _size(one: Subject, curve: Rounds) -> dict[str, Any]:
    kilobytes = len(one.xml) / 1000
    names = ("floor", "to-fhir", "to-xml")
    figures = {name: curve.milliseconds(f"{name} {one.name}") for name in names}
    return {
        **one.as_json(),
        "millisecondsPerKB": {
            name: float(f"{found.median / kilobytes:.4g}") for name, found in figures.items()
        },
        "milliseconds": {name: found.as_json() for name, found in figures.items()},
    }


def _flatness(curve: tuple[Subject, ...], rounds: Rounds, name: str) -> float:
    """Time per KB of the largest message ÷ that of the smallest: 1 is flat."""
    per_byte = [rounds.milliseconds(f"{name} {one.name}").median / len(one.xml) for one in curve]
    return float(f"{per_byte[-1] / per_byte[0]:.3g}")
