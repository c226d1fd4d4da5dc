"""What does a FHIR search ask for, and where does its next page begin?

Parameters are those of one table (`gateway/records/search_parameters.py`); one that is not there is refused, never
passed over: a search that leaves out a condition would find too much. Values of one parameter with commas between mean
"or"; a parameter that stands twice means "and". A reference is also found by the identifier it names
(`recipient:identifier=system|value`). An identity number is taken in a POST body only, and becomes the patient key
before anything is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from gateway.errors import Refusal
from gateway.ledger.patient_key import PatientKeys
from gateway.projection.resources import patient_id
from gateway.records.resource_reader import Condition, ResourceReader
from gateway.records.resources import span_of
from gateway.records.search_parameters import PARAMETERS, Parameter, is_of_patient, parameters_of

MOST: Final = 200
USUAL: Final = 50
IDENTITY: Final = frozenset({"identifier", "patient.identifier", "subject.identifier", "patient:identifier"})
_DATE: Final = re.compile(r"(eq|lt|le|gt|ge)?(\d{4}(?:-\d\d(?:-\d\d(?:T\S{1,40})?)?)?)")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_REFERENCE: Final = re.compile(r"(?:[A-Z][A-Za-z]{1,40}/)?[A-Za-z0-9\-.]{1,64}")
LONGEST: Final = 500
Pairs = list[tuple[str, str]]
_Made = Callable[[str], Condition]


@dataclass(frozen=True)
class Search:
    """A search, ready to be asked."""

    conditions: tuple[Condition, ...]
    count: int
    before: int | None
    told: Pairs
    """The parameters as they may stand in an address: identities replaced by the patient's id."""

    def link(self, resource_type: str, before: int | None) -> str:
        """The address of a page."""
        pairs = [*self.told, ("_count", str(self.count))]
        if before is not None:
            pairs.append(("_before", str(before)))
        return f"{resource_type}?{urlencode(pairs)}"


