"""Does the command line keep its contract: what is read, what is written where, and the exit codes?

Every test starts the real process, as another program would.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from lxml import etree

from gateway.errors import CATALOGUE
from gateway.simulator.cast import PATIENTS
from tests.support.story import told

TOLD = told()
NOT_XML = b"<MsgHead><MsgInfo>"
NOT_A_MESSAGE = b"<note>hello</note>"
ISSUE_KEYS = {"severity", "code", "layer", "path", "line", "message"}


def somlos(
    *arguments: str, stdin: bytes = b"", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        input=stdin,
        capture_output=True,
        timeout=200,
        cwd=cwd,
        env={**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )


def json_lines(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two good messages, a bad one, a file that is no message and one that is of another kind."""
    place = tmp_path / "in"
    place.mkdir()
    (place / "a.xml").write_bytes(TOLD["innlagt"].body)
    (place / "b.xml").write_bytes(NOT_XML)
    (place / "c.xml").write_bytes(TOLD["utskrivningsrapport"].body)
    (place / "note.xml").write_bytes(NOT_A_MESSAGE)
    (place / "readme.txt").write_text("hello")
    return place


def test_validate_says_one_object_a_line(folder: Path) -> None:
    done = somlos("validate", "--json", str(folder))
    assert done.returncode == 1
    good, bad, rich = json_lines(done.stdout)
    assert (good["file"], good["valid"], good["type"]) == (str(folder / "a.xml"), True, "LOG_INNLAGT")
    assert {each["severity"] for each in good["issues"]} == {"information"}  # synthetic patient, training
    assert (bad["file"], bad["valid"], bad["type"]) == (str(folder / "b.xml"), False, None)
    assert bad["issues"][0].keys() >= ISSUE_KEYS
    assert bad["issues"][0]["code"] == "xml.not-well-formed"
    assert (rich["valid"], rich["type"]) == (True, "UTSKRIVNINGSRAPPORT")
    assert "note.xml" in done.stderr.decode()


@pytest.mark.parametrize("key", list(TOLD))
def test_every_message_of_the_story_is_valid(key: str) -> None:
    done = somlos("validate", "--json", "-", stdin=TOLD[key].body)
    (found,) = json_lines(done.stdout)
    assert (found["file"], found["valid"], found["type"]) == ("-", True, TOLD[key].step.type), found
    assert done.returncode == 0


@pytest.mark.parametrize("language", ["no", "en"])
def test_validate_speaks_to_people_too(folder: Path, language: str) -> None:
    done = somlos("validate", str(folder), "--lang", language)
    text = done.stdout.decode()
    entry = CATALOGUE["xml.not-well-formed"]
    assert (entry.no if language == "no" else entry.en) in text
    assert ("2 gyldige, 1 ugyldige" if language == "no" else "2 valid, 1 invalid") in text
    assert "\x1b[" not in text


def test_the_locale_chooses_the_language() -> None:
    done = somlos("validate", "-", stdin=NOT_XML, LC_ALL="nb_NO.UTF-8")
    assert CATALOGUE["xml.not-well-formed"].no in done.stdout.decode()


def test_roundtrip_gives_a_verdict(folder: Path) -> None:
    done = somlos("roundtrip", "--json", str(folder / "a.xml"), str(folder / "c.xml"))
    assert [(found["verdict"], found["losses"]) for found in json_lines(done.stdout)] == [
        ("lossless", [])
    ] * 2
    assert done.returncode == 0
    done = somlos("roundtrip", "--json", str(folder / "b.xml"), str(folder / "a.xml"))
    bad, good = json_lines(done.stdout)
    assert (bad["verdict"], bad["issues"][0]["code"]) == (None, "xml.not-well-formed")
    assert good["verdict"] == "lossless"
    assert done.returncode == 1


