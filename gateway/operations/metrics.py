"""What can a Prometheus read of this gateway? Few figures, few labels, nothing of a message or a patient.

The text format is written here: every figure is asked of the ledger when it is wanted, so a registry of our own or of a
library would only keep a second truth. Endpoints are named by their first HER-id.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway import __version__
from gateway.ledger import times
from gateway.ledger.operations import OperationsReader
from gateway.ledger.store import Ledger
from gateway.operations.endpoints import EndpointState

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[dict[str, str], float]


def _family(name: str, kind: str, about: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP somlos_{name} {about}", f"# TYPE somlos_{name} {kind}"]
    for labels, value in samples:
        said = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"somlos_{name}{'{' + said + '}' if said else ''} {value:.15g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def exposition(
    ledger: Ledger, reader: OperationsReader, endpoints: tuple[EndpointState, ...], now: int
) -> str:
    """Everything, in the text format."""
    highest = reader.one("highest_numbers")
    assert highest is not None
    states: dict[str, int] = dict.fromkeys(("queued", "sending", "sent", "parked", "overdue", "dead"), 0)
    for (_, state), number in reader.numbers().items():
        states[state] += number
    alarms = reader.open_alarms()

    def of_each(value: str) -> list[Sample]:
        return [({"endpoint": each.id}, getattr(each, value)) for each in endpoints]

    ages = [
        ({"endpoint": each.id}, max(0.0, (now - times.of(each.oldest_queued_at)) / times.SECOND))
        for each in endpoints
        if each.oldest_queued_at is not None
    ]
    up = [({"endpoint": each.id}, float(each.down_since is None)) for each in endpoints]
    held = [({"endpoint": each.id}, float(each.hold is not None)) for each in endpoints]
    counted = "As far as they are numbered; a number may be skipped."
    return "".join(
        (
            _family("info", "gauge", "The version that runs.", [({"version": __version__}, 1)]),
            _family("ready", "gauge", "Whether the ledger can be written.", [({}, float(ledger.is_ready))]),
            _family(
                "messages_total", "counter", f"Messages taken in. {counted}", [({}, highest["messages"] or 0)]
            ),
            _family(
                "receipts_total", "counter", f"Receipts taken in. {counted}", [({}, highest["receipts"] or 0)]
            ),
            _family(
                "refusals_total",
                "counter",
                f"Messages not taken. {counted}",
                [({}, highest["refusals"] or 0)],
            ),
            _family("commits_total", "counter", "Commits of this process.", [({}, ledger.commits)]),
            _family(
                "deliveries",
                "gauge",
                "Deliveries that are not over.",
                (({"state": key}, value) for key, value in states.items()),
            ),
            _family(
                "alarms", "gauge", "Open alarms.", (({"kind": key}, value) for key, value in alarms.items())
            ),
            _family("endpoint_up", "gauge", "Whether the endpoint answers.", up),
            _family("endpoint_held", "gauge", "Whether the endpoint is paused or drained.", held),
            _family("endpoint_queued", "gauge", "Deliveries that wait for the endpoint.", of_each("queued")),
            _family("endpoint_overdue", "gauge", "Receipts that are overdue.", of_each("overdue")),
            _family("endpoint_oldest_seconds", "gauge", "Age of the oldest delivery that waits.", ages),
        )
    )
