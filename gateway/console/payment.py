"""On what would payment for days after ready rest, in one stay, towards each municipality this person may see?

Never a bill. The same basis as the API gives (`gateway/projection/basis.py`), in words; days in a row that are alike
stand together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Final

from gateway.accounts.roles import Viewer
from gateway.console.flow import Organisation, organisation
from gateway.console.states import State
from gateway.console.texts import Texts
from gateway.console.times import written
from gateway.pathway.payment import MESSAGES, BasisDay, Condition, ConditionState, PaymentBasis
from gateway.projection.basis import bases_of
from gateway.records.rows import StayPage
from gateway.services import GatewayServices

_LOOKS: Final[dict[ConditionState, tuple[str, str]]] = {
    "met": ("ok", "check"),
    "not-met": ("bad", "cross"),
    "unknown": ("warn", "question"),
    "not-applicable": ("plain", "stop"),
}


@dataclass(frozen=True)
class ConditionView:
    """One condition for payment."""

    name: str
    state: State
    source: str
    """The paragraph or agreement that sets it; empty: none does, it is about the messages themselves."""


@dataclass(frozen=True)
class DaysView:
    """Days in a row, in the same state and at the same rate."""

    first: str
    last: str
    """Empty: it is one day."""
    count: int
    state: str
    rate: str
    rate_source: str


@dataclass(frozen=True)
class BasisView:
    """What one ready-notice gives towards one municipality."""

    municipality: Organisation
    notice: str
    """Our id of the message."""
    from_day: str
    estimate: bool
    verdict: State
    ongoing: bool
    conditions: tuple[ConditionView, ...]
    days: tuple[DaysView, ...]


def bases_for(
    services: GatewayServices, viewer: Viewer, page: StayPage, now: datetime, texts: Texts
) -> tuple[BasisView, ...]:
    """The bases of a stay that are this person's to see. `now`: aware."""
    if not page.notices:
        return ()
    stay = page.stay
    found = bases_of(services.pathway, services.settings, stay.id, stay.patient_key, now)
    return tuple(
        _basis(basis, notice, organisation(services, basis.municipality, texts), texts)
        for notice, basis in found
        if viewer.sees(basis.municipality, stay.trust_her)
    )


def _basis(basis: PaymentBasis, notice: str, municipality: Organisation, texts: Texts) -> BasisView:
    alike = groupby(basis.days, key=lambda day: (day.state, day.rate))
    return BasisView(
        municipality=municipality,
        notice=notice,
        from_day=written(basis.from_day),
        estimate=basis.ready_is_estimate,
        verdict=_state(basis.verdict, texts),
        ongoing=basis.ongoing,
        conditions=tuple(_condition(each, texts) for each in basis.conditions),
        days=tuple(_days(tuple(days), texts) for _, days in alike),
    )


def _state(state: ConditionState, texts: Texts) -> State:
    return State(state, texts(f"payment.state.{state}"), *_LOOKS[state])


def _condition(condition: Condition, texts: Texts) -> ConditionView:
    return ConditionView(
        name=texts.or_code("payment.condition", condition.code),
        state=_state(condition.state, texts),
        source="" if condition.source == MESSAGES else condition.source,
    )


def _days(days: tuple[BasisDay, ...], texts: Texts) -> DaysView:
    first, last = days[0], days[-1]
    return DaysView(
        first=written(first.day),
        last=written(last.day) if len(days) > 1 else "",
        count=len(days),
        state=texts.or_code("payment.day", first.state),
        rate=texts("payment.rate", nok=_amount(first.rate.nok, texts)) if first.rate else "",
        rate_source=first.rate.source if first.rate else "",
    )


def _amount(nok: Decimal, texts: Texts) -> str:
    return str(nok) if texts.language == "en" else str(nok).replace(".", ",")
