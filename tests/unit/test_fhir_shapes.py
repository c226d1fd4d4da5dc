"""Does the fast answer always agree with the explaining one?"""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest

from gateway.fhir import shapes
from gateway.fhir.canonical import DATA_ABSENT_REASON
from gateway.fhir.objects import check_shape
from gateway.fhir.problem import Walk
from gateway.fhir.shapes import FORMS, Shapes, is_sound
from gateway.fhir.structure import check_any_resource, compiled_type
from tests.support.fhir_bundle import rich_bundle
from tests.support.fhir_invariants import CASES
from tests.support.fhir_mutations import mutate


def both(resource: dict[str, Any]) -> tuple[bool, bool]:
    """The fast answer, and the explaining one."""
    return bool(is_sound(resource, Walk())), check_any_resource(resource, Walk()) is None


@pytest.mark.parametrize("seed", range(4))
def test_on_damaged_bundles(seed: int) -> None:
    chance = random.Random(seed)
    original = rich_bundle()
    for _ in range(150):
        damaged = mutate(chance, original)
        fast, explained = both(damaged)
        assert fast == explained


@pytest.mark.parametrize("key", CASES)
def test_on_every_invariant(key: str) -> None:
    for resource in CASES[key]:
        fast, explained = both(resource)
        assert fast == explained


def test_the_walks_are_equal() -> None:
    bundle = rich_bundle()
    fast, explained = Walk(), Walk()
    assert is_sound(bundle, fast)
    assert check_any_resource(bundle, explained) is None
    assert fast.references == explained.references
    assert fast.resources == explained.resources
    assert len(fast.references) > 50


def test_shapes_beyond_the_limit_are_judged_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "MAX_SHAPES", 0)
    monkeypatch.setattr(shapes, "_shapes", {})
    monkeypatch.setattr(shapes, "_resources", {})
    before = Shapes.total
    assert both(rich_bundle()) == (True, True)
    assert both({"resourceType": "Patient", "gender": "x"}) == (False, False)
    assert Shapes.total == before


def test_only_sound_shapes_are_kept() -> None:
    before = Shapes.total
    for at in range(50):
        assert not is_sound({"resourceType": "Patient", f"unheard{at}": 1}, Walk())
    assert Shapes.total == before


@pytest.mark.parametrize("type_name", FORMS)
def test_every_form_is_a_sound_shape(type_name: str) -> None:
    assert is_sound(rich_bundle(), Walk())
    rules = compiled_type(type_name)[0]
    for form in FORMS[type_name]:
        node = dict.fromkeys(form)
        assert check_shape(node, rules) is None
        assert all(invariant.holds(node) for invariant in rules.invariants if invariant.by_shape)
        assert "Reference" not in {rules.members[name].type for name in form}


def test_a_form_is_told_in_any_order_of_its_names() -> None:
    coding = {"display": "x", "code": "y", "system": "urn:z"}
    for damaged in ({}, {"display": ""}, {"code": "a  b"}, {"system": "a b"}, {"system": None}):
        resource = {"resourceType": "Basic", "code": {"coding": [coding | damaged]}}
        assert both(resource) == (not damaged, not damaged)


def test_a_null_may_stand_beside_an_extension_only() -> None:
    reason = {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": "unknown"}]}
    name = {"given": [None, "Solveig"], "_given": [reason, None]}
    assert both({"resourceType": "Patient", "name": [name]}) == (True, True)
    assert both({"resourceType": "Patient", "name": [{"given": [None, "Solveig"]}]}) == (False, False)


@pytest.mark.parametrize("url", [None, 1, [], {}, "", "a b"])
def test_an_extension_says_what_it_is(url: Any) -> None:
    for value in ({"valueCode": "x"}, {"valueInteger": 1}):
        resource = {"resourceType": "Basic", "code": {"text": "x"}, "extension": [{"url": url, **value}]}
        assert both(resource) == (False, False)


@pytest.mark.parametrize(
    ("names", "sound"),
    [
        ("system display", True),
        ("id code", True),
        ("code display version", True),
        ("system code x", False),
        ("system x", False),
    ],
)
def test_what_is_as_long_as_a_form_but_no_such_is_judged_by_its_names(names: str, sound: bool) -> None:
    coding = dict.fromkeys(names.split(), "y")
    assert both({"resourceType": "Basic", "code": {"coding": [coding]}}) == (sound, sound)


def test_an_entry_without_a_full_url_is_looked_into_once() -> None:
    basic = {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": "Patient/1"}}
    entry = {"search": {"mode": "match"}, "resource": basic}
    fast, explained = Walk(), Walk()
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [entry]}
    assert is_sound(bundle, fast)
    assert check_any_resource(bundle, explained) is None
    assert fast.references == explained.references != []


def test_a_rule_about_values_is_not_asked_about_values_of_another_kind() -> None:
    entry = {"fullUrl": 5, "resource": {"resourceType": "Basic", "code": {"text": "x"}}}
    organization = {"resourceType": "Organization", "name": "x", "address": [{"use": ["home"]}]}
    for resource in ({"resourceType": "Bundle", "type": "collection", "entry": [entry]}, organization):
        assert both(resource) == (False, False)


def test_threads_that_meet_a_type_at_once_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_shapes", {})
    monkeypatch.setattr(shapes, "_resources", {})
    for name in ("_ready", "_compiled", "_rules"):
        monkeypatch.setattr(f"gateway.fhir.structure.{name}", {})
    bundle = rich_bundle()
    start, answers = threading.Barrier(4), []

    def judge() -> None:
        start.wait()
        answers.append(both(bundle))

    threads = [threading.Thread(target=judge) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(True, True)] * 4
