"""How does each certificate of an endpoint stand, and what stops when it ends, in words for the page?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.accounts.roles import Viewer
from gateway.console.states import State
from gateway.console.texts import Texts
from gateway.console.times import Shown, shown, span
from gateway.ledger.certificates import Known
from gateway.operations.certificates import STOPS, Standing, standing
from gateway.operations.endpoints import EndpointState
from gateway.services import GatewayServices
from gateway.settings import Endpoint

_LOOKS = {
    "valid": ("ok", "check"),
    "not-yet": ("warn", "clock"),
    "ending": ("warn", "clock"),
    "ended": ("bad", "cross"),
}
_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class CertificateView:
    """One certificate."""

    id: str
    what: str
    state: State
    subject: str
    issuer: str
    ends: Shown
    seen: Shown
    fingerprint: str
    """In pairs, as people read it to each other."""
    effect: str
    also: str
    """Other partners that depend on the same one; empty: none that this person sees."""


class CertificatesView:
    """Tells of the certificates of every endpoint a person sees."""

    def __init__(
        self,
        services: GatewayServices,
        viewer: Viewer,
        states: Mapping[str, EndpointState],
        now: datetime,
        texts: Texts,
    ) -> None:
        self._warn_days = services.settings.alarm.certificate_days
        self._viewer, self._states, self._now, self._t = viewer, states, now, texts
        self._today: dict[str, int] = {}
        for hour in services.operations.traffic.hours(now - _DAY, now):
            for each in hour.traffic:
                self._today[each.receiver_her] = self._today.get(each.receiver_her, 0) + each.messages

    def of(self, endpoint: Endpoint, state: EndpointState) -> tuple[CertificateView, ...]:
        """The certificates of one endpoint, the one that ends first before the others."""
        known = sorted(state.certificates, key=lambda each: each.certificate.valid_to)
        return tuple(self._one(each, endpoint, state) for each in known)

    def _one(self, known: Known, endpoint: Endpoint, state: EndpointState) -> CertificateView:
        t, certificate = self._t, known.certificate
        stands = standing(certificate, self._now, self._warn_days)
        return CertificateView(
            id=f"c-{state.id}-{known.kind}",
            what=t(f"certificate.{known.kind}"),
            state=State(stands.holds, self._word(stands), *_LOOKS[stands.holds]),
            subject=certificate.subject or t("certificate.nobody"),
            issuer=certificate.issuer or t("certificate.nobody"),
            ends=shown(certificate.valid_to, self._now, t),
            seen=shown(known.seen_at, self._now, t),
            fingerprint=certificate.in_pairs,
            effect=self._effect(known, endpoint, stands),
            also=self._also(known),
        )

    def _word(self, stands: Standing) -> str:
        if stands.days == 0 and stands.holds != "not-yet":
            return self._t(f"certificate.{'ended' if stands.holds == 'ended' else 'ending'}.today")
        return self._t(f"certificate.{stands.holds}", n=stands.days)

    def _effect(self, known: Known, endpoint: Endpoint, stands: Standing) -> str:
        """What stops, or has stopped: which types, and how many messages that was in the last day."""
        t = self._t
        over = "ended" if stands.holds == "ended" else "ends"
        if known.kind not in STOPS:
            return t(f"certificate.effect.{known.kind}.{over}")
        codes = () if "*" in endpoint.types else tuple(dict.fromkeys((*endpoint.types, *endpoint.pass_on)))
        types = ", ".join(t.or_code("type", code) for code in codes) or t("certificate.types.all")
        number = sum(self._today.get(her_id, 0) for her_id in endpoint.her_ids)
        stops = t(f"certificate.effect.{over}", types=types, limit=span(endpoint.give_up_after_s, t))
        return f"{stops} {t('certificate.today', n=number)}"

    def _also(self, known: Known) -> str:
        fingerprint = known.certificate.fingerprint
        names = {
            each.partner
            for each in self._states.values()
            if each.id != known.endpoint
            and self._viewer.sees(*each.her_ids)
            and any(other.certificate.fingerprint == fingerprint for other in each.certificates)
        }
        return self._t("certificate.also", names=", ".join(sorted(names))) if names else ""
