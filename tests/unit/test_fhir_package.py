"""Is the package in the form of FHIR packages, whole, the same each time, and under the base of the installation?"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from gateway import package_data
from gateway.errors import CATALOGUE
from gateway.fhir.canonical import BASE, PUBLISHED_BASE
from gateway.fhir.package import package
from gateway.fhir.validate import validate

Files = dict[str, Any]
OWN_BASE = "https://fhir.tindevik.example/plo"


def unpacked(data: bytes) -> Files:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        read = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        return {name: json.load(file) for name, file in read.items() if file is not None}


@pytest.fixture(scope="module")
def files() -> Files:
    return unpacked(package())


def test_the_manifest_says_what_installers_ask_for(files: Files) -> None:
    manifest = files["package/package.json"]
    assert re.fullmatch(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9\-]*)+", manifest["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert manifest["fhirVersions"] == ["4.0.1"]
    assert manifest["dependencies"]["hl7.fhir.r4.core"] == "4.0.1"
    assert manifest["canonical"] == BASE
    assert {"title", "description", "author", "license", "type", "url"} <= set(manifest)


@pytest.mark.parametrize("folder", ["package/", "package/example/"])
def test_the_index_lists_every_resource(files: Files, folder: str) -> None:
    index = files[f"{folder}.index.json"]
    assert index["index-version"] == 2
    listed = {each["filename"]: each for each in index["files"]}
    there = {
        name.removeprefix(folder) for name in files if re.fullmatch(re.escape(folder) + r"[A-Z][^/]*", name)
    }
    assert set(listed) == there
    for name, entry in listed.items():
        resource = files[folder + name]
        assert name == f"{resource['resourceType']}-{resource['id']}.json"
        assert all(resource[key] == value for key, value in entry.items() if key != "filename")


def test_everything_of_the_folder_is_in_it_and_valid(files: Files) -> None:
    resources = [each for name, each in files.items() if re.match(r".*/[A-Z]", name)]
    folder = [json.loads(path.read_bytes()) for path in package_data.profiles().glob("*/*.json")]
    assert all(resource in resources for resource in folder)
    assert all(validate(resource) == () for resource in resources)
    error = files["package/CodeSystem-error.json"]
    assert {each["code"] for each in error["concept"]} == set(CATALOGUE)


def test_the_same_definitions_make_the_same_bytes() -> None:
    assert package() == package()


def _somlos(tmp_path: Path, *arguments: str, base: str = OWN_BASE) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=Path(package_data.__file__).parent.parent,
        env={**os.environ, "SOMLOS_CANONICAL_BASE": base, "LC_ALL": "C"},
        capture_output=True,
        check=False,
    )


def test_an_installation_has_a_base_of_its_own(tmp_path: Path) -> None:
    written = _somlos(tmp_path, "profiles", "export", "-o", str(tmp_path))
    assert written.returncode == 0, written.stderr
    (made,) = tmp_path.glob("*.tgz")
    own = unpacked(made.read_bytes())
    assert own["package/package.json"]["canonical"] == OWN_BASE
    assert PUBLISHED_BASE not in json.dumps(own)
    example = package_data.profiles() / "examples" / "patient-goal.json"
    text = example.read_text("utf-8").replace(PUBLISHED_BASE, OWN_BASE)
    changed = tmp_path / "goal.json"
    changed.write_text(re.sub(r',\s*"expressedBy": \{[^}]*\}', "", text), "utf-8")
    found = _somlos(tmp_path, "validate", "--json", str(changed))
    assert b"Goal.expressedBy" in found.stdout
    assert found.returncode == 1


def test_a_base_that_is_no_address_is_refused(tmp_path: Path) -> None:
    refused = _somlos(tmp_path, "validate", "x.json", base="fhir.example/")
    assert refused.returncode != 0
    assert b"Traceback" not in refused.stderr
