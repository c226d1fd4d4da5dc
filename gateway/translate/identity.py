"""Which id does an Identifier hold, and in which form?

An e-message's id that is a UUID is written in FHIR as an address (urn:uuid:…, system urn:ietf:rfc:3986);
any other id stands as it is under our own name (`envelope.set_message_header`).
"""

from __future__ import annotations

import re

from gateway.fhir.canonical import MESSAGE_ID_SYSTEM
from gateway.translate.codec import Json

UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


def without_address(identifier: Json) -> str:
    """The id in an Identifier: a UUID without the address form that FHIR gives it; anything else as it is."""
    value = str(identifier.get("value") or "")
    bare = value.removeprefix("urn:uuid:")
    return bare if identifier.get("system") in (MESSAGE_ID_SYSTEM, None) and UUID.fullmatch(bare) else value


__all__ = ["MESSAGE_ID_SYSTEM", "UUID", "without_address"]
