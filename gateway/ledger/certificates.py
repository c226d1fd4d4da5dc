"""Which certificates do the endpoints depend on, as the ledger keeps it, the same for every node?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gateway.certificates import Certificate, CertificateKind, Named
from gateway.ledger import times
from gateway.ledger.session import Row, Session


@dataclass(frozen=True)
class Known:
    """A certificate that an endpoint depends on."""

    endpoint: str
    """Its first HER-id."""
    kind: CertificateKind
    certificate: Certificate
    seen_at: datetime
    """When it was first read here, or first shown to us."""


class Asks(Protocol):
    """A session, or a reader."""

    def all(self, query: str, **values: Any) -> list[Row]: ...


def certificates(ledger: Asks) -> tuple[Known, ...]:
    """All that are kept, by endpoint."""
    return tuple(_known(row) for row in ledger.all("certificates"))


def keep(session: Session, found: Iterable[Named], now: int) -> None:
    """Keep what was read or shown now, in the place of what was there before; the same again changes nothing."""
    present = {(each.endpoint, each.kind): each.certificate for each in certificates(session)}
    for each in found:
        if present.get((each.endpoint, each.kind)) != each.certificate:
            session.run(
                "keep_certificate",
                endpoint=each.endpoint,
                kind=each.kind,
                fingerprint=each.certificate.fingerprint,
                subject=each.certificate.subject,
                issuer=each.certificate.issuer,
                valid_from=times.of(each.certificate.valid_from),
                valid_to=times.of(each.certificate.valid_to),
                seen_at=now,
            )
            session.notices.changed = True


def keep_only(session: Session, wanted: Iterable[tuple[str, CertificateKind]]) -> None:
    """Forget those of endpoints, or of kinds, that the settings name no more."""
    named = set(wanted)
    for each in certificates(session):
        if (each.endpoint, each.kind) not in named:
            session.run("forget_certificate", endpoint=each.endpoint, kind=each.kind)
            session.notices.changed = True


def _known(row: Row) -> Known:
    certificate = Certificate(
        fingerprint=row["fingerprint"],
        subject=row["subject"],
        issuer=row["issuer"],
        valid_from=times.moment(row["valid_from"]),
        valid_to=times.moment(row["valid_to"]),
    )
    return Known(row["endpoint"], row["kind"], certificate, times.moment(row["seen_at"]))
