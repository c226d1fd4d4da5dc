"""Which invariants does a Bundle have?

bdl-12 (a message starts with its MessageHeader) and bdl-7 (one fullUrl, one resource) have codes of their own in the
catalogue, because senders meet them often; see `gateway.fhir.references`.
"""

from __future__ import annotations

from typing import Final

from gateway.fhir.invariants.node import Invariant, Node, any_there, presence, there, without

_WITH_REQUEST: Final = ("batch", "transaction", "history")
_WITH_RESPONSE: Final = ("batch-response", "transaction-response", "history")


def _entries(node: Node) -> list[Node]:
    entries: list[Node] = node.get("entry", [])
    return entries


def _total_only_in_search(node: Node) -> bool:
    return not there(node, "total") or node.get("type") in ("searchset", "history")


def _search_only_in_search(node: Node) -> bool:
    return node.get("type") == "searchset" or not any("search" in entry for entry in _entries(node))


def _request_where_asked(node: Node) -> bool:
    asked = node.get("type") in _WITH_REQUEST
    return all(("request" in entry) == asked for entry in _entries(node))


def _response_where_asked(node: Node) -> bool:
    asked = node.get("type") in _WITH_RESPONSE
    return all(("response" in entry) == asked for entry in _entries(node))


def _document_is_identified(node: Node) -> bool:
    identifier = node.get("identifier", {})
    return node.get("type") != "document" or (there(identifier, "system") and there(identifier, "value"))


def _document_starts_with_composition(node: Node) -> bool:
    if node.get("type") != "document":
        return True
    entries = _entries(node)
    return bool(entries) and entries[0].get("resource", {}).get("resourceType") == "Composition"


BUNDLES: Final[dict[str, tuple[Invariant, ...]]] = {
    "Bundle": (
        Invariant("bdl-1", about=("total",), holds=_total_only_in_search),
        Invariant("bdl-2", _search_only_in_search),
        Invariant("bdl-3", _request_where_asked),
        Invariant("bdl-4", _response_where_asked),
        Invariant("bdl-9", _document_is_identified),
        Invariant("bdl-10", lambda node: node.get("type") != "document" or "timestamp" in node),
        Invariant("bdl-11", _document_starts_with_composition),
    ),
    "Bundle.entry": (
        presence("bdl-5", lambda node: any_there(node, "resource", "request", "response")),
        without("bdl-8", "fullUrl", "/_history/"),
    ),
}
