"""What does R4 demand that the e-message does not say, and what stands there instead?

The table `mappings/required.map` says it, element by element. What is written from it is never read back (DESIGN §5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from gateway import package_data
from gateway.fhir.canonical import DATA_ABSENT_REASON
from gateway.translate import discontinued
from gateway.translate.codec import Json
from gateway.translate.state import State
from gateway.translate.words import withdraw


def absent() -> Json:
    """An element without a value that says why: unknown."""
    return {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": "unknown"}]}


@dataclass(frozen=True)
class Demand:
    """One line of the table."""

    holders: tuple[str, ...]
    """Names from the resource down to the object that lacks the element."""
    key: str
    how: str
    argument: str
    condition: str | None
    exception: str | None


@cache
def demands() -> dict[str, tuple[Demand, ...]]:
    """Resource type → what R4 demands of it."""
    table: dict[str, list[Demand]] = {}
    for line in (package_data.mappings() / "required.map").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        resource_type, *names = words[0].split(".")
        options = dict(pairwise(words[2:]))
        argument = words[2] if len(words) > 2 and words[2] not in ("if", "unless") else ""
        demand = Demand(
            tuple(names[:-1]), names[-1], words[1], argument, options.get("if"), options.get("unless")
        )
        table.setdefault(resource_type, []).append(demand)
    return {name: tuple(found) for name, found in table.items()}


def complete(state: State) -> None:
    """Writes what R4 demands into every resource of the Bundle, and takes away what it forbids."""
    for entry in list(state.bundle["entry"]):
        resource = entry["resource"]
        for demand in demands().get(resource["resourceType"], ()):
            for holder in _holders(resource, demand.holders):
                _fill(holder, demand, state)
        if resource["resourceType"] == "Organization":
            _not_at_home(resource)
        elif resource["resourceType"] == "MedicationStatement":
            discontinued.state_status(resource)


def _not_at_home(organization: Json) -> None:
    """An organisation's address is never of use home (invariant org-2), whatever code the e-message gives it."""
    for address in organization.get("address", ()):
        if address.get("use") == "home":
            withdraw("3401", address, "use")


def is_filler(names: tuple[str, ...], value: Any) -> bool:
    """Whether a value (its names from the resource type inwards) is what this table writes."""
    path = (names[0], tuple(name for name in names[1:-1]), names[-1])
    return any(
        d.how == "code" and (path[0], d.holders, d.key) == path and d.argument == value
        for d in demands().get(names[0], ())
    )


def _holders(value: Any, names: tuple[str, ...]) -> Iterator[Json]:
    if isinstance(value, list):
        for item in value:
            yield from _holders(item, names)
    elif isinstance(value, dict):
        if not names:
            yield value
        elif names[0] in value:
            yield from _holders(value[names[0]], names[1:])
        elif names[0] == "source":
            value["source"] = {}
            yield value["source"]


def _fill(holder: Json, demand: Demand, state: State) -> None:
    key, choice = demand.key.removesuffix("[x]"), demand.key.endswith("[x]")
    there = any(name.startswith(key) for name in holder) if choice else key in holder or "_" + key in holder
    if there or (demand.condition and demand.condition not in holder) or demand.exception in holder:
        return
    if demand.how == "code":
        holder[key] = demand.argument
    elif demand.how == "absent":
        _write_absent(holder, key, demand.argument)
    else:
        made = _reference(demand.how, state)
        holder[key] = [made] if demand.argument == "list" else made


def _write_absent(holder: Json, key: str, kind: str) -> None:
    if kind == "code":
        holder["_" + key] = absent()
    elif kind == "objects":
        holder[key] = [absent()]
    else:
        holder[key if kind == "object" else kind] = absent()


def _reference(what: str, state: State) -> Json:
    if what == "patient":
        return state.reference_to(the_patient(state))
    if what == "participant":
        return {"actor": state.reference_to(the_patient(state)), "_status": absent()}
    header = state.singletons["MessageHeader"]
    if what == "header":
        return state.reference_to(header)
    sender = header.get("sender") or absent()
    return {"who": sender} if what == "agent" else sender


def the_patient(state: State) -> Json:
    """The Patient of the message; one with only an id, marked absent, if the envelope names none."""
    patient = state.singletons.get("Patient")
    if patient is None:
        patient = state.the("Patient", create=True)
        assert patient is not None
        patient["extension"] = absent()["extension"]
    return patient


def is_absent(resource: Json) -> bool:
    """Whether a resource is only there because R4 wants one."""
    return any(e.get("url") == DATA_ABSENT_REASON for e in resource.get("extension", ()))
