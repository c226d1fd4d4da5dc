"""Do the code sets say what they should, and does every coded element of the grammar find its set?"""

from __future__ import annotations

import pytest

from gateway import terminology
from gateway.emessage.grammar import STANDARDS, ComplexType, structure

WITHOUT_SET = {  # coded elements whose set is open, local or not known here
    *("Atc", "Blodtype", "Rhesusgruppe", "CityDistr", "Country", "County", "Nationality", "ComMethod"),
    *("ContentCategory", "ContentType", "DocumentConnection", "RequestedPriority", "Role", "MedSpeciality"),
    *("ForventetGradMaaloppnaaelse", "MaalForventetResultat", "HjelpemiddelkodeRTV", "KodeAnnetStoff"),
    *(
        "KodetOpplysning",
        "KodetVurdering",
        "Konsultasjonsform",
        "Legemiddelform",
        "RolleNotat",
        "SakstypeKodet",
    ),
    *("TypeOrganisation", "Dept/Type"),
}


@pytest.mark.parametrize(
    ("code_set", "code", "display"),
    [
        ("3101", "1", "Mann"),
        ("2.16.578.1.12.4.1.1.7309", "C", "Kansellering"),
        ("urn:oid:2.16.578.1.12.4.1.1.9121", "3", "Pasient utskrivningsklar"),
        ("8221", "T02", "XML validerer ikke"),
        ("9033", "SI", "Søster"),
        ("8279", "LOG_INNLAGT", "Melding om innlagt pasient"),
        ("3101", "7", None),
        ("0000", "1", None),
    ],
)
def test_display(code_set: str, code: str, display: str | None) -> None:
    assert terminology.display(code_set, code) == display
    assert terminology.is_known(code_set, code) is (display is not None)


def test_the_set_of_an_element_depends_on_its_parent() -> None:
    assert terminology.code_sets_of("MsgHead/MsgInfo/Type") == ("8279",)
    assert terminology.code_sets_of("Address/Type") == ("3401",)
    assert terminology.code_sets_of("AppRec/Status") == ("8258",)
    assert terminology.code_sets_of("Overskriftskode") == ("9141", "9142", "9143", "9145")
    assert terminology.code_sets_of("OrganisationName") == ()


def test_partial_sets_are_marked() -> None:
    kinds = terminology.code_set("8279")
    receipts = terminology.code_set("8221")
    assert kinds is not None
    assert receipts is not None
    assert not kinds.complete
    assert receipts.complete
    assert len(receipts.codes) == 21
    assert receipts.oid == "2.16.578.1.12.4.1.1.8221"


def test_code_of_a_display() -> None:
    civil_status = terminology.code_set("3103")
    assert civil_status is not None
    assert civil_status.code_of("ENKE/enkemann ") == "3"
    assert civil_status.code_of("noe annet") is None


@pytest.mark.parametrize("standard", STANDARDS)
def test_every_coded_element_has_a_set_or_is_listed_as_open(standard: str) -> None:
    grammar = structure(standard)
    missing = set()
    for name, kind in grammar.types.items():
        if not isinstance(kind, ComplexType) or kind.content is None:
            continue
        for use in kind.content.uses():
            path = f"{name.replace('/', ':').rpartition(':')[2]}/{use.name.partition(':')[2]}"
            open_set = path in WITHOUT_SET or path.split("/")[1] in WITHOUT_SET
            if use.type in ("CS", "CV") and not open_set and not terminology.code_sets_of(path):
                missing.add(path)
    assert not missing


@pytest.mark.parametrize(
    "address",
    [
        "urn:oid:2.16.578.1.12.4.1.1.9111",
        "2.16.578.1.12.4.1.1.9111",
        "9111",
        "http://helsedir.no/fhir/CodeSystem/no-kodeverk-9111",
        "https://finnkode.helsedirektoratet.no/adm/collections/9111",
    ],
)
def test_a_set_is_known_by_all_addresses_in_use(address: str) -> None:
    assert terminology.number_of(address) == "9111"


def test_another_address_stays_as_it_is() -> None:
    for address in (
        "http://loinc.org",
        "http://helsedir.no/fhir/CodeSystem/no-kodeverk-9111x",
        "urn:oid:1.2",
    ):
        assert terminology.number_of(address) == address.removeprefix("urn:oid:")
