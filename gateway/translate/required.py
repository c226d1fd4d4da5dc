"""What does R4 demand that the e-message does not say, and what stands there instead?

The table `mappings/required.map` says it, element by element. What is written from it is never read back (DESIGN §5).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from gateway.fhir.canonical import DATA_ABSENT_REASON
from gateway.translate import discontinued, sources
from gateway.translate.codec import Json
from gateway.translate.source import Source
from gateway.translate.state import State
from gateway.translate.words import withdraw

_MADE = "source"
"""The object that is made where it is missing, for what R4 wants in it."""


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

    def written(self, out: Source) -> None:
        """The code that fills the element in."""
        if not self.holders:
            self._written(out, "resource")
            return
        with ExitStack() as blocks:
            if self.holders[0] != _MADE:
                blocks.enter_context(out.block(f"if {self.holders[0]!r} in resource"))
            blocks.enter_context(out.block(f"for holder in holders(resource, {self.holders!r})"))
            self._written(out, "holder")

    def _written(self, out: Source, holder: str) -> None:
        key, choice = self.key.removesuffix("[x]"), self.key.endswith("[x]")
        lacks = f"{key!r} not in {holder} and {'_' + key!r} not in {holder}"
        tests = [f"not has_choice({holder}, {key!r})" if choice else lacks]
        if self.condition:
            tests.append(f"{self.condition!r} in {holder}")
        if self.exception:
            tests.append(f"{self.exception!r} not in {holder}")
        with out.block(f"if {' and '.join(tests)}"):
            out.line(self._filled(holder, key))

    def _filled(self, holder: str, key: str) -> str:
        if self.how == "code":
            return f"{holder}[{key!r}] = {self.argument!r}"
        if self.how == "absent":
            where = {"code": "_" + key, "object": key, "objects": key}.get(self.argument, self.argument)
            return f"{holder}[{where!r}] = {'[absent()]' if self.argument == 'objects' else 'absent()'}"
        made = f"{self.how}(state)"
        return f"{holder}[{key!r}] = {f'[{made}]' if self.argument == 'list' else made}"


@cache
def demands() -> dict[str, tuple[Demand, ...]]:
    """Resource type → what R4 demands of it."""
    table: dict[str, list[Demand]] = {}
    for line in sources.table("required").splitlines():
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


def complete(state: State, first: int = 0) -> None:
    """Writes what R4 demands into every resource of the Bundle, from that entry on, and takes away what it forbids."""
    completions = _completions()
    for entry in state.bundle["entry"][first:]:
        resource = entry["resource"]
        completion = completions.get(resource["resourceType"])
        if completion is not None:
            completion(resource, state)


@cache
def _completions() -> dict[str, Callable[[Json, State], None]]:
    """Resource type → the generated function that does what the table says of it."""
    names: dict[str, Any] = {
        "holders": _holders,
        "has_choice": _has_choice,
        "absent": absent,
        "patient": _patient,
        "participant": _participant,
        "header": _header,
        "sender": _sender,
        "agent": _agent,
        "not_at_home": _not_at_home,
        "state_status": discontinued.state_status,
    }
    further = {"Organization": "not_at_home(resource)", "MedicationStatement": "state_status(resource)"}
    made = {}
    for resource_type in {**demands(), **further}:
        out = Source(names)
        with out.block(f"def complete_{resource_type}(resource, state)"):
            for demand in demands().get(resource_type, ()):
                demand.written(out)
            if resource_type in further:
                out.line(further[resource_type])
        made[resource_type] = out.function(f"complete_{resource_type}")
    return made


def _not_at_home(organization: Json) -> None:
    """An organisation's address is never of use home (invariant org-2), whatever code the e-message gives it."""
    for address in organization.get("address", ()):
        if address.get("use") == "home":
            withdraw("3401", address, "use")


@cache
def _fillers() -> dict[tuple[str, ...], str]:
    return {
        (kind, *demand.holders, demand.key): demand.argument
        for kind, found in demands().items()
        for demand in found
        if demand.how == "code"
    }


def is_filler(names: tuple[str, ...], value: Any) -> bool:
    """Whether a value (its names from the resource type inwards) is what this table writes."""
    found = _fillers().get(names)
    return found is not None and found == value


def _holders(resource: Json, names: tuple[str, ...]) -> list[Json]:
    """The objects at the end of the names, which R4 may want something of."""
    found = [resource]
    for name in names:
        below: list[Json] = []
        for holder in found:
            inner = holder.get(name)
            if inner is None and name == _MADE:
                inner = holder[name] = {}
            if inner.__class__ is list:
                below += [item for item in inner if item.__class__ is dict]
            elif inner.__class__ is dict:
                below.append(inner)
        found = below
    return found


def _has_choice(holder: Json, stem: str) -> bool:
    for name in holder:  # noqa: SIM110 (a loop takes half the time of any(), for every medication)
        if name.startswith(stem):
            return True
    return False


def _patient(state: State) -> Json:
    return state.reference_to(the_patient(state))


def _participant(state: State) -> Json:
    return {"actor": _patient(state), "_status": absent()}


def _header(state: State) -> Json:
    return state.reference_to(state.singletons["MessageHeader"])


def _sender(state: State) -> Json:
    sender: Json = state.singletons["MessageHeader"].get("sender") or absent()
    return sender


def _agent(state: State) -> Json:
    return {"who": _sender(state)}


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
