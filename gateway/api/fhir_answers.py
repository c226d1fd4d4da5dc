"""How is a resource, or a list of them, written as an answer?"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from gateway.api.problems import FHIR_JSON
from gateway.fhir import json as fhir_json
from gateway.ledger import times
from gateway.records.resource_reader import Version

Json = dict[str, Any]


def bundle(kind: str, total: int, links: list[Json], entries: list[Json]) -> Json:
    """A Bundle of a search or a history; an empty list is left out, as FHIR wants it."""
    whole: Json = {"resourceType": "Bundle", "type": kind, "total": total, "link": links, "entry": entries}
    return {name: value for name, value in whole.items() if value != []}


def answer(content: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A resource as an answer."""
    return Response(fhir_json.write(content), status_code=status, headers=headers, media_type=FHIR_JSON)


def headers_of(version: Version) -> dict[str, str]:
    """ETag and Last-Modified of a version."""
    at = times.moment(version.at)
    return {"etag": f'W/"{version.version}"', "last-modified": at.strftime("%a, %d %b %Y %H:%M:%S GMT")}
