"""Does a fault of ours in one input stop the others, or leave a trace of what was in it?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway import translate
from gateway.commands import convert, roundtrip
from gateway.commands.inputs import gather
from gateway.commands.outputs import Outputs
from tests.support.story import told

TOLD = told()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, key in (("a", "innlagt"), ("b", "klar")):
        (tmp_path / f"{name}.xml").write_bytes(TOLD[key].body)
    return tmp_path


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A translation that fails, with content in its words, for the first message only."""
    real_convert, real_roundtrip = translate.convert, translate.roundtrip
    calls: list[int] = []

    def failing(real):  # type: ignore[no-untyped-def]
        def call(*arguments):  # type: ignore[no-untyped-def]
            calls.append(1)
            if len(calls) == 1:
                raise RuntimeError("Fjelltun 14834120012")
            return real(*arguments)

        return call

    monkeypatch.setattr(translate, "convert", failing(real_convert))
    monkeypatch.setattr(translate, "roundtrip", failing(real_roundtrip))


@pytest.mark.usefixtures("broken")
def test_roundtrip_goes_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert roundtrip.run(gather([str(folder)]), as_json=True, language="en") == 1
    written = capsys.readouterr()
    first, second = [json.loads(line) for line in written.out.splitlines()]
    assert (first["verdict"], first["issues"][-1]["code"]) == (None, "us.internal")
    assert second["verdict"] == "lossless"
    assert "Fjelltun" not in written.out + written.err


@pytest.mark.usefixtures("broken")
def test_convert_goes_on(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = gather([str(folder)])
    outputs = Outputs(inputs, str(tmp_path / "out"))
    assert convert.run(inputs, outputs, to=None, loss=None, language="en") == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.json"]
    told_to_user = capsys.readouterr().err
    assert "[us.internal]" in told_to_user
    assert "Fjelltun" not in told_to_user