class Searching:
    """Reads searches of one installation."""

    def __init__(self, reader: ResourceReader, keys: PatientKeys) -> None:
        self._reader = reader
        self._keys = keys

    def read(self, resource_type: str, pairs: Iterable[tuple[str, str]], *, in_body: bool) -> Search:
        """The search that these parameters mean.

        :raises Refusal: api.bad-parameter, api.identity-in-address
        """
        conditions: list[Condition] = []
        told: Pairs = []
        count, before = USUAL, None
        for name, value in pairs:
            if len(value) > LONGEST:
                raise Refusal("api.bad-parameter")
            if name == "_count":
                count = min(_number(value, "_count"), MOST)
            elif name == "_before":
                before = _number(value, "_before")
            elif name in ("_format", "_pretty"):
                continue
            elif name in IDENTITY and (name != "identifier" or resource_type == "Patient"):
                if not in_body:
                    raise Refusal("api.identity-in-address")
                found, id = self._of_identity(resource_type, value)
                conditions.append(found)
                told.append(("_id" if resource_type == "Patient" else "patient", id))
            else:
                conditions.append(self._condition(resource_type, name, value))
                told.append((name, value))
        return Search(tuple(conditions), count, before, told)

    def page(self, pairs: Iterable[tuple[str, str]]) -> Search:
        """Where a history begins, and how much of it is asked for.

        :raises Refusal: api.bad-parameter
        """
        given = list(pairs)
        if any(name not in ("_count", "_before", "_format", "_pretty") for name, _ in given):
            raise Refusal("api.bad-parameter")
        return self.read("Basic", given, in_body=False)

    def _of_identity(self, resource_type: str, value: str) -> tuple[Condition, str]:
        """The condition for an identity number, and the id of the patient."""
        number = value.rpartition("|")[2]
        if not number.strip():
            raise Refusal("api.bad-parameter", path="identifier")
        if resource_type != "Patient" and not is_of_patient(resource_type):
            raise Refusal("api.bad-parameter", path="patient.identifier")
        key = self._keys.of(number)
        return self._reader.condition("where_patient", key), patient_id(key)

    def _condition(self, resource_type: str, name: str, value: str) -> Condition:
        if name == "_id":
            return self._any(
                value, "_id", lambda one: self._reader.condition("where_id", _checked(_ID, one, "_id"))
            )
        if name == "_lastUpdated":
            return self._updated(value)
        if name in ("patient", "subject") and is_of_patient(resource_type):
            return self._any(value, name, lambda one: self._of_patient(one, name))
        base, _, modifier = name.partition(":")
        parameter = next((each for each in parameters_of(resource_type) if each.name == base), None)
        if parameter is not None and modifier == "identifier" and parameter.kind == "reference":
            return self._any(value, name, lambda one: self._token(f"{base}.identifier", one))
        if modifier:
            parameter = None
        if parameter is None:
            known = {each.name for every in PARAMETERS.values() for each in every}
            raise Refusal("api.bad-parameter", path=name if name in known else None)
        return self._any(value, name, lambda one: self._of(parameter, one))

    def _any(self, value: str, name: str, made: _Made) -> Condition:
        """One of several values."""
        ones = [one for one in value.split(",") if one]
        if not ones or len(ones) > 20:
            raise Refusal("api.bad-parameter", path=name)
        found = [made(one) for one in ones]
        if len(found) == 1:
            return found[0]
        texts: list[str] = []
        values: list[object] = []
        for condition in found:
            text = condition.sql
            for place in reversed(range(len(condition.values))):
                text = re.sub(rf":v{place}\b", f":v{len(values) + place}", text)
            texts.append(text)
            values += condition.values
        return Condition(f"({' OR '.join(texts)})", tuple(values))

    def _of_patient(self, value: str, name: str) -> Condition:
        id = _checked(_REFERENCE, value, name).removeprefix("Patient/")
        key = self._reader.patient_key_of(id)
        return (
            self._reader.condition("where_nothing")
            if key is None
            else self._reader.condition("where_patient", key)
        )

    def _of(self, parameter: Parameter, value: str) -> Condition:
        reader, name = self._reader, parameter.name
        if parameter.kind == "date":
            prefix, low, high = _date(value, name)
            return reader.condition(f"where_date_{prefix}", name, low, high)
        if parameter.kind == "uri":
            return reader.condition("where_code", name, value.partition("|")[0])
        if parameter.kind == "reference":
            _checked(_REFERENCE, value, name)
            return reader.condition("where_token" if "/" in value else "where_code", name, value)
        return self._token(name, value)

    def _token(self, name: str, value: str) -> Condition:
        reader = self._reader
        system, bar, code = value.partition("|")
        if not bar:
            return reader.condition("where_code", name, value)
        if not code:
            return reader.condition("where_system", name, f"{system}|", f"{system}}}")  # "}" follows "|"
        return reader.condition("where_token", name, value)

    def _updated(self, value: str) -> Condition:
        prefix, low, high = _date(value, "_lastUpdated")
        spans = {
            "eq": (low, high + 1),
            "lt": (-(2**62), low),
            "le": (-(2**62), high + 1),
            "gt": (high + 1, 2**62),
            "ge": (low, 2**62),
        }
        return self._reader.condition("where_updated", *spans[prefix])


def _checked(pattern: re.Pattern[str], value: str, name: str) -> str:
    if not pattern.fullmatch(value):
        raise Refusal("api.bad-parameter", path=name)
    return value


def _number(value: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise Refusal("api.bad-parameter", path=name)
    return int(value)


def _date(value: str, name: str) -> tuple[str, int, int]:
    found = _DATE.fullmatch(value)
    span = span_of(found[2]) if found else None
    if found is None or span is None:
        raise Refusal("api.bad-parameter", path=name)
    return found[1] or "eq", *span
