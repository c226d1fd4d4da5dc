"""Which code systems, value sets and concept maps do the care messages need, as FHIR resources?

Made by `make_definitions.py` from what the gateway itself uses: the code sets of `gateway/terminology`, and the tables
by which a code becomes one of FHIR's own words. So what is published is what is done.

A national list has `urn:oid:…` as its address (so do the bindings of no-basis, and so do our messages); the other
addresses in use stand in its identifiers, and are taken on input.
"""

from __future__ import annotations

import re
from typing import Any

from gateway import __version__, terminology
from gateway.fhir.canonical import BASE, MESSAGE_ID_SYSTEM, code_system
from gateway.terminology import CodeSet
from gateway.translate import discontinued, documents, receipts, words

Json = dict[str, Any]
HL7 = "http://hl7.org/fhir/"


def terminology_files() -> dict[str, Json]:
    """All files that are made, by their path in the folder."""
    made: dict[str, Json] = {}
    for found in code_sets():
        made[f"terminology/CodeSystem-no-{found.number}.json"] = national_system(found)
        made[f"terminology/ValueSet-no-{found.number}.json"] = national_set(found)
    for element, numbers in terminology.elements().items():
        if len(numbers) > 1:
            resource = element_set(element, numbers)
            made[f"terminology/ValueSet-{resource['id']}.json"] = resource
    for resource in concept_maps():
        made[f"terminology/ConceptMap-{resource['id']}.json"] = resource
    return made


def code_sets() -> tuple[CodeSet, ...]:
    """The sets that are held here, and those that elements name without their codes being held."""
    held = {each.number: each for each in terminology.code_sets()}
    named = {number for numbers in terminology.elements().values() for number in numbers}
    for number in named - held.keys():
        held[number] = CodeSet(number, f"Kodeverk {number}", False, {})
    return tuple(held[number] for number in sorted(held))


def _resource(kind: str, identity: str, url: str, title: str, **members: Any) -> Json:
    return {
        "resourceType": kind,
        "id": identity,
        "url": url,
        **({"identifier": members.pop("identifier")} if "identifier" in members else {}),
        "version": __version__,
        "name": "".join(word[0].upper() + word[1:] for word in re.split(r"\W+", identity) if word),
        "title": title,
        "status": "draft",
        "publisher": "Sømløs",
        **members,
    }


def national_system(found: CodeSet) -> Json:
    """A national list as a CodeSystem."""
    content = ("complete" if found.complete else "fragment") if found.codes else "not-present"
    concepts = [{"code": code, "display": text} for code, text in found.codes.items()]
    return _resource(
        "CodeSystem",
        f"no-{found.number}",
        code_system(found.number),
        found.title,
        identifier=[
            {"system": MESSAGE_ID_SYSTEM, "value": address}
            for address in terminology.addresses_of(found.number)
        ],
        description=f"The Norwegian national list {found.number}. Displays are Norwegian.",
        caseSensitive=True,
        valueSet=code_system(found.number),
        content=content,
        **({"count": len(concepts), "concept": concepts} if concepts else {}),
    )


def national_set(found: CodeSet) -> Json:
    """All codes of a national list as a ValueSet; with the same address, as the bindings of no-basis have it."""
    return _resource(
        "ValueSet",
        f"no-{found.number}",
        code_system(found.number),
        found.title,
        description=f"All codes of the Norwegian national list {found.number}.",
        compose={"include": [{"system": code_system(found.number)}]},
    )


def element_set(element: str, numbers: tuple[str, ...]) -> Json:
    """The codes of an e-message element that several lists are for."""
    identity = "element-" + re.sub(r"[^a-z0-9]+", "-", element.lower().translate(str.maketrans("åæø", "aao")))
    return _resource(
        "ValueSet",
        identity,
        f"{BASE}/ValueSet/{identity}",
        f"Codes of {element}",
        description=f"The lists that the element {element} of an e-message takes its code from.",
        compose={"include": [{"system": code_system(number)} for number in numbers]},
    )


def concept_maps() -> list[Json]:
    """One map for each table by which codes become words of FHIR."""
    table = words.WORDS
    telecom = {code: word for code, word in table["9061"].items() if word != words.MAIN}
    use = {code: word for code, word in table["3401"].items() if word not in words.ADDRESS_TYPES}
    kind = {code: word for code, word in table["3401"].items() if word in words.ADDRESS_TYPES}
    return [
        _map("3101", "administrative-gender", table["3101"]),
        _map("3401", "address-use", use),
        _map("3401", "address-type", kind),
        _map("9061", "contact-point-use", telecom),
        _map("9082", "days-of-week", table["9082"]),
        _map("8230", "request-status", table["8230"]),
        _map("8258", "response-code", receipts.RESPONSE_CODES),
        _map("8221", "issue-type", receipts.ISSUE_CODES, none_is_equal=True),
        _map("7309", "composition-status", documents.STATUS_OF_COMPOSITION),
        _map(
            "9104",
            "medication-statement-status",
            {discontinued.DISCONTINUED: "stopped"},
            HL7 + "CodeSystem/medication-statement-status",
        ),
    ]


def _map(
    number: str, name: str, table: dict[str, str], target: str | None = None, *, none_is_equal: bool = False
) -> Json:
    """Of several codes for a word, the first is the one that the word alone stands for."""
    found = terminology.code_set(number)
    assert found is not None
    first = {} if none_is_equal else {word: code for code, word in reversed(table.items())}
    elements = [
        {
            "code": code,
            **({"display": found.codes[code]} if code in found.codes else {}),
            "target": [{"code": word, "equivalence": "equivalent" if first.get(word) == code else "wider"}],
        }
        for code, word in table.items()
    ]
    identity = f"no-{number}-to-{name}"
    return _resource(
        "ConceptMap",
        identity,
        f"{BASE}/ConceptMap/{identity}",
        f"{found.title} ({number}) as {name}",
        description="The word that FHIR has for a code; the code itself stands beside it where the word says less.",
        sourceUri=code_system(number),
        targetUri=f"{HL7}ValueSet/{name}",
        group=[{"source": code_system(number), "target": target or HL7 + name, "element": elements}],
    )
