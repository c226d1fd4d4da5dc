"""In which shape do the rules read a Bundle that others composed?

R4 lets the same content be said in several ways. On a copy, and only where needed, this module says it in the one way
that the rules read: every Reference names a fullUrl (relative, versioned and contained references are resolved), a
medication is a Medication resource, the official name and the ATC code stand first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.fhir.bundle import BundleIndex
from gateway.translate import discontinued
from gateway.translate.believed import is_taken_out
from gateway.translate.codec import Json
from gateway.translate.datatypes import ATC
from gateway.translate.hooks import is_of_another_time, is_out_of_use
from gateway.translate.identity import without_address
from gateway.translate.whom import Person

_NAMES_FIRST = ("official", "usual", None, "nickname", "anonymous", "temp", "maiden", "old")
_WITH_MEDICATION = ("MedicationStatement",)
_WITH_NAMES = ("Patient", "Practitioner", "RelatedPerson", "Person")


@dataclass(frozen=True)
class Moved:
    """A value that was copied to where the rules look for it."""

    holder: Json
    key: str
    to: Json
    to_key: str
    within: str = ""
    """The element in whose longer text it stands."""


@dataclass
class Shaped:
    """What was done to bring a Bundle into shape."""

    moved: list[Moved] = field(default_factory=list)
    outside: dict[int, tuple[Json, str]] = field(default_factory=dict)
    """By identity: References to something outside the Bundle, of which only the words are left, and their address."""
    overruled: list[Json] = field(default_factory=list)
    """Codes that a status contradicts: taken away."""
    stated: list[Json] = field(default_factory=list)
    """Codes that say what a status says: where they are not read, the status itself is told."""


def bring_into_shape(made: Json) -> Shaped:
    """Says the content of a Bundle in the one way that the rules read. The Bundle is changed: give a copy."""
    done = Shaped()
    _name_parties(made)
    _absolute(made, done)
    urls = {id(entry.get("resource")): str(entry["fullUrl"]) for entry in made["entry"]}
    for resource in list(_resources(made)):
        kind = resource.get("resourceType")
        if kind in _WITH_MEDICATION:
            _medication_of_its_own(resource, urls[id(resource)], made, done)
        if kind == "MedicationStatement" and discontinued.disagrees(resource):
            done.overruled += discontinued.agree(resource)
            done.stated += discontinued.saying_discontinued(resource)
        if kind in _WITH_NAMES:
            _names_in_order(resource, str(made.get("timestamp", "")), done)
        if isinstance(resource.get("identifier"), list):
            resource["identifier"].sort(key=is_out_of_use)
        if kind == "Provenance":
            for what in _addressed_parents(resource):
                found = what["identifier"]
                found["value"] = without_address(found)
                done.moved.append(Moved(found, "value", found, "value", "ConversationRef/RefToParent"))
                done.moved.append(Moved(found, "system", found, "value"))
    for resource in _resources(made):
        if resource.get("resourceType") == "Medication":
            name_the_medication(resource.get("code"), done)
        elif resource.get("resourceType") == "AllergyIntolerance":
            _name_the_substance(resource.get("code"), done)
    return done


def _name_parties(made: Json) -> None:
    """A sender or receiver that is named by its identifier only becomes an Organization."""
    for header in [r for r in _resources(made) if r.get("resourceType") == "MessageHeader"]:
        holders = [(header, "sender"), *((d, "receiver") for d in header.get("destination", ()))]
        for number, (holder, key) in enumerate(holders):
            party = holder.get(key)
            if not isinstance(party, dict) or "reference" in party or "identifier" not in party:
                continue
            url = f"urn:somlos:party-{number}"
            organisation = {"resourceType": "Organization", "identifier": [party["identifier"]]}
            if "display" in party:
                organisation["name"] = party["display"]
            made["entry"].append({"fullUrl": url, "resource": organisation})
            holder[key] = {"reference": url}


def _resources(bundle: Json) -> Iterator[Json]:
    for entry in bundle.get("entry", ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield resource


def is_in_shape(bundle: Json) -> bool:
    """Whether nothing needs to be said in another way."""
    urls = {entry.get("fullUrl") for entry in bundle.get("entry", ()) if isinstance(entry, dict)}
    named = (text for resource in _resources(bundle) for text in _reference_texts(resource))
    return None not in urls and is_said_alike(bundle) and all(text in urls for text in named)


def is_said_alike(bundle: Json) -> bool:
    """Whether each resource says its content as the rules read it; whether its references do is not looked at."""
    for entry in bundle.get("entry", ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            continue
        if "contained" in resource or is_taken_out(resource):
            return False
        says_otherwise = _SAYS_OTHERWISE.get(str(resource.get("resourceType")))
        if says_otherwise is not None and says_otherwise(resource):
            return False
    return True


def _has_several_names(person: Json) -> bool:
    names = person.get("name", ())
    return len(names) > 1 or any(len(name.get("given", ())) > 1 for name in names)


def _addressed_parents(provenance: Json) -> Iterator[Json]:
    """What a message answers or corrects, named by a UUID in the form of an address."""
    for entity in provenance.get("entity", ()):
        what = entity.get("what", {})
        identifier = what.get("identifier", {})
        if "system" in identifier and without_address(identifier) != identifier.get("value"):
            yield what


def references_of(value: Any) -> Iterator[Json]:
    """Every Reference with an address, outside the contained resources."""
    left = [value]
    while left:
        current = left.pop()
        if type(current) is dict:
            if type(current.get("reference")) is str:
                yield current
            left.extend(inner for key, inner in current.items() if key != "contained")
        elif type(current) is list:
            left.extend(current)


def _reference_texts(resource: Json) -> Iterator[str]:
    for reference in references_of(resource):
        yield reference["reference"]


def _absolute(bundle: Json, done: Shaped) -> None:
    """Gives every entry a fullUrl, takes contained resources out, and makes each Reference name a fullUrl."""
    for entry in bundle["entry"]:
        resource = entry.get("resource", {})
        entry.setdefault("fullUrl", f"{resource.get('resourceType')}/{resource.get('id')}")
    urls = {id(entry["resource"]): entry["fullUrl"] for entry in bundle["entry"] if "resource" in entry}
    index = BundleIndex(bundle)
    patients = [(r, urls[id(r)]) for r in _resources(bundle) if r.get("resourceType") == "Patient"]
    for resource in list(_resources(bundle)):
        inner_urls = _taken_out(resource, urls[id(resource)], bundle)
        if len(patients) == 1:
            _mean_the_entry(inner_urls, *patients[0])
        for reference in references_of([resource, *(r for r, _ in inner_urls.values())]):
            text = reference["reference"]
            if text.startswith("#"):
                reference["reference"] = inner_urls[text[1:]][1] if text[1:] in inner_urls else text
            elif text not in index.by_full_url:
                found = index.resolve(text, resource)
                if found is not None:
                    reference["reference"] = urls[id(found)]
                elif _is_outside(text) and resource.get("resourceType") != "Provenance":
                    done.outside[id(reference)] = reference, reference.pop("reference")


def _mean_the_entry(inner_urls: dict[str, tuple[Json, str]], patient: Json, url: str) -> None:
    """A patient inside a resource who is the one of the Bundle is that one, who may be told more of."""
    for key, (inner, _) in inner_urls.items():
        if inner.get("resourceType") == "Patient" and Person(patient).is_same_as(Person(inner)):
            inner_urls[key] = inner, url


def _is_outside(address: str) -> bool:
    """Whether a reference says itself that it means something outside: another server's, or a search."""
    return address.startswith(("http:", "https:")) or "?" in address


