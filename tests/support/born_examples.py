"""Which of the Bundles written by hand are published as examples, one for each message type?

    python -m tests.support.born_examples        writes them into profiles/examples, and the index

Each has ids of its own, and claims every profile of ours that it and its resources meet. A test compares.
"""

from __future__ import annotations

import runpy
import uuid
from typing import Any, Final

from gateway import package_data, terminology
from gateway.fhir.canonical import profile_url
from gateway.fhir.definitions import definitions
from gateway.fhir.validate import validate
from tests.support import born_bundles as by_hand
from tests.support.born import message

Json = dict[str, Any]
CHOSEN: Final = (
    *("admitted_least", "ready_with_observation", "ready_withdrawn", "discharged_to_nursing_home", "died"),
    *("report_goals_and_activities", "report_medications", "report_allergies", "discharge_rich"),
    *("notice_with_reason", "doctor_asked", "doctor_reports", "services_offered", "question", "answer"),
    "dialogue_between_professionals",
)
_LETTERS: Final = {
    "DIALOG_NOTAT": "Rullatoren er levert.",
    "DIALOG_AVVIK": "Epikrisen manglet medisinlisten.",
}


def examples() -> dict[str, Json]:
    """The Bundles by the names of their files."""
    made = {name: by_hand.BUNDLES[name]() for name in CHOSEN}
    made |= {kind.lower(): _letter(kind, text) for kind, text in _LETTERS.items()}
    found = {}
    for name, bundle in made.items():
        identity = f"born-{name.replace('_', '-')}"
        found[f"{identity}.json"] = _published(bundle, identity)
    return found


def _letter(kind: str, text: str) -> Json:
    note = {
        "resourceType": "Communication",
        "status": "completed",
        **by_hand.ABOUT,
        "sent": "2026-03-14T08:30:00+01:00",
        "payload": [{"contentString": text}],
    }
    return message(kind, [note])


def _published(bundle: Json, identity: str) -> Json:
    bundle["identifier"]["value"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, identity)}"
    coding = bundle["entry"][0]["resource"]["eventCoding"]
    coding["display"] = terminology.display("8279", coding["code"])
    for entry in bundle["entry"]:
        kind = entry["resource"]["resourceType"]
        claimed = [url for url in _profiles_of(kind) if _meets(bundle, entry["resource"], url)]
        if claimed:
            entry["resource"]["meta"] = {"profile": claimed}
    whole = {"profile": [profile_url("somlos-message")]}
    return {"resourceType": "Bundle", "id": identity, "meta": whole, **bundle}


def _meets(bundle: Json, resource: Json, url: str) -> bool:
    """Whether a resource, where it stands, meets a profile."""
    before = resource.get("meta")
    resource["meta"] = {"profile": [url]}
    found = validate(bundle)
    resource.pop("meta")
    if before is not None:
        resource["meta"] = before
    return not found


def _profiles_of(kind: str) -> list[str]:
    return [
        each["url"]
        for each in definitions("structures")
        if each["type"] == kind and each["id"] != "somlos-receipt-header"
    ]


def main() -> None:
    """Writes the files and the index."""
    maker = runpy.run_path(str(package_data.profiles() / "make_definitions.py"))
    folder = package_data.profiles() / "examples"
    for old in folder.glob("born-*.json"):
        old.unlink()
    for name, resource in examples().items():
        (folder / name).write_text(maker["text_of"](resource), "utf-8")
    maker["main"]()


if __name__ == "__main__":
    main()
