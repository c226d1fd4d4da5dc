"""How is an error of the catalogue said over HTTP?

One place decides the HTTP status of a code. The body is OperationOutcome under /fhir and problem+json (RFC
9457) elsewhere; the code, its sentences in both languages, its owner and the next step are the same in both.
Nothing of the message and nothing a library said is in it: a place in the input is named by path and line
only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import CATALOGUE, Issue, Layer, SomlosError
from gateway.errors import issue as catalogue_issue
from gateway.fhir.outcome import operation_outcome

PROBLEM_JSON: Final = "application/problem+json"
FHIR_JSON: Final = "application/fhir+json"
MOST_ISSUES: Final = 100
RETRY_AFTER_SECONDS: Final = "10"

_STATUS: Final = {
    "xml.too-large": 413,
    "xml.not-a-message": 422,
    "json.too-large": 413,
    "api.body-too-large": 413,
    "api.not-found": 404,
    "api.method-not-allowed": 405,
    "api.media-type": 415,
    "api.body-incomplete": 408,
    "api.bad-parameter": 400,
    "api.purpose-missing": 403,
    "api.not-allowed": 403,
    "api.receipt-pending": 404,
    "routing.no-credential": 401,
    "routing.unknown-credential": 401,
    "routing.sender-not-covered": 403,
    "routing.same-id-other-content": 409,
    "operations.no-credential": 401,
    "operations.unknown-credential": 401,
    "operations.not-configured": 422,
    "operations.same-receiver": 422,
    "operations.other-environment": 422,
    "operations.note-has-number": 422,
    "operations.nothing-selected": 422,
    "operations.too-many-selected": 422,
    "operations.retention-not-configured": 422,
    "accounts.unknown": 404,
    "accounts.exists": 409,
    "records.version-conflict": 412,
    "records.version-missing": 428,
    "records.several-match": 412,
    "records.gone": 410,
    "records.no-stay": 404,
    "us.internal": 500,
}
_STATUS_OF_SECTION: Final = {
    "xml": 400,
    "json": 400,
    "api": 400,
    "fhir": 422,
    "schema": 422,
    "rules": 422,
    "routing": 422,
    "receipt": 422,
    "translate": 422,
    "operations": 409,
    "accounts": 422,
    "records": 422,
    "us": 503,
}
_LAYER: Final[Mapping[str, Layer]] = {"xml": "xml", "json": "xml", "schema": "schema", "fhir": "schema"}


def status_of(code: str) -> int:
    """The HTTP status that goes with a code of the catalogue."""
    return _STATUS.get(code) or _STATUS_OF_SECTION.get(code.partition(".")[0], 500)


def issue_of(code: str, *, path: str | None = None, line: int | None = None) -> Issue:
    """A refusal as a finding, for OperationOutcome."""
    return catalogue_issue(code, layer=_LAYER.get(code.partition(".")[0], "rules"), path=path, line=line)


def refusal(
    request: Request,
    code: str,
    *,
    path: str | None = None,
    line: int | None = None,
    issues: Iterable[Issue] = (),
) -> Response:
    """The answer that says why: OperationOutcome under /fhir, problem+json elsewhere."""
    findings = tuple(issues)[:MOST_ISSUES]
    if is_fhir(request):
        content: dict[str, Any] = operation_outcome(findings or (issue_of(code, path=path, line=line),))
        media_type = FHIR_JSON
    else:
        content = problem(code, path=path, line=line, issues=findings, request=request)
        media_type = PROBLEM_JSON
    return Response(
        json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        status_code=status_of(code),
        headers=headers_of(code),
        media_type=media_type,
    )


def error_refusal(request: Request, error: SomlosError) -> Response:
    """The answer to an error that was raised; its details are machine facts, but only code and place are told."""
    return refusal(request, error.code, path=error.path, line=error.line)


def headers_of(code: str) -> dict[str, str]:
    """Headers that every answer with this code has: the code itself, and what the status asks for."""
    headers = {"x-somlos-error": code}
    status = status_of(code)
    if status == 401:
        headers["www-authenticate"] = 'Bearer realm="somlos"'
    if status == 503:
        headers["retry-after"] = RETRY_AFTER_SECONDS
    if status in (408, 413):
        headers["connection"] = "close"
    return headers


def problem(
    code: str, *, path: str | None, line: int | None, issues: Iterable[Issue], request: Request
) -> dict[str, Any]:
    """The problem+json of a code; members without a value are left out."""
    entry = CATALOGUE[code]
    content: dict[str, Any] = {
        "type": f"urn:somlos:error:{code}",
        "title": entry.no if wants_norwegian(request) else entry.en,
        "status": status_of(code),
        "detail": entry.next_step_no if wants_norwegian(request) else entry.next_step_en,
        "instance": f"urn:uuid:{request.state.request_id}" if hasattr(request.state, "request_id") else None,
        "code": code,
        "apprec": entry.apprec,
        "owner": entry.owner,
        "retry": entry.retry,
        "text": {"no": entry.no, "en": entry.en},
        "nextStep": {"no": entry.next_step_no, "en": entry.next_step_en},
        "path": path,
        "line": line,
        "issues": [each.as_json() for each in issues],
    }
    return {name: value for name, value in content.items() if value not in (None, [])}


def is_fhir(request: Request) -> bool:
    """Whether the address belongs to the FHIR API."""
    path: str = request.scope["path"]
    return path == "/fhir" or path.startswith("/fhir/")


def wants_norwegian(request: Request) -> bool:
    """Whether the caller's first language is Norwegian; without a wish, English."""
    first = request.headers.get("accept-language", "").split(",")[0].strip().lower()
    return first.startswith(("nb", "nn", "no"))
