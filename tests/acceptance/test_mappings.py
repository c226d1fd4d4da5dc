"""Can an installation put its own definitions in the place of ours, safely and visibly? In processes of their own."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from gateway import package_data

CHECKOUT = Path(package_data.__file__).resolve().parent.parent
SERVICE = "EpisodeOfCare: po:EksisterendeTjeneste"


def somlos(*arguments: str, mappings: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "SOMLOS_MAPPINGS"}
    if mappings is not None:
        environment["SOMLOS_MAPPINGS"] = str(mappings)
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=CHECKOUT,
        env={**environment, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def own(folder: Path, before: str, after: str) -> Path:
    """A folder with our definition of a service, changed."""
    text = (package_data.mappings() / "components.map").read_text("utf-8")
    start = text.index(SERVICE)
    definition = text[start : text.index("\n\n", start)] + "\n"
    assert before in definition
    folder.mkdir(exist_ok=True)
    (folder / "tjenester.map").write_text(definition.replace(before, after), "utf-8")
    return folder


SPOILT = {
    "an element without a rule": ("    Merknad  ", "#   Merknad  ", "mapping.not-covered", "po:Merknad"),
    "no such element": ("    Enhet  ", "    Enhit  ", "mapping.unknown-name", "EpisodeOfCare/Enhit"),
    "no such place in FHIR": ("type[0].text ", "typ[0].text ", "mapping.not-valid-fhir", "EpisodeOfCare"),
    "a place that is taken": (
        "ext(extent-unit)",
        "type[0].text",
        "mapping.lossy",
        "EksisterendeTjeneste/Enhet",
    ),
    "not the notation": (
        "ext(remark)                          string",
        "ext(remark)",
        "mapping.not-readable",
        ":11",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_does_not_hold_is_found(tmp_path: Path, name: str) -> None:
    before, after, code, place = SPOILT[name]
    answer = somlos("mappings", "check", "--json", "--mappings", str(own(tmp_path, before, after)))
    found = [json.loads(line) for line in answer.stdout.splitlines()]
    assert answer.returncode == 1
    assert {each["code"] for each in found} == {code}
    assert any(place in each["path"] for each in found)


def test_our_own_definitions_hold() -> None:
    assert somlos("mappings", "check").returncode == 0


def test_a_definition_that_holds_is_used_and_seen_in_the_table(tmp_path: Path) -> None:
    folder = own(tmp_path / "own", "managingOrganization.display         string", "ext(delivered-by)  string")
    assert somlos("mappings", "check", mappings=folder).returncode == 0
    table = somlos("mappings", "--format", "csv", "--type", "INNLEGGELSESRAPPORT", mappings=folder)
    rows = list(csv.reader(io.StringIO(table.stdout)))
    (row,) = [each for each in rows if each[1].endswith("EksisterendeTjeneste/TjenestenLevertAv")]
    assert row[4] == "EpisodeOfCare.extension(delivered-by)"
    assert row[-2:] == ["tjenester.map:5", str(folder)]
    (ours,) = [each for each in rows if each[1].endswith("TilleggsopplysningPasient/SivilStatus")]
    assert ours[-1] == "–"


def test_an_extension_that_a_definition_invents_is_published_and_known(tmp_path: Path) -> None:
    folder = own(tmp_path / "own", "managingOrganization.display         string", "ext(delivered-by)  string")
    packed = tmp_path / "own.tgz"
    for mappings, arguments in ((folder, ()), (None, ("--mappings", str(folder)))):
        written = somlos("profiles", "export", "-o", str(packed), *arguments, mappings=mappings)
        assert written.returncode == 0, written.stderr
        with tarfile.open(packed) as archive:
            file = archive.extractfile("package/StructureDefinition-delivered-by.json")
            assert file is not None
            made = json.load(file)
            index = json.load(archive.extractfile("package/.index.json"))  # type: ignore[arg-type]
        assert made["context"] == [{"type": "element", "expression": "EpisodeOfCare"}]
        (value,) = [each for each in made["differential"]["element"] if each["path"] == "Extension.value[x]"]
        assert value["type"] == [{"code": "string"}]
        assert made["url"] in {each.get("url") for each in index["files"]}
        packed.unlink()
    assert somlos("profiles", "export", "-o", str(packed)).returncode == 0
    with tarfile.open(packed) as archive:
        assert "package/StructureDefinition-delivered-by.json" not in archive.getnames()

    service = {
        "resourceType": "EpisodeOfCare",
        "status": "active",
        "patient": {"display": "x"},
        "extension": [{"url": made["url"], "valueString": "Hjemmetjenesten"}],
    }
    (tmp_path / "service.json").write_text(json.dumps(service), "utf-8")
    told = [somlos("validate", str(tmp_path / "service.json"), "--json", mappings=m) for m in (folder, None)]
    codes = [{each["code"] for each in json.loads(answer.stdout)["issues"]} for answer in told]
    assert codes[1] - codes[0] == {"fhir.unknown-extension"}


@pytest.mark.parametrize("form", ["markdown", "html", "csv"])
def test_the_tables_are_written_one_file_a_page(tmp_path: Path, form: str) -> None:
    assert somlos("mappings", "-o", str(tmp_path), "--format", form).returncode == 0
    ending = {"markdown": "md", "html": "html", "csv": "csv"}[form]
    names = {path.name for path in tmp_path.iterdir()}
    assert {f"LOG_INNLAGT.{ending}", f"INNLEGGELSESRAPPORT.{ending}", f"required.{ending}"} <= names
    text = (tmp_path / f"INNLEGGELSESRAPPORT.{ending}").read_text("utf-8")
    assert ("EpisodeOfCare.<wbr>type" in text) == (form == "html"), "a path breaks between its steps"
    text = text.replace("EpisodeOfCare.<wbr>type[0].<wbr>coding", "EpisodeOfCare.type[0].coding")
    for wanted in ("EpisodeOfCare.type[0].coding[0]", "9151 Kommunal tjenestetype", "components.map:"):
        assert wanted in text


@pytest.mark.parametrize(("language", "said"), [("no", "Kan ikke skrives"), ("en", "Cannot be written")])
def test_the_commands_speak_the_language_that_is_asked_for(tmp_path: Path, language: str, said: str) -> None:
    (tmp_path / "file").touch()
    nowhere = str(tmp_path / "file" / "below")
    for command in ("mappings", "profiles export"):
        answer = somlos(*command.split(), "-o", nowhere, "--lang", language)
        assert answer.returncode == 1
        assert said in answer.stderr, command


@pytest.mark.parametrize(
    ("language", "said"), [("no", "Dekning og tur-retur holder"), ("en", "Coverage and round")]
)
def test_the_check_speaks_the_language_that_is_asked_for(language: str, said: str) -> None:
    answer = somlos("mappings", "check", "--lang", language)
    assert answer.returncode == 0
    assert said in answer.stdout


def test_a_type_without_a_page_is_wrong_usage() -> None:
    assert somlos("mappings", "--type", "NOBODY").returncode == 2


def test_serve_does_not_start_with_definitions_that_do_not_hold(tmp_path: Path) -> None:
    own(tmp_path / "own", "    Merknad  ", "#   Merknad  ")
    config = tmp_path / "somlos.toml"
    config.write_text('[gateway]\nlisten = "127.0.0.1:0"\nmappings_dir = "own"\n', "utf-8")
    answer = somlos("serve", "--config", str(config), "--lang", "en")
    assert answer.returncode == 2
    assert "configuration.mappings-unusable" in answer.stderr
    assert "po:Merknad" in answer.stderr
    assert not list(tmp_path.glob("*.db"))
