"""Which certificates do the endpoints depend on, until when do they hold, and what stops when one ends?

The files of the settings are read when the gateway starts; what servers show is heard at every connection. Both are
kept in the ledger, where the watch for alarms and every node look. Durable with a commit: what was read or shown. A
crash before it: it is read or shown again. Doing it again changes nothing. Nodes with different files for the same
key keep what the one that started last has read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import structlog

from gateway.certificates import Certificate, CertificateKind, Named, certificate_of
from gateway.ledger import certificates as kept
from gateway.ledger.certificates import Known
from gateway.ledger.session import Session
from gateway.settings import Settings
from gateway.transports.base import Transport

Holds = Literal["valid", "not-yet", "ending", "ended"]
STOPS: Final[frozenset[CertificateKind]] = frozenset({"server", "client", "trusted"})
"""Without these no connection is made; the others belong to software beside the gateway."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Standing:
    """How a certificate stands at a moment."""

    holds: Holds
    days: int
    """Whole days that are left; of one that has ended, whole days since."""


def standing(certificate: Certificate, now: datetime, warn_days: int) -> Standing:
    """How a certificate stands `now` (aware); it is about to end in the last `warn_days` days."""
    left = certificate.valid_to - now
    if left <= timedelta(0):
        return Standing("ended", (-left).days)
    if certificate.valid_from > now:
        return Standing("not-yet", left.days)
    return Standing("ending" if left <= timedelta(days=warn_days) else "valid", left.days)


def as_json(known: Known, told: Callable[[datetime], str | None]) -> dict[str, Any]:
    """What is said of a certificate, for /ops and in the Avvikspakke; `told` writes a time."""
    certificate = known.certificate
    return {
        "use": known.kind,
        "subject": certificate.subject or None,
        "issuer": certificate.issuer or None,
        "validFrom": told(certificate.valid_from),
        "validTo": told(certificate.valid_to),
        "sha256": certificate.in_pairs,
        "firstSeen": told(known.seen_at),
    }


class CertificateWatch:
    """Hears of certificates, and keeps what is new."""

    def __init__(
        self, settings: Settings, named: Iterable[Named], transports: Mapping[str, Transport]
    ) -> None:
        """`named`: what the files of the settings hold."""
        endpoints = [endpoint for partner in settings.partner for endpoint in partner.endpoint]
        self._secure = tuple(each for each in endpoints if each.is_secure)
        self._named = tuple(named)
        self._transports = transports
        self._begun = False
        self._heard: dict[str, bytes] = {}
        self._kept: dict[str, bytes] = {}
        """What servers have shown (DER), by the first HER-id of the endpoint."""

    def news(self) -> tuple[Named, ...]:
        """What has not been kept yet."""
        found = [] if self._begun else list(self._named)
        for endpoint in self._secure:
            id, shown = endpoint.her_ids[0], self._transports[endpoint.transport].presented(endpoint)
            if shown is None or self._kept.get(id) == shown:
                continue
            certificate = _read(shown)
            if certificate is not None:
                found.append(Named(id, "server", certificate))
            elif (
                self._heard.get(id) != shown
            ):  # OpenSSL took it, and we cannot read it: nothing can be told of it
                log.warning("certificate.not-read", endpoint=id)
            self._heard[id] = shown
        return tuple(found)

    @property
    def is_beginning(self) -> bool:
        """Whether nothing has been kept yet, and what the settings name no more has not been forgotten."""
        return not self._begun

    def keep(self, session: Session, news: tuple[Named, ...], now: int) -> None:
        """Keep it; at the first time forget what the settings name no more."""
        if not self._begun:
            wanted = {(each.endpoint, each.kind) for each in self._named}
            kept.keep_only(session, wanted | {(each.her_ids[0], "server") for each in self._secure})
        kept.keep(session, news, now)

    def was_kept(self) -> None:
        """What was heard last is durable."""
        self._begun = True
        self._kept.update(self._heard)


def _read(der: bytes) -> Certificate | None:
    try:
        return certificate_of(der)
    except ValueError:
        return None
