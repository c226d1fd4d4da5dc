"""The definitions and profiles are found, from any working directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import package_data


def test_a_checkout_uses_the_folders_that_people_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    checkout = Path(package_data.__file__).parent.parent
    assert package_data.mappings() == checkout / "mappings"
    assert package_data.profiles() == checkout / "profiles"


def test_an_installed_package_uses_its_own_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_mappings").mkdir()
    monkeypatch.setattr(package_data, "_PACKAGE", tmp_path)
    assert package_data.mappings() == tmp_path / "_mappings"
