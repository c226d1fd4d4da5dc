"""Does validation give the official schema's verdict, on the official examples and on damaged copies of them?"""

from __future__ import annotations

import importlib.util
import random
import re
from copy import deepcopy
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from lxml import etree

from gateway.emessage.grammar import structure
from gateway.emessage.place import local_name, path_of
from gateway.emessage.read import read
from gateway.emessage.validate import validate, validate_schema
from gateway.errors import CATALOGUE, Issue, Unreadable
from tests.support.damage import damaged

DAMAGED_COPIES = 60
"""Of each example."""


@cache
def official(standards: Path) -> ModuleType:
    """The loader of the official schemas that lies beside them."""
    spec = importlib.util.spec_from_file_location(
        "official_schemas", standards / "standards/official_schemas.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def schema_name(example: Path) -> str:
    """The official schema an example belongs to."""
    if example.parent.name == "dialog":
        return "dialog-1.1" if "v1-1" in example.name else "dialog-1.0"
    return {"v1.6": "1.6", "apprec": "apprec-1.0"}[example.parent.name]


def official_verdict(data: bytes, schema: etree.XMLSchema) -> bool:
    """Whether libxml2 reads the bytes and finds them valid."""
    try:
        root = etree.fromstring(data)
    except etree.XMLSyntaxError:
        return False
    return bool(schema.validate(root))


def our_verdict(data: bytes) -> tuple[bool, tuple[Issue, ...]]:
    """Whether our layers xml and schema find an error, and the findings."""
    try:
        message = read(data)
    except Unreadable:
        return False, ()
    found = validate_schema(message)
    return not any(each.severity == "error" for each in found), found


@pytest.mark.examples("standards/examples/[adv][pi1]*/*.xml")
def test_the_official_examples_are_valid(example: Path, standards: Path) -> None:
    data = example.read_bytes()
    assert official_verdict(data, official(standards).schema(schema_name(example)))
    message = read(data)
    assert validate_schema(message) == ()
    assert [each for each in validate(message) if each.severity == "error"] == []


@pytest.mark.examples("standards/examples/[adv][pi1]*/*.xml")
def test_damaged_copies_get_the_official_verdict(example: Path, standards: Path) -> None:
    schema = official(standards).schema(schema_name(example))
    data = example.read_bytes()
    content = texts(data)
    for seed in range(DAMAGED_COPIES):
        copy = damaged(data, seed)
        valid, found = our_verdict(copy)
        assert valid == official_verdict(copy, schema), f"seed {seed}"
        for each in found:
            check_finding(each, content)


@pytest.mark.examples("standards/examples/v1.6/*.xml")
def test_damaged_copies_in_version_1_5_get_the_official_verdict(example: Path, standards: Path) -> None:
    """The same examples with the namespaces of 1.5: some are valid there too, some are not."""
    new, old = structure("plo-1.6").namespaces, structure("plo-1.5").namespaces
    data = example.read_bytes()
    for prefix, namespace in new.items():
        data = data.replace(f'"{namespace}"'.encode(), f'"{old[prefix]}"'.encode())
    assert read(data).standard == "plo-1.5"
    schema = official(standards).schema("1.5")
    for seed in range(DAMAGED_COPIES // 2):
        copy = damaged(data, seed) if seed else data
        assert our_verdict(copy)[0] == official_verdict(copy, schema), f"seed {seed}"


@pytest.mark.examples("standards/examples/apprec/*.xml")
def test_damaged_receipts_in_version_1_1_get_the_official_verdict(example: Path, standards: Path) -> None:
    new, old = structure("apprec-1.1").namespaces["ar"], structure("apprec-1.0").namespaces["ar"]
    data = example.read_bytes().replace(f'"{old}"'.encode(), f'"{new}"'.encode())
    schema = official(standards).schema("apprec-1.1")
    for seed in range(DAMAGED_COPIES):
        copy = damaged(data, seed) if seed else data
        assert our_verdict(copy)[0] == official_verdict(copy, schema), f"seed {seed}"


@pytest.mark.examples("standards/examples/[adv][pi1]*/*.xml")
def test_an_element_that_is_left_out_is_named(example: Path) -> None:
    """Each element in turn; where several could stand, it is among those that are named."""
    data = example.read_bytes()
    named = 0
    for number in range(1, len(list(read(data).root.iter()))):
        message = read(data)
        element = list(message.root.iter())[number]
        parent = element.getparent()
        assert parent is not None
        if len(list(parent.iterchildren(str(element.tag)))) > 1:
            continue
        parent.remove(element)
        for found in validate_schema(message):
            place, _, names = (found.path or "").rpartition("/")
            assert found.code == "schema.missing-element"
            assert place == path_of(parent)
            assert local_name(element) in names.split("|")
            named += 1
    assert named > 10


TYPES = (
    *("CS", "CV", "TS", "URL", "PQ", "oid", "ST", "INT", "BL", "Ident", "Address", "TeleCom", "Person"),
    *("Organisation", "MsgHead", "RefDoc", "AppRec", "string", "token", "date", "dateTime", "anyType"),
    *("base", "ED", "TN", "RTO", "base64Binary"),
)


@pytest.mark.examples("standards/examples/[adv][pi1]*/*.xml")
def test_a_type_named_in_the_message_gets_the_official_verdict(example: Path, standards: Path) -> None:
    """xsi:type may name what the standard declares, in the namespace where it does, and nothing of ours."""
    schema = official(standards).schema(schema_name(example))
    root, chance = etree.fromstring(example.read_bytes()), random.Random(example.name)
    namespaces = {
        f"n{prefix}": uri for prefix, uri in structure(read(example.read_bytes()).standard).namespaces.items()
    }
    namespaces |= {"nkith": "http://www.kith.no/xmlstds", "nxs": "http://www.w3.org/2001/XMLSchema"}
    for _ in range(DAMAGED_COPIES):
        copy = etree.Element(root.tag, nsmap={**namespaces, **root.nsmap})
        copy.extend(deepcopy(root)[:])
        element = chance.choice(list(copy.iter(etree.Element)))
        prefix = chance.choice(["", *(f"{each}:" for each in namespaces)])
        named = prefix + chance.choice(TYPES)
        element.set("{http://www.w3.org/2001/XMLSchema-instance}type", named)
        data = etree.tostring(copy)
        assert our_verdict(data)[0] == official_verdict(data, schema), f"{element.tag} {named}"


@pytest.mark.parametrize(
    "text",
    [
        *(
            f'<TekstNotatInnhold xsi:type="k:{kind}"/>'
            for kind in ("base", "ED", "TN", "RTO", "oid", "CV", "PQ")
        ),
        *(
            f"<TekstNotatInnhold k:{attribute}/>"
            for attribute in (
                *('NULL="UNK"', 'NULL="x"', 'MT="text/plain"', 'MT="x"', 'COMPN="ZL"', 'COMPN="x"'),
                *('ICA="SHA-1"', 'ICA="x"', 'IC="QUJD"', 'IC="x"', 'ENC="TXT"', 'ENC="x"', 'ANY="x"'),
            )
        ),
        '<TekstNotatInnhold xsi:type="k:TN" k:MT="text/plain" k:NULL="NI">a<k:REF V="b"/>c</TekstNotatInnhold>',
        '<TekstNotatInnhold xsi:type="k:ED" k:NULL="NI">a</TekstNotatInnhold>',
        '<TekstNotatInnhold xsi:type="k:RTO"><NUM xmlns="">1</NUM><DENOM xmlns="">2</DENOM></TekstNotatInnhold>',
        '<TekstNotatInnhold xsi:type="k:RTO"><k:NUM>1</k:NUM></TekstNotatInnhold>',
        '<TekstNotatInnhold><k:REF V="%"/></TekstNotatInnhold>',
        '<TekstNotatInnhold><k:REF X="a"/></TekstNotatInnhold>',
        '<TekstNotatInnhold><b:Base64Container xsi:type="xs:base64Binary">QUJD</b:Base64Container></TekstNotatInnhold>',
    ],
)
def test_what_an_element_of_any_type_holds_gets_the_official_verdict(text: str, standards: Path) -> None:
    """It is checked where the standards declare it, though no other element has it."""
    example = standards / "standards/examples/dialog/Helsefaglig_dialog_v1-1.xml"
    replaced = text.replace(
        "<TekstNotatInnhold",
        "<TekstNotatInnhold xmlns='http://www.kith.no/xmlstds/dialog/2013-01-23' "
        "xmlns:k='http://www.kith.no/xmlstds' xmlns:b='http://www.kith.no/xmlstds/base64container' "
        "xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'",
    )
    root = etree.fromstring(example.read_bytes())
    place = next(root.iter("{*}TekstNotatInnhold"))
    place.getparent().replace(place, etree.fromstring(replaced))  # type: ignore[union-attr]
    data = etree.tostring(root)
    schema = official(standards).schema("dialog-1.1")
    assert our_verdict(data)[0] == official_verdict(data, schema)


def texts(data: bytes) -> set[str]:
    """Texts of the message that a finding must not quote: names, numbers, clinical text."""
    leaves = (each.text for each in etree.fromstring(data).iter(etree.Element) if len(each) == 0)
    return {text.strip() for text in leaves if text and len(text.strip()) > 12}


def check_finding(found: Issue, content: set[str]) -> None:
    """It is in our words, names a place and quotes nothing."""
    assert found.message == CATALOGUE[found.code].en
    assert found.code != "schema.invalid"
    if found.severity == "error":
        assert found.path is not None
        assert re.fullmatch(r"(MsgHead|AppRec)(/@?[\w?.|-]+(\[\d+\])?)*", found.path)
        assert found.line
    assert not any(text in (found.path or "") for text in content)