def test_a_folder_becomes_a_folder_and_back(folder: Path, tmp_path: Path) -> None:
    (folder / "b.xml").unlink()
    done = somlos("convert", str(folder), "-o", str(tmp_path / "fhir"), "--loss", str(tmp_path / "loss"))
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b""
    assert sorted(path.name for path in (tmp_path / "fhir").iterdir()) == ["a.json", "c.json"]
    reports = json_lines((tmp_path / "loss").read_bytes())
    assert [Path(report["file"]).name for report in reports] == ["a.xml", "c.xml"]
    assert [report["lost"] for report in reports] == [0, 0]
    targets = [entry["target"] for report in reports for entry in report["entries"]]
    assert [each for each in targets if not each[:1].isupper()] == [], "a whole place, from the resource on"
    somlos("convert", str(tmp_path / "fhir"), "-o", str(tmp_path / "xml"))
    for name, key in (("a", "innlagt"), ("c", "utskrivningsrapport")):
        back = (tmp_path / "xml" / f"{name}.xml").read_bytes()
        assert leaves(back) == leaves(TOLD[key].body)


def leaves(document: bytes) -> list[tuple[str, str]]:
    root = etree.fromstring(document)
    return [(str(e.tag), (e.text or "").strip()) for e in root.iter(etree.Element) if not len(e)]


def test_a_folder_of_folders_has_no_messages_itself(folder: Path) -> None:
    done = somlos("validate", "--lang", "en", str(folder.parent))
    assert done.returncode == 2
    assert done.stderr.decode().strip() == "No messages in the folder. Folders inside it are not read."


def test_one_place_without_room_is_one(tmp_path: Path) -> None:
    bundle = json.loads(somlos("convert", "-", stdin=TOLD["innlagt"].body).stdout)
    patient = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    patient["photo"] = [{"url": "https://example.org/photo"}]
    done = somlos("convert", "--lang", "en", "-", stdin=json.dumps(bundle).encode())
    assert "-: 1 place has no room in the target format (--loss)" in done.stderr.decode()


