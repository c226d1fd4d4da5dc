"""Is this the same message once more, or another one under the same id? (DESIGN §4.3)

Asked only when an id comes again with other bytes: a sender may sign anew, write other prefixes or give a Bundle a new
id, and has still sent the same message.
"""

from __future__ import annotations

import hashlib
from typing import Any

from gateway.emessage.canonical import digest as digest_of_message
from gateway.emessage.read import EMessage
from gateway.fhir import json as fhir_json
from gateway.translate.codec import Json


def canonical_digest(message: EMessage | Json) -> str:
    """SHA-256 (hex), equal for two messages or receipts of the same format that say the same."""
    return digest_of_message(message) if isinstance(message, EMessage) else _digest_of_bundle(message)


def _digest_of_bundle(bundle: Json) -> str:
    """SHA-256 over the Bundle without what changes when the same message is sent again."""
    content = {
        key: value for key, value in bundle.items() if key not in ("id", "timestamp", "_timestamp", "meta")
    }
    content["entry"] = [
        {
            **entry,
            "resource": {
                key: value for key, value in entry["resource"].items() if key not in ("meta", "text")
            },
        }
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)
        else entry
        for entry in bundle.get("entry", ())
    ]
    return hashlib.sha256(fhir_json.write(_sorted(content))).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
