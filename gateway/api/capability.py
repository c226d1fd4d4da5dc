"""What does the FHIR API say that it can do? Only what it does: the statement is made of the routes that are served.

    POST /fhir/$name              an operation of the whole server
    POST /fhir/Goal/$name         an operation of a type
    GET  /fhir/Goal/{id}          read         (POST, PUT, PATCH, DELETE: create, update, patch, delete)
    GET  /fhir/Goal               search-type  (POST /fhir/Goal/_search: the same)
    GET  /fhir/Goal/{id}/_history/{version}    vread   (without the version: history-instance)

A route for several types has `{resource_type}` in the place of the type; which types these are, and by what they can be
found, is told beside the routes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from gateway import __version__
from gateway.fhir.canonical import BASE
from gateway.fhir.definitions import by_address, definitions
from gateway.settings import Settings

Json = dict[str, Any]
Routes = Mapping[str, Iterable[str]]
"""Path → methods."""
Searches = Mapping[str, Iterable[tuple[str, str]]]
"""Resource type → name and type of each of its search parameters."""

DATE: Final = "2026-11-22"
"""When the definitions this statement is made of last changed."""
ANY_TYPE: Final = "{resource_type}"
"""In a route: every type that is told beside the routes."""

_HL7_OPERATION: Final = "http://hl7.org/fhir/OperationDefinition/"
_DEFINED_BY_HL7: Final = {"process-message": _HL7_OPERATION + "MessageHeader-process-message"}
_BY_METHOD: Final = {
    (True, "GET"): "read",
    (True, "PUT"): "update",
    (True, "PATCH"): "patch",
    (True, "DELETE"): "delete",
    (False, "GET"): "search-type",
    (False, "POST"): "create",
}
"""Whether an id stands behind the type, and the method → the interaction."""


def statement(settings: Settings, routes: Routes, searches: Searches | None = None) -> Json:
    """The CapabilityStatement (R4) of this installation; `routes`: as the OpenAPI description has them."""
    served = list(_served(routes, searches or {}))
    operations = sorted({name for kind, name in served if kind is None})
    types = sorted({kind for kind, _ in served if kind is not None})
    return {
        "resourceType": "CapabilityStatement",
        "id": "gateway",
        "url": f"{BASE}/CapabilityStatement/gateway",
        "version": __version__,
        "name": "SomlosGateway",
        "title": "Sømløs",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "software": {"name": "Sømløs", "version": __version__},
        "implementation": {"description": settings.gateway.name},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "Message Bundles are handed in with $process-message and are answered with 202 when they are "
                    "durable here. Receipts travel as messages of their own, or are fetched at "
                    "/messages/{id}/receipts. $convert and $validate keep nothing, and also take XML."
                ),
                "security": {"description": "A bearer secret for each partner, bound to its HER-ids."},
                **_listed("resource", [_type(each, served, searches or {}) for each in types]),
                "operation": [_operation(name) for name in operations if name[0] == "$"],
            }
        ],
        "messaging": [_messaging()],
    }


def _served(routes: Routes, searches: Searches) -> Iterator[tuple[str | None, str]]:
    """What the routes serve: (type or None, interaction or $operation)."""
    for path, methods in routes.items():
        if not path.startswith("/fhir/"):
            continue
        first, *rest = path.removeprefix("/fhir/").split("/")
        for method in map(str.upper, methods):
            if first[0] == "$":
                yield None, first
            for kind in searches if first == ANY_TYPE else (first,):
                name = _interaction(rest, method)
                if name is not None and kind[0].isupper():
                    yield kind, name


def _interaction(rest: list[str], method: str) -> str | None:
    """What is asked of a type, by what stands behind it in the address."""
    if rest and rest[-1][:1] == "$":
        return rest[-1] if method in ("POST", "GET") else None
    if rest == ["_search"]:
        return "search-type" if method == "POST" else None
    if rest[1:2] == ["_history"]:
        name = "vread" if len(rest) == 3 else "history-instance"
        return name if method == "GET" and len(rest) <= 3 else None
    return _BY_METHOD.get((bool(rest), method)) if len(rest) <= 1 else None


def _type(kind: str, served: list[tuple[str | None, str]], searches: Searches) -> Json:
    names = sorted({name for of, name in served if of == kind})
    ours = [
        definition["url"]
        for definition in definitions("structures")
        if definition["type"] == kind and definition["kind"] == "resource"
    ]
    parameters = [{"name": name, "type": how} for name, how in searches.get(kind, ())]
    return {
        "type": kind,
        **_listed("supportedProfile", ours),
        "interaction": [{"code": name} for name in names if name[0] != "$"],
        **({"versioning": "versioned-update"} if "update" in names else {}),
        **({"conditionalCreate": True} if "create" in names else {}),
        **_listed("searchParam", parameters if "search-type" in names else []),
        **_listed("operation", [_operation(name) for name in names if name[0] == "$"]),
    }


def _operation(name: str) -> Json:
    plain = name[1:]
    own = f"{BASE}/OperationDefinition/{plain}"
    known = ("OperationDefinition", own) in by_address()
    return {"name": plain, "definition": own if known else _DEFINED_BY_HL7.get(plain, _HL7_OPERATION + plain)}


def _messaging() -> Json:
    return {
        "documentation": (
            "Every message type that a receiver takes (MessageHeader.eventCoding, list 8279) is passed on; care "
            "messages, dialogues and receipts are translated where the receiver takes the other format. A message "
            "Bundle that the gateway makes meets the profile somlos-message."
        )
    }


def _listed(name: str, items: list[Any]) -> Json:
    """An element that R4 does not want empty."""
    return {name: items} if items else {}
