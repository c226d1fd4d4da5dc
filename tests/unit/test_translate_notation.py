"""Is a mapping definition read as mappings/README.md describes it, and a mistake in it told with its place?"""

from __future__ import annotations

import pytest

from gateway.translate.compiler import Mapping, mapping
from gateway.translate.notation import Definition, Line, MappingError, read_definitions

TEXT = """
# A comment, and an empty line above.
Goal: po:InfoMaalForventetRes  default
    InnholdMaaldokument           .
        Beskrivelse               description.text                     string
        FraDato                   startDate                            date

Stikkord = Flag: epj1:StikkordCave epj1:Annet
    CaveStikkord                  code.text                            string  default x
Plan = section with CarePlan: po:Sykepleierdokumentasjon
    InfoMaalForventetRes          with.goal[]                          -> Goal
Iverksatt = ServiceRequest: po:IverksatteTiltak  set intent=order, status=active
    .                             .                                    use Goal
Time = Appointment: po:InformasjonOmTime  when ext(booked)
    Ident                         identifier[]                         use Ident via identifier
"""


def definitions() -> dict[str, Definition]:
    return read_definitions({"a.map": TEXT})


def test_names_targets_and_types() -> None:
    found = definitions()
    assert list(found) == ["Goal", "Stikkord", "Plan", "Iverksatt", "Time"]
    assert [each.target for each in found.values()] == [
        "Goal",
        "Flag",
        "section",
        "ServiceRequest",
        "Appointment",
    ]
    assert found["Stikkord"].types == ("epj1:StikkordCave", "epj1:Annet")
    assert [each.is_section for each in found.values()] == [False, False, True, False, False]
    assert [each.is_resource for each in found.values()] == [True, True, False, True, True]


def test_options() -> None:
    found = definitions()
    assert [name for name, each in found.items() if each.default] == ["Goal"]
    assert found["Plan"].with_resource == "CarePlan"
    assert found["Iverksatt"].fixed == (("intent", "order"), ("status", "active"))
    assert found["Time"].when == "ext(booked)"


def test_lines_stand_below_their_element() -> None:
    (line,) = definitions()["Goal"].lines
    assert (line.source, line.path, line.how) == ("InnholdMaaldokument", ".", "")
    assert line.children == (
        Line("Beskrivelse", "description.text", "string"),
        Line("FraDato", "startDate", "date"),
    )
    assert definitions()["Stikkord"].lines[0].how == "string  default x"


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("Goal\n", "a.map:1", "NAME: TYPES"),
        ("Goal: x\n        Element  path  string\n", "a.map:2", "indented"),
        ("Goal: x\n    Element\n", "a.map:2", "two spaces"),
        ("Goal: x\n    Element  path\n", "a.map:2", "third column"),
        ("\n\nGoal: x\nGoal: y\n", "a.map:4", "defined twice"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, place: str, reason: str) -> None:
    with pytest.raises(MappingError) as found:
        read_definitions({"a.map": text})
    assert found.value.place == place
    assert reason in found.value.reason


def test_a_definition_for_what_has_no_elements_is_refused() -> None:
    bound = Mapping(mapping("plo-1.6").structure, read_definitions({"a.map": "X = part: boolean\n"}))
    with pytest.raises(MappingError):
        bound.content("X", "boolean")