def _taken_out(resource: Json, url: str, bundle: Json) -> dict[str, tuple[Json, str]]:
    """The contained resources as entries of their own: their id → (resource, fullUrl)."""
    taken: dict[str, tuple[Json, str]] = {}
    for inner in resource.pop("contained", ()):
        if isinstance(inner, dict):
            taken[str(inner.get("id"))] = (inner, f"{url}#{inner.get('id')}")
            bundle["entry"].append({"fullUrl": f"{url}#{inner.get('id')}", "resource": inner})
    return taken


def _needs_medication(resource: Json) -> bool:
    concept = resource.get("medicationCodeableConcept", {})
    reference = resource.get("medicationReference", {})
    return bool(
        concept.get("coding")
        or concept.get("text")
        or ("display" in reference and "reference" not in reference)
    )


def _medication_of_its_own(resource: Json, url: str, bundle: Json, done: Shaped) -> None:
    """A medication said as a code, or by name only, becomes a Medication."""
    medication = medication_said_inside(resource, done)
    if medication is not None:
        url = f"{url}#medication"
        bundle["entry"].append({"fullUrl": url, "resource": medication})
        resource["medicationReference"]["reference"] = url


def medication_said_inside(resource: Json, done: Shaped) -> Json | None:
    """A Medication of its own for what the resource says as a code, or by name only; the resource then has a Reference
    to it that wants its address. None: it says neither."""
    if not _needs_medication(resource):
        return None
    code = resource.pop("medicationCodeableConcept", None)
    named = resource.get("medicationReference", {})
    if code is None:
        code = {"text": named["display"]}
        done.moved.append(Moved(named, "display", code, "text"))
    resource["medicationReference"] = named
    return {"resourceType": "Medication", "code": code}


