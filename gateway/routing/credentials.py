"""Who is calling, and for which HER-ids may it send and fetch? (DESIGN §4.13)"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from gateway.settings import Partner, Settings


@dataclass(frozen=True)
class Credential:
    """A partner that has shown who it is."""

    partner: str
    """Its name in the settings."""
    her_ids: frozenset[str]
    """HER-ids of level 1 and level 2 it may send and fetch for."""

    def covers(self, *her_ids: str | None) -> bool:
        """Whether it may act for any of these HER-ids."""
        return any(her_id in self.her_ids for her_id in her_ids)


class Credentials:
    """The partners' credentials of one installation."""

    def __init__(self, settings: Settings) -> None:
        self._hashes = tuple(
            (partner.bearer_sha256, _of(partner)) for partner in settings.partner if partner.bearer_sha256
        )
        self._by_name = {partner.name: _of(partner) for partner in settings.partner}
        without = [partner for partner in settings.partner if not partner.bearer_sha256]
        self.open = bool(without)
        """Some partners have no secret: on loopback (the settings see to that) a caller without a secret may act for
        those, and only for those."""
        self._anonymous = frozenset(her_id for partner in without for her_id in partner.her_ids)

    def of_bearer(self, secret: str) -> Credential | None:
        """The partner that knows this secret. All hashes are compared, each in constant time: the time taken tells
        nothing of any."""
        shown = hashlib.sha256(secret.encode()).hexdigest()
        found = None
        for known, credential in self._hashes:
            if hmac.compare_digest(known, shown):
                found = credential
        return found

    def of_partner(self, name: str) -> Credential:
        """For a transport that is itself the proof: a folder only this partner can write to. KeyError: no such one."""
        return self._by_name[name]

    def anonymous(self) -> Credential | None:
        """For a caller without a secret: the partners without one; None when every partner has one."""
        return Credential("", self._anonymous) if self.open else None


def _of(partner: Partner) -> Credential:
    return Credential(partner.name, frozenset(partner.her_ids))
