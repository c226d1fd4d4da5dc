"""Who has this HER-id, how is it reached, and in which format does it take a message?

Pure: the settings, turned round so that the questions of intake and dispatch are one look-up each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.settings import Endpoint, Environment, Partner, Settings

ANY = "*"


@dataclass(frozen=True)
class Route:
    """A partner and the endpoint that reaches one of its HER-ids."""

    partner: Partner
    endpoint: Endpoint
    environment: Environment | None
    """As marked at the partner, else at the gateway; None: not marked."""


class Carried(Protocol):
    """What decides in which format a receiver gets a message: its facts, or what is kept of them."""

    @property
    def is_receipt(self) -> bool: ...
    @property
    def message_type(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def body_known(self) -> bool: ...
    @property
    def signed(self) -> bool: ...


@dataclass(frozen=True)
class Way:
    """The format a message is to be delivered in."""

    format: str
    unchanged: bool
    """The received bytes go out as they are."""


class Partners:
    """The partners of one installation."""

    def __init__(self, settings: Settings) -> None:
        marked = settings.gateway.environment
        self._owners = {her_id: partner for partner in settings.partner for her_id in partner.her_ids}
        self._by_name = {partner.name: partner for partner in settings.partner}
        self._routes = {
            her_id: Route(partner, endpoint, partner.environment or marked)
            for partner in settings.partner
            for endpoint in partner.endpoint
            for her_id in endpoint.her_ids
        }
        self.endpoints: tuple[Endpoint, ...] = tuple(
            endpoint for partner in settings.partner for endpoint in partner.endpoint
        )

    def owner_of(self, her_id: str) -> Partner | None:
        """The partner with this HER-id."""
        return self._owners.get(her_id)

    def named(self, name: str) -> Partner | None:
        """The partner with this name."""
        return self._by_name.get(name)

    def route_to(self, her_id: str) -> Route | None:
        """How this HER-id is reached. Only the very id counts: a service that is not configured is not guessed at."""
        return self._routes.get(her_id)


def way_of(facts: Carried, route: Route) -> Way | str:
    """In which format the receiver gets this message; or, when it cannot take it, the code that says why.

    A type the endpoint takes as it was sent goes out unchanged. Else the endpoint's own format decides: the same format
    is unchanged; a body without grammar, which nobody can translate, goes only where XML is taken.
    """
    endpoint = route.endpoint
    if facts.is_receipt:
        return way_of_receipt(facts, route)
    if facts.message_type in endpoint.pass_on:
        return Way(facts.format, unchanged=True)
    if ANY not in endpoint.types and facts.message_type not in endpoint.types:
        return "routing.type-not-accepted"
    if _is_same(facts, endpoint.format):
        return Way(facts.format, unchanged=True)
    if not facts.body_known:
        return "routing.body-not-passed-on"
    if facts.signed and endpoint.refuse_translated_signed:
        return "routing.signed-not-translated"
    return Way(endpoint.format, unchanged=False)


def _is_same(facts: Carried, wanted: str) -> bool:
    """Whether an endpoint of this format takes the message as it is: an XML endpoint reads every XML standard."""
    if facts.format == wanted:
        return True
    plo = facts.format in ("plo-1.6", "plo-1.5")
    return wanted != "fhir-r4" and facts.format != "fhir-r4" and not plo


def way_of_receipt(facts: Carried, route: Route) -> Way:
    """In which format the sender of a message gets the receipt for it: there is always one."""
    wanted = "fhir-r4" if route.endpoint.format == "fhir-r4" else f"apprec-{route.partner.accepts_apprec}"
    as_it_is = facts.format == wanted or facts.message_type in route.endpoint.pass_on
    return Way(facts.format if as_it_is else wanted, unchanged=as_it_is)
