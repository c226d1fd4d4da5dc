"""Does what a worker answers arrive as the very result that the gateway itself would have had?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.emessage.sample import RandomMessage
from gateway.errors import SomlosError
from gateway.formats import Formats
from gateway.worker import answered, result_in
from tests.support.born_examples import examples
from tests.support.damage import damaged

FORMATS = Formats()
STANDARDS = ("plo-1.6", "plo-1.5", "dialog-1.0", "dialog-1.1", "apprec-1.0", "apprec-1.1")


def _direct(name: str, *asked: Any) -> Any:
    """The result, or what the error says."""
    try:
        return getattr(FORMATS, name)(*asked)
    except SomlosError as error:
        return type(error), error.code, error.path, error.line


def _by_way_of_a_worker(name: str, *asked: Any) -> Any:
    try:
        return result_in(answered(FORMATS, name, asked), name)
    except SomlosError as error:
        return type(error), error.code, error.path, error.line


def _same(name: str, *asked: Any) -> None:
    ours, its = _direct(name, *asked), _by_way_of_a_worker(name, *asked)
    assert its == ours
    assert repr(vars(its) if hasattr(its, "__dict__") else its) == repr(
        vars(ours) if hasattr(ours, "__dict__") else ours
    )


@settings(max_examples=60)
@given(st.sampled_from(STANDARDS), st.integers(0, 10**9))
def test_messages_and_receipts_whole_and_damaged(standard: str, seed: int) -> None:
    whole = RandomMessage(standard, seed).text()
    for data in (whole, damaged(whole, seed)):
        _same("read", data, "xml")
        _same("convert", data, "xml", "fhir-r4")
        _same("canonical_digest", data, "xml")


def _bundles() -> Iterator[tuple[str, bytes]]:
    for name, bundle in examples().items():
        yield name, json.dumps(bundle).encode()


@pytest.mark.parametrize(
    ("name", "data"), list(_bundles()), ids=lambda each: each if isinstance(each, str) else ""
)
def test_bundles(name: str, data: bytes) -> None:
    _same("read", data, "fhir")
    _same("convert", data, "fhir", "plo-1.6")
    _same("read", data.replace(b'"resourceType"', b'"resourceTyp"', 1), "fhir")
