"""Are the generated functions text that a person can read, and nothing but what the definitions say?"""

from __future__ import annotations

import ast

import pytest

from gateway.emessage.grammar import STANDARDS
from gateway.translate.compiler import definitions, mapping
from gateway.translate.source import Source


def test_a_definition_is_printed_as_the_function_that_writes_it() -> None:
    text = mapping("plo-1.6").source("SendtDokument", "po:SendtDokument")
    assert text.startswith("def SendtDokument_of_po_SendtDokument(element, holder, state):\n")
    assert "        elif tag == po_Merknad:\n" in text
    assert "markdown.write(child_1, item(holder, 'note', 0), 'text', counted)\n" in text


def test_a_component_that_is_made_a_resource_calls_that_components_function() -> None:
    text = mapping("plo-1.6").source("InfoReservasjon", "po:InfoReservasjon")
    assert "state.create('Consent', 'Consent')" in text
    assert "Consent_of_po_ReservasjonOnske(child_1, resource_2, state)" in text


@pytest.mark.parametrize("standard", STANDARDS)
def test_every_definition_of_a_standard_can_be_written(standard: str) -> None:
    bound = mapping(standard)
    for name, definition in definitions().items():
        for kind in definition.types:
            if bound.structure.complex_type(kind) is not None:
                ast.parse(bound.source(name, kind))


def test_an_equal_value_has_one_name_and_another_one_has_its_own() -> None:
    out = Source({"taken": 1})
    assert [out.name("x", "a"), out.name("y", "a"), out.name("x", "b"), out.name("taken", "c")] == [
        "x",
        "x",
        "x_2",
        "taken_2",
    ]
    assert out.name("id", "d") == "id_2"
    assert out.name("a-b c", "e") == "a_b_c"
    assert out.names["x_2"] == "b"


def test_an_empty_block_does_nothing() -> None:
    out = Source({})
    with out.block("def nothing(value)"), out.block("if value"):
        pass
    assert out.function("nothing")(1) is None
    assert out.text() == "def nothing(value):\n    if value:\n        pass\n"
