"""Which kind of answer does a caller's Accept header ask for, and does every code of the catalogue have a status?"""

from __future__ import annotations

import pytest

from gateway.api.answers import prefers_xml
from gateway.api.problems import issue_of, status_of
from gateway.errors import CATALOGUE


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, True),
        ("", True),
        ("*/*", True),
        ("application/xml", True),
        ("text/xml, application/json", True),
        ("application/json, application/xml, application/fhir+json", True),
        ("application/xml;q=0.4, application/json;q=0.9", False),
        ("application/json", False),
        ("application/problem+json, */*;q=0.1", False),
        ("application/xml;q=0", False),
        ("application/xml;q=nonsense", False),
        ("image/png", False),
    ],
)
def test_prefers_xml(accept: str | None, expected: bool) -> None:
    assert prefers_xml(accept) is expected


@pytest.mark.parametrize("code", CATALOGUE)
def test_status_agrees_with_whose_fault_it_is_and_whether_again_helps(code: str) -> None:
    status = status_of(code)
    assert 400 <= status < 600
    if code.split(".")[0] in ("xml", "json", "schema", "fhir", "rules", "api", "translate"):
        assert status < 500
    if code.startswith("us."):
        assert status >= 500
    assert issue_of(code).code == code
