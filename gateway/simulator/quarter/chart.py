"""How does a quarter look as a run chart, without a gateway? For the end of the demo, and for trying a chart out.

The measure and the chart are the gateway's own; the stays come straight from the ground truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.measures.definitions import MEASURES
from gateway.measures.reports import Wanted, report
from gateway.measures.resources import title_of
from gateway.measures.runchart import Annotation, run_chart
from gateway.measures.stay import MeasuredStay, When
from gateway.measures.svg import description, svg
from gateway.simulator.quarter.region import TRUST
from gateway.simulator.quarter.truth import Quarter, Stay, stays_of

MEASURE = "notice-within-24-hours"
CHANGE = "Varselet sendes fra akuttmottaket, ikke fra sengeposten"


@dataclass(frozen=True)
class Drawn:
    """A chart."""

    title: str
    said: str
    """What it shows, in words."""
    svg: str


def drawn(quarter: Quarter) -> Drawn:
    """The weekly share of notices in time, with the day the routine was changed."""
    stays = [measured(stay) for stay in stays_of(quarter)[1] if stay.need]
    end = datetime(quarter.end.year, quarter.end.month, quarter.end.day, tzinfo=UTC) + timedelta(days=60)
    found = report(MEASURES[MEASURE], stays, (), Wanted(end))
    change = Annotation(1, quarter.changed_on, "utføre", CHANGE, "freeze")
    chart = run_chart(found, annotations=[change])
    assert chart is not None
    title = title_of(MEASURE)
    return Drawn(title, description(chart), svg(chart, title, stratum="simulert helsefellesskap", alone=True))


def measured(stay: Stay) -> MeasuredStay:
    """What the measure reads of a stay that is over."""
    return MeasuredStay(
        id=str(stay.number),
        trust=TRUST.organisation_her,
        municipality=stay.municipality.her_id,
        state="død" if stay.died else "ute",
        admitted=When(stay.admitted),
        ended=When(stay.ended),
        need=bool(stay.notice or stay.ready),
        notice=stay.notice,
    )
