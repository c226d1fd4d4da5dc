"""How do the partners of the settings differ from what the address register says of them?

Pure. The file is what an export or the register's own answers hold: one communication party or a list of them, as JSON,
with the register's names (`herId`, `name`, `parentHerId`, `validTo`, `messageTypes`, `currentSigningCertificate`,
`currentEncryptionCertificate` with `validTo`); other members are passed over. The settings are never changed: a person
takes over what the snippet says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from gateway.errors import Refusal
from gateway.settings import Endpoint, Partner

LARGEST_FILE: Final = 4_000_000
SOON: Final = timedelta(days=30)
_OSLO: Final = ZoneInfo("Europe/Oslo")
_CERTIFICATES: Final = {"currentSigningCertificate": "signing", "currentEncryptionCertificate": "encryption"}

Kind = Literal["missing", "ended", "ending", "name", "new", "type-new", "type-gone", "signing", "encryption"]


@dataclass(frozen=True)
class Party:
    """A communication party, as the register has it."""

    her_id: str
    name: str
    parent: str | None
    valid_to: datetime | None
    types: frozenset[str] | None
    """Codes of 8279 it takes; None: the file does not say."""
    certificates: tuple[tuple[str, datetime], ...]
    """Use and end of each certificate."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same on both sides."""

    kind: Kind
    partner: str
    """Name of the partner in the settings."""
    her_id: str
    ours: str = ""
    theirs: str = ""
    at: datetime | None = None
    """When it ends or ended."""
    is_over: bool = False


def parties_of(data: bytes) -> tuple[Party, ...]:
    """The parties of a file.

    :raises Refusal: operations.register-not-readable
    """
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Refusal("operations.register-not-readable") from None
    listed = content if isinstance(content, list) else [content]
    found = tuple(_party(each) for each in listed if isinstance(each, dict) and _her_id(each.get("herId")))
    if not found:
        raise Refusal("operations.register-not-readable")
    return found


def _party(said: Mapping[str, Any]) -> Party:
    types = said.get("messageTypes")
    ends = ((use, _end(said.get(name))) for name, use in _CERTIFICATES.items())
    return Party(
        her_id=_her_id(said["herId"]),
        name=str(said.get("name") or "").strip(),
        parent=_her_id(said.get("parentHerId")) or None,
        valid_to=_moment(said.get("validTo")),
        types=frozenset(map(str, types)) if isinstance(types, list) else None,
        certificates=tuple((use, end) for use, end in ends if end is not None),
    )


def _end(certificate: Any) -> datetime | None:
    return _moment(certificate.get("validTo")) if isinstance(certificate, dict) else None


def _her_id(value: Any) -> str:
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 10 else ""


def _moment(value: Any) -> datetime | None:
    """A time of the register; without a zone it is Norwegian."""
    try:
        moment = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    return moment.replace(tzinfo=_OSLO) if moment and moment.tzinfo is None else moment


def differences(
    parties: Iterable[Party], partners: Iterable[Partner], now: datetime
) -> tuple[Difference, ...]:
    """What differs, partner by partner in the order of the settings. `now`: aware."""
    known = {each.her_id: each for each in parties}
    return tuple(found for partner in partners for found in _of_partner(partner, known, now))


def _of_partner(partner: Partner, known: Mapping[str, Party], now: datetime) -> Iterator[Difference]:
    for her_id in partner.her_ids:
        party = known.get(her_id)
        if party is None:
            yield Difference("missing", partner.name, her_id)
            continue
        if party.valid_to is not None and party.valid_to <= now + SOON:
            over = party.valid_to <= now
            yield Difference(
                "ended" if over else "ending", partner.name, her_id, at=party.valid_to, is_over=over
            )
        if her_id == partner.her_ids[0] and party.name and party.name != partner.name:
            yield Difference("name", partner.name, her_id, partner.name, party.name)
        for use, end in party.certificates:
            if end <= now + SOON:
                kind: Kind = "signing" if use == "signing" else "encryption"
                yield Difference(kind, partner.name, her_id, at=end, is_over=end <= now)
    for endpoint in partner.endpoint:
        yield from _of_endpoint(partner, endpoint, known)
    own = set(partner.her_ids)
    for party in known.values():
        if party.parent in own and party.her_id not in own:
            yield Difference("new", partner.name, party.her_id, theirs=party.name)


def _of_endpoint(partner: Partner, endpoint: Endpoint, known: Mapping[str, Party]) -> Iterator[Difference]:
    if "*" in endpoint.types:
        return
    ours = frozenset(endpoint.types) | frozenset(endpoint.pass_on)
    for her_id in endpoint.her_ids:
        party = known.get(her_id)
        if party is None or party.types is None:
            continue
        for code in sorted(party.types - ours):
            yield Difference("type-new", partner.name, her_id, theirs=code)
        for code in sorted(ours - party.types):
            yield Difference("type-gone", partner.name, her_id, ours=code)


def snippet(found: Iterable[Difference], partners: Iterable[Partner]) -> str:
    """What the settings would say if they followed the register: for a person to look at and take over."""
    every, lines = tuple(found), []
    for partner in partners:
        own = [each for each in every if each.partner == partner.name]
        gone = {each.her_id for each in own if each.kind in ("missing", "ended")}
        new = [each.her_id for each in own if each.kind == "new"]
        name = next((each.theirs for each in own if each.kind == "name"), partner.name)
        if not (gone or new or name != partner.name):
            continue
        her_ids = [each for each in partner.her_ids if each not in gone] + new
        lines += ["[[partner]]", f"name = {_quoted(name)}", f"her_ids = {_list(her_ids)}", ""]
    return "\n".join(lines)


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(_quoted(value) for value in values)}]"


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON writes the same escapes."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
