"""The page of the auditor: who did and read what, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from gateway.accounts.roles import Viewer
from gateway.accounts.service import is_name
from gateway.console.door import Door
from gateway.console.flow import PAGE_ROWS, before_of
from gateway.console.needs import needs
from gateway.console.purposes import parts
from gateway.console.texts import Texts
from gateway.console.times import Shown, shown
from gateway.console.web import Pages, texts_of, viewer_of
from gateway.ledger.audit import ACTS, AuditFilter, AuditReader, AuditRow
from gateway.services import GatewayServices


@dataclass(frozen=True)
class Line:
    """One line of the audit."""

    id: int
    at: Shown
    name: str
    role: str
    organisation: str
    act: str
    reading: bool
    purpose: str
    words: str
    link: str | None
    detail: str


@dataclass(frozen=True)
class Audit:
    """The whole page."""

    lines: tuple[Line, ...]
    name: str
    act: str
    reading: bool
    before: int | None
    older: str | None


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add it."""
    reader = AuditReader(services.ledger)

    @router.get("/audit")
    @needs("audit")
    def audit_page(request: Request) -> Response:
        view = _audit(reader, viewer_of(request), request, texts_of(request))
        return pages.page(request, "audit.html", here="audit", view=view, acts=ACTS)


def _audit(reader: AuditReader, viewer: Viewer, request: Request, texts: Texts) -> Audit:
    query = request.query_params
    name, act = query.get("name", "").strip().lower(), query.get("act", "")
    name = name if is_name(name) else ""
    act, reading, before = act if act in ACTS else "", query.get("reading") == "1", before_of(query)
    organisation = viewer.person.organisation if viewer.person else None
    wanted = AuditFilter(name or None, act or None, None, organisation, reading)
    found = reader.lines(wanted, before=before, limit=PAGE_ROWS + 1)
    now = datetime.now(UTC)
    lines = tuple(_line(row, now, texts) for row in found[:PAGE_ROWS])
    kept = {"name": name, "act": act, "reading": "1" if reading else ""}
    pairs = [(key, value) for key, value in kept.items() if value]
    more = len(found) > PAGE_ROWS
    older = "/console/audit?" + urlencode([*pairs, ("before", str(lines[-1].id))]) if more else None
    return Audit(lines, name, act, reading, before, older)


def _line(row: AuditRow, now: datetime, texts: Texts) -> Line:
    code, words = parts(row.purpose) if row.purpose else ("", "")
    told = {key: value for key, value in row.detail.items() if value not in (None, False, "")}
    return Line(
        id=row.id,
        at=shown(row.at, now, texts),
        name=row.who.name or texts("audit.nobody"),
        role=texts.or_code("role", row.who.role) if row.who.role else "",
        organisation=row.who.organisation or "",
        act=texts.or_code("act", row.act),
        reading=row.purpose is not None,
        purpose=texts.or_code("purpose", code) if code else "",
        words=words,
        link=f"/console/messages/{row.message}" if row.message else None,
        detail=", ".join(f"{texts.or_code('detail', key)}: {value}" for key, value in told.items()),
    )