def _is_unnamed(concept: object) -> bool:
    if not isinstance(concept, dict) or not concept.get("coding"):
        return False
    first = concept["coding"][0]
    return ("text" not in concept and "_text" not in concept) or first.get("system") not in (ATC, None)


def _has_no_text(concept: object) -> bool:
    return isinstance(concept, dict) and "text" not in concept and "_text" not in concept


def _names_by_identifier(header: Json) -> bool:
    parties = [header.get("sender"), *(d.get("receiver") for d in header.get("destination", ()))]
    return any(isinstance(p, dict) and "identifier" in p and "reference" not in p for p in parties)


def name_the_medication(concept: object, done: Shaped) -> None:
    """The ATC code first; a name where only codes have one."""
    if not isinstance(concept, dict) or not concept.get("coding"):
        return
    codings = concept["coding"]
    codings.sort(key=lambda coding: coding.get("system") != ATC)
    if "text" not in concept and "_text" not in concept:
        named = next((c for c in codings if c.get("display")), codings[0])
        name = named.get("display") or named.get("code")
        if name:
            concept["text"] = name
            key = "display" if named.get("display") else "code"
            done.moved.append(Moved(named, key, concept, "text"))


def _name_the_substance(concept: object, done: Shaped) -> None:
    """What somebody is allergic to has a name where only a code has one."""
    if isinstance(concept, dict) and "text" not in concept and "_text" not in concept:
        named = next((c for c in concept.get("coding", ()) if c.get("display")), None)
        if named is not None:
            concept["text"] = named["display"]
            done.moved.append(Moved(named, "display", concept, "text"))


def _names_in_order(resource: Json, now: str, done: Shaped) -> None:
    names = resource.get("name")
    if not isinstance(names, list):
        return
    ranks = {use: at for at, use in enumerate(_NAMES_FIRST)}
    names.sort(key=lambda name: (is_of_another_time(name, now), ranks.get(name.get("use"), ranks[None])))
    for name in names:
        given = name.get("given", ())
        if len(given) > 1 and all(isinstance(part, str) for part in given) and "_given" not in name:
            name["given"] = [" ".join(given)]
            for at in range(len(given)):
                done.moved.append(Moved(name, f"given[{at}]", name, "given[0]", "GivenName"))


_SAYS_OTHERWISE: dict[str, Callable[[Json], bool]] = {
    "MedicationStatement": lambda statement: (
        _needs_medication(statement) or discontinued.disagrees(statement)
    ),
    "Medication": lambda medication: _is_unnamed(medication.get("code")),
    "AllergyIntolerance": lambda allergy: _has_no_text(allergy.get("code")),
    "MessageHeader": lambda header: _names_by_identifier(header),
    "Provenance": lambda provenance: any(_addressed_parents(provenance)),
    **dict.fromkeys(_WITH_NAMES, _has_several_names),
}
"""Resource type → whether a resource says its content in another way than the rules read it."""
