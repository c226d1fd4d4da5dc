"""Does the native share count texts and codes, and only those that stand in native elements as native?"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from gateway.bench.fidelity import WANTED, Fidelity, by_type, fidelity
from gateway.emessage.read import read
from tests.support.messages import Admission
from tests.support.story import told
from tests.support.translation import Json, leaves, to_fhir

EXAMPLES = "standards/examples/v1.6/*.xml"


def test_texts_and_codes_are_counted_and_nothing_else() -> None:
    found = fidelity(read(Admission(parent="earlier").xml))
    organisations = 4
    texts = organisations + 3  # their names; family name, given name, remark; not ids, dates, booleans
    codes = (
        3 + 2 * organisations + 2 + 1 + 1 + 3
    )  # envelope; V and S of each id's type; patient's; document; status; event
    assert (found.messages, found.texts, found.codes) == (1, texts, codes)
    assert found.in_extensions == Counter({"MsgInfo/ProcessingStatus": 1, "MsgInfo/Ack": 1})
    assert found.share == (texts + codes - 2) / (texts + codes)


def test_what_stands_in_an_extension_is_not_native() -> None:
    plain = Admission()
    body = plain.body.replace(
        "</TidsfestetHendelse>",
        "<StedForHendelse><StedHendelse>Heimen</StedHendelse></StedForHendelse></TidsfestetHendelse>",
    )
    one, other = fidelity(read(plain.xml)), fidelity(read(plain.with_(body=body).xml))
    assert other.texts == one.texts + 1
    assert other.native_texts == one.native_texts
    assert other.in_extensions == one.in_extensions + Counter({"StedForHendelse/StedHendelse": 1})
    assert other.share < one.share


def test_messages_of_a_type_are_added_up(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.xml").write_bytes(Admission().xml)
    (tmp_path / "c.xml").write_bytes(b"<no-message/>")
    found = by_type(sorted(tmp_path.glob("*.xml")))
    assert list(found) == ["LOG_INNLAGT"]
    assert found["LOG_INNLAGT"].messages == 2


def test_nothing_to_count_is_no_division() -> None:
    assert Fidelity().share == 0


def test_the_command_ends_with_1_where_the_share_is_too_low(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway.bench.fidelity", str(tmp_path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    (tmp_path / "a.xml").write_bytes(Admission().xml)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "LOG_INNLAGT" in done.stdout
    assert "92.0%" in done.stdout


@pytest.mark.parametrize("key", ["utskrivningsrapport", "innleggelsesrapport-arvid", "varsel"])
def test_the_story_is_native_for_the_most_part(key: str) -> None:
    assert fidelity(read(told()[key].body)).share >= WANTED


@pytest.mark.examples(EXAMPLES)
def test_an_official_example_is_native_for_the_most_part(example: Path) -> None:
    assert fidelity(read(example.read_bytes())).share >= WANTED


@pytest.mark.examples(EXAMPLES)
def test_what_counts_as_native_does_stand_in_native_elements(example: Path) -> None:
    """Counted anew from the Bundle alone: each text stands outside extensions, unless it is counted as in one."""
    data = example.read_bytes()
    native = native_strings(to_fhir(data))
    found = fidelity(read(data))
    texts = [value for _, name, value in leaves(data) if not name and value.strip()]
    absent = [text for text in texts if text not in native and not looks_like_no_text(text)]
    assert len(absent) <= found.texts - found.native_texts


def native_strings(value: Json | list[object] | object) -> set[str]:
    """Every string of a Bundle that stands in no extension."""
    if isinstance(value, dict):
        return {
            text
            for key, inner in value.items()
            if key != "extension" and not key.startswith("_")
            for text in native_strings(inner)
        }
    if isinstance(value, list):
        return {text for item in value for text in native_strings(item)}
    return {value} if isinstance(value, str) else set()


def looks_like_no_text(text: str) -> bool:
    """Booleans, numbers, times and identifiers."""
    return text in ("true", "false", "v1.2 2006-05-24") or (
        any(c.isdigit() for c in text) and " " not in text
    )
