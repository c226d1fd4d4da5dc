"""Does what we publish hold everything the gateway needs, and does it work away from the checkout?"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

CHECKOUT = Path(__file__).resolve().parents[2]
PLACES = {"gateway": "gateway", "mappings": "gateway/_mappings", "profiles": "gateway/_profiles"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    return Path(next(WheelBuilder(str(CHECKOUT)).build(directory=str(folder), versions=["standard"])))


def _in_the_checkout(folder: str) -> set[str]:
    files = (path.relative_to(CHECKOUT / folder) for path in (CHECKOUT / folder).rglob("*") if path.is_file())
    return {f"{PLACES[folder]}/{path}" for path in files if "__pycache__" not in path.parts}


def test_the_wheel_holds_every_file_of_the_package_and_its_data(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    for folder in PLACES:
        assert _in_the_checkout(folder) <= packed
    assert [name for name in packed if not name.startswith(("gateway/", "somlos-"))] == []


def test_the_installed_gateway_finds_its_data_from_any_directory(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    program = "from gateway import package_data as d; print(d.mappings(), d.profiles(), sep='\\n')"
    found = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert found == [str(installed / "gateway" / "_mappings"), str(installed / "gateway" / "_profiles")]
