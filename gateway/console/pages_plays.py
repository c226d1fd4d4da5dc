"""The conformance plays: a simulated counterpart plays a whole stay against the endpoint of a partner under test.

Only configured endpoints are called (DESIGN §4.13), and only those of partners that are marked as test: a play sends
made-up messages. Where the partner's EPJ posts its receipts meanwhile, the page of the run says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from gateway.accounts.roles import Viewer
from gateway.console.door import Door, form_of
from gateway.console.needs import needs
from gateway.console.times import shown
from gateway.console.web import Pages, texts_of, viewer_of
from gateway.services import GatewayServices
from gateway.settings import Endpoint, Partner
from gateway.simulator.conformance.behaviours import BEHAVIOURS
from gateway.simulator.conformance.counterpart import Vendor
from gateway.simulator.conformance.messages import Format
from gateway.simulator.conformance.play import Plan
from gateway.simulator.conformance.plays import Run, TooMany
from gateway.simulator.conformance.report import Words, html

RECEIPT_SECONDS: Final = (5, 15, 30, 60)
WAIT_SECONDS: Final = (0, 30, 120)
_FORMATS: Final[dict[str, Format]] = {"plo-1.6": "plo-1.6", "plo-1.5": "plo-1.5", "fhir-r4": "fhir"}
_REPORT_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@dataclass(frozen=True)
class Target:
    """One HER-id that can be played against."""

    partner: Partner
    endpoint: Endpoint
    url: str
    her_id: str

    @property
    def key(self) -> str:
        """Names it in the form."""
        return self.her_id


def targets(services: GatewayServices, viewer: Viewer) -> Iterator[Target]:
    """What this person may play against: HTTP endpoints of test partners; bound to one, only its own."""
    marked = services.settings.gateway.environment
    for partner in services.settings.partner:
        if (partner.environment or marked) != "test" or not viewer.sees(*partner.her_ids):
            continue
        for endpoint in partner.endpoint:
            if endpoint.transport == "http" and endpoint.url and endpoint.format in _FORMATS:
                yield from (Target(partner, endpoint, endpoint.url, her_id) for her_id in endpoint.her_ids)


def add(router: APIRouter, pages: Pages, services: GatewayServices, door: Door) -> None:
    """Add them."""
    plays = services.plays

    def run_for(request: Request, token: str) -> Run | None:
        run = plays.find(token)
        viewer = viewer_of(request)
        own = {each.partner.name for each in targets(services, viewer)}
        return run if run is not None and run.owner in own else None

    def plays_of(request: Request) -> list[Run]:
        own = {each.partner.name for each in targets(services, viewer_of(request))}
        return [run for run in plays.newest_first() if run.owner in own]

    def overview(request: Request, problem: str = "", status: int = 200) -> Response:
        texts, now = texts_of(request), datetime.now(UTC)
        return pages.page(
            request,
            "plays.html",
            here="workbench",
            status=status,
            targets=list(targets(services, viewer_of(request))),
            behaviours=BEHAVIOURS,
            receipt_seconds=RECEIPT_SECONDS,
            wait_seconds=WAIT_SECONDS,
            runs=[(run, shown(run.started_at, now, texts)) for run in plays_of(request)],
            problem=problem,
            words=Words(texts.language),
        )

    @router.get("/workbench/plays")
    @needs("workbench")
    def plays_page(request: Request) -> Response:
        return overview(request)

    @router.post("/workbench/plays")
    @needs("workbench")
    async def start_play(request: Request) -> Response:
        form = await form_of(request)
        plan = _plan(form, list(targets(services, viewer_of(request))))
        chosen = [each.key for each in BEHAVIOURS if each.key in form.getlist("behaviour")]
        if plan is None or not chosen:
            return overview(request, "plays.choose", 422)
        owner = next(t.partner.name for t in targets(services, viewer_of(request)) if t.key == form["target"])
        try:
            run = plays.start(plan, chosen, owner, datetime.now(UTC))
        except TooMany:
            return overview(request, "plays.too_many", 503)
        return RedirectResponse(f"/console/workbench/plays/{run.token}", 303)

    @router.get("/workbench/plays/{token}")
    @needs("workbench")
    def play_page(request: Request, token: str) -> Response:
        run = run_for(request, token)
        if run is None:
            return pages.problem(request, 404)
        base = services.settings.console.address or str(request.base_url).rstrip("/")
        return pages.page(
            request,
            "play.html",
            here="workbench",
            run=run,
            inbox=f"{base}/plays/{token}",
            words=Words(texts_of(request).language),
        )

    @router.get("/workbench/plays/{token}/report")
    @needs("workbench")
    def play_report(request: Request, token: str) -> Response:
        run = run_for(request, token)
        if run is None or not run.played:
            return pages.problem(request, 404)
        return Response(
            html(run.played, texts_of(request).language, run.started_at),
            media_type="text/html",
            headers={
                "content-disposition": f'attachment; filename="somlos-{run.started_at:%Y%m%d-%H%M}.html"',
                "content-security-policy": _REPORT_POLICY,
            },
        )


def _plan(form: FormData, possible: list[Target]) -> Plan | None:
    """What the form asks for; None when it is not among what can be chosen."""
    target = next((each for each in possible if each.key == form.get("target")), None)
    side, receipt, wait = form.get("side"), str(form.get("receipt_seconds")), str(form.get("wait_seconds"))
    if target is None or side not in ("hospital", "municipality"):
        return None
    if receipt not in map(str, RECEIPT_SECONDS) or wait not in map(str, WAIT_SECONDS):
        return None
    partner, endpoint = target.partner, target.endpoint
    format = _FORMATS[endpoint.format]
    return Plan(
        vendor=Vendor(target.url, endpoint.bearer, "fhir" if format == "fhir" else partner.accepts_apprec),
        side="hospital" if side == "hospital" else "municipality",
        organisation=partner.name,
        her_ids=(partner.her_ids[0], target.her_id),
        format=format,
        receipt_seconds=float(receipt),
        late_seconds=min(10.0, float(receipt)),
        wait_seconds=float(wait),
    )
