"""Does the mapping table tell every rule, in its place, with what belongs to it?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import etree

from gateway.emessage.rules import DIALOGUE_TYPES, PLO_BODY_OF_TYPE
from gateway.emessage.sample import RandomMessage
from gateway.translate import mapping_table, sources
from gateway.translate.notation import Line

PAGES = {code: mapping_table.page(code) for code in mapping_table.codes()}


def lines() -> Iterator[Line]:
    def below(line: Line) -> Iterator[Line]:
        yield line
        for child in line.children:
            yield from below(child)

    for definition in sources.definitions().all.values():
        for line in definition.lines:
            yield from below(line)


def test_every_message_type_has_a_page() -> None:
    assert set(PLO_BODY_OF_TYPE) | set(DIALOGUE_TYPES) | {"APPREC", "MSGHEAD"} <= set(PAGES)
    assert all(page.rows and page.title for page in PAGES.values())


def test_every_rule_stands_on_a_page() -> None:
    told = {row.rule for page in PAGES.values() for row in page.rows}
    silent = [line.place for line in lines() if line.source != "." and line.place not in told]
    assert silent == []


@pytest.mark.parametrize("code", sorted(PLO_BODY_OF_TYPE))
def test_every_element_of_a_message_stands_on_its_page(code: str) -> None:
    body = PLO_BODY_OF_TYPE[code]
    prefix = {"Pasientlogistikk": "p1"}.get(body) or next(
        name for name, each in _bodies().items() if each == body
    )
    page = PAGES[code]
    told = {row.source for row in page.rows}
    ends = {row.source for row in page.rows if row.how.startswith(("-> ", "use "))}
    for branch in range(3):
        root = etree.fromstring(RandomMessage("plo-1.6", branch, branch=branch).text(prefix))
        element = next(each for each in root.iter(etree.Element) if etree.QName(each).localname == body)
        missing = [path for path in _paths(element, "") if not _is_told(path, told, ends)]
        others = mapping_table.LOGISTICS_NOTICES.values()
        assert [path for path in missing if not any(f"/{notice}" in path for notice in others)] == []


def _bodies() -> dict[str, str]:
    from gateway.emessage.sample import BODIES

    return BODIES


def _paths(element: etree._Element, above: str) -> Iterator[str]:
    here = f"{above}/{etree.QName(element).localname}".removeprefix("/")
    for child in element.iterchildren(etree.Element):
        yield f"{here}/{etree.QName(child).localname}"
        yield from _paths(child, here)


def _is_told(path: str, told: set[str], ends: set[str]) -> bool:
    """Whether it has a row, or stands below one that leads to a table of its own."""
    return path in told or any(path.startswith(f"{end}/") for end in ends)


def test_a_row_says_all_there_is_to_say() -> None:
    (row,) = [
        each
        for each in PAGES["INNLEGGELSESRAPPORT"].rows
        if each.source == "Innleggelsesrapport/EksisterendeTjeneste/IPLOStjenestetype"
    ]
    assert (row.cardinality, row.type, row.code_sets) == ("0..1", "CV", ("9151",))
    assert row.target == "EpisodeOfCare.type[0].coding[0]"
    assert row.rule.startswith("components.map:")
    assert not row.own
    assert not row.is_extension


def test_a_page_of_logistics_has_its_own_notice_only() -> None:
    notices = {row.source.split("/")[1] for row in PAGES["LOG_DOD"].rows if row.source.count("/")}
    assert "OrienteringOmDod" in notices
    assert "MeldingInnlagtPasient" not in notices


def test_what_one_version_lacks_is_said() -> None:
    only = {row.source for row in PAGES["INNLEGGELSESRAPPORT"].rows if row.versions == "plo-1.6"}
    assert "Innleggelsesrapport/ParorendeForesatt/FodselsarMindrearigParorende" in only


@pytest.mark.parametrize("table", sorted(sources.TABLES))
def test_every_line_of_a_table_stands_on_its_page(table: str) -> None:
    lines = enumerate(sources.table(table).splitlines(), 1)
    told = {f"{table}.map:{number}" for number, line in lines if line.strip() and line[0] != "#"}
    assert {row.rule for row in PAGES[table].rows} == told


def test_where_content_born_in_fhir_goes_stands_with_the_message_type() -> None:
    def of(code: str, title: str) -> dict[str, str]:
        found = [section for section in PAGES[code].sections if section.title == title]
        return {row.target: row.source for section in found for row in section.rows}

    placed, told = (
        of("UTSKRIVNINGSRAPPORT", mapping_table.PLACED),
        of("UTSKRIVNINGSRAPPORT", mapping_table.TOLD),
    )
    assert placed["RelatedPerson"] == "ParorendeForesatt"
    assert (
        told["Procedure"] == "(note[0].text) | MedisinskfagligeOpplysninger/GenereltJournalnotat/Journaltekst"
    )
    assert "Goal" not in of("ORIENTERING_TJENESTETILBUD", mapping_table.PLACED)
    assert "Goal" not in of("LOG_INNLAGT", mapping_table.TOLD)
    assert set(of("DIALOG_SVAR", mapping_table.PLACED)) == {"Communication", "CommunicationRequest"}


def test_a_rendering_rule_is_told_with_its_heading() -> None:
    (row,) = [row for row in PAGES["rendering"].rows if row.target == "Immunization"]
    assert (row.how, row.code_sets) == ("text: Vaksinasjon, 9142|FO", ("9142",))
