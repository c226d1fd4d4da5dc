"""The folder of official schemas and examples is what the conformance tests take it for."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_the_schemas_of_both_versions_are_there(standards: Path) -> None:
    assert (standards / "standards" / "official_schemas.py").is_file()
    for version in ("v1.5", "v1.6"):
        assert list((standards / "standards" / "xsd" / version).glob("*.xsd"))


@pytest.mark.examples("standards/examples/v1.6/*.xml")
def test_an_example_is_an_xml_message(example: Path) -> None:
    assert b"MsgHead" in example.read_bytes()