def test_what_nobody_said_is_no_whole_conversion(tmp_path: Path) -> None:
    """For it the gateway holds a message; the command said nothing, with exit code 0."""
    older = somlos("convert", "-", "--to", "plo-1.5", stdin=TOLD["innleggelsesrapport-arvid"].body).stdout
    bundle = json.loads(somlos("convert", "-", stdin=older).stdout)
    patient = next(e["fullUrl"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    condition = {"resourceType": "Condition", "subject": {"reference": patient}, "code": {"text": "Astma"}}
    bundle["entry"].append({"fullUrl": f"urn:uuid:{uuid4()}", "resource": condition})
    loss = tmp_path / "loss"
    given = ("convert", "--lang", "en", "-", "--to", "plo-1.5", "--loss", str(loss))
    done = somlos(*given, stdin=json.dumps(bundle).encode())
    (report,) = json_lines(loss.read_bytes())
    assert report["lost"] == 0
    assert ("assumed", "error") in {(each["kind"], each["severity"]) for each in report["entries"]}
    assert done.returncode == 1
    assert done.stderr.decode().strip() == "-: 1 statement was assumed: nobody made it (--loss)"


def test_one_bad_file_stops_no_other(folder: Path, tmp_path: Path) -> None:
    done = somlos("convert", str(folder), "-o", str(tmp_path / "out"))
    assert done.returncode == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.json", "c.json"]
    assert "b.xml" in done.stderr.decode()


def test_one_input_goes_to_standard_output_or_a_file(tmp_path: Path) -> None:
    body = TOLD["innlagt"].body
    done = somlos("convert", "-", "--to", "fhir", stdin=body)
    assert json.loads(done.stdout)["type"] == "message"
    assert done.returncode == 0
    done = somlos("convert", "-", "-o", str(tmp_path / "one.json"), stdin=body)
    assert (done.returncode, done.stdout) == (0, b"")
    assert json.loads((tmp_path / "one.json").read_bytes())["resourceType"] == "Bundle"


@pytest.mark.parametrize(("key", "to"), [("innlagt", "plo-1.6"), ("innleggelsesrapport", "fhir")])
def test_what_is_in_the_target_format_is_written_unchanged(key: str, to: str) -> None:
    done = somlos("convert", "-", "--to", to, stdin=TOLD[key].body)
    assert done.returncode == 0
    assert done.stdout == TOLD[key].body


def test_a_body_without_grammar_is_refused_for_translation() -> None:
    done = somlos("convert", "-", stdin=TOLD["epikrise"].body)
    assert (done.returncode, done.stdout) == (1, b"")
    assert "[translate.no-grammar]" in done.stderr.decode()


def test_two_inputs_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    for name, key in (("one", "innlagt"), ("two", "klar")):
        (tmp_path / name / "m.xml").write_bytes(TOLD[key].body)
    done = somlos("convert", str(tmp_path / "one"), str(tmp_path / "two"), "-o", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "[command.name-taken]" in done.stderr.decode()
    written = json.loads((tmp_path / "out" / "m.json").read_bytes())
    assert TOLD["innlagt"].message_id in json.dumps(written)


def test_a_folder_converted_into_itself_keeps_its_sources(tmp_path: Path) -> None:
    """b.json would become b.xml, which is another message: it stays, and is itself converted from what it was."""
    for name, key in (("a.xml", "innlagt"), ("b.json", "innleggelsesrapport"), ("b.xml", "klar")):
        (tmp_path / name).write_bytes(TOLD[key].body)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    done = somlos("convert", str(tmp_path), "-o", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.decode().count("[command.over-input]") == 2  # b.json to b.xml, b.xml to b.json
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert after.keys() == before.keys() | {"a.json"}
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize(
    "arguments", [("-o", "{one}"), ("-o", "{link}"), ("--loss", "{one}", "-o", "new.json")]
)
def test_one_input_is_not_replaced_by_its_result(arguments: tuple[str, ...], tmp_path: Path) -> None:
    one, link = tmp_path / "a.xml", tmp_path / "link.xml"
    one.write_bytes(TOLD["innlagt"].body)
    link.symlink_to(one)
    done = somlos("convert", str(one), *(each.format(one=one, link=link) for each in arguments), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"replace an input file" in done.stderr
    assert one.read_bytes() == TOLD["innlagt"].body
    assert not (tmp_path / "new.json").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("convert",),
        ("validate", "/no/such/file"),
        ("convert", "{folder}"),
        ("convert", "{folder}", "--to", "hl7v2", "-o", "x"),
        ("validate", "{empty}"),
        ("unknown",),
        ("serve", "--config", "/no/such/file"),
    ],
    ids=str,
)
def test_wrong_usage_is_two(arguments: tuple[str, ...], folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    named = [each.format(folder=folder, empty=tmp_path / "empty") for each in arguments]
    done = somlos(*named, cwd=tmp_path)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["validate", "roundtrip", "convert"])
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"<a/>", b"\xff\xfe\x00", b"<!DOCTYPE a><a/>", b'{"resourceType": "Bundle"}', b"\x00"],
    ids=repr,
)
def test_rubbish_gets_a_clear_answer(command: str, content: bytes) -> None:
    done = somlos(command, "-", stdin=content)
    assert done.returncode == 1
    told = (done.stdout + done.stderr).decode()
    assert any(f"[{code}]" in told for code in CATALOGUE)
    assert "us.internal" not in told
    assert "Traceback" not in told


def test_no_answer_names_the_patient() -> None:
    damaged = TOLD["innlagt"].body.replace(b"<DateOfBirth>1941-03-14", b"<DateOfBirth>1941-33-14")
    for command in ("validate", "roundtrip", "convert"):
        done = somlos(command, "-", stdin=damaged)
        assert done.returncode == 1
        for word in (PATIENTS["solveig"].number, "Fjelltun", "1941-33-14"):
            assert word not in (done.stdout + done.stderr).decode()


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"{number}.xml").write_bytes(TOLD["innlagt"].body)
    command = f"{sys.executable} -m gateway validate --json {tmp_path} | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=200)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == b""
