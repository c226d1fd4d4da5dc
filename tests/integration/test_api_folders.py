"""Does a partner that has nothing but a folder send, receive, get receipts and refusals like any other?"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gateway.app import create_app
from gateway.emessage.read import read
from gateway.translate import facts_of
from tests.support.live_server import live_server
from tests.support.messages import CANARIES, MUNICIPALITY, NURSING, Admission
from tests.support.two_partners import HOSPITAL_SECRET, client_of, configured, post_xml, receipt_for

SECONDS = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The municipality's folder."""
    folder = tmp_path / "kommunen"
    (folder / "in").mkdir(parents=True)
    return folder


@pytest.fixture
def app(tmp_path: Path, folder: Path) -> FastAPI:
    settings = configured(tmp_path)
    hospital, municipality = settings.partner
    (endpoint,) = municipality.endpoint
    endpoint = endpoint.model_copy(update={"transport": "directory", "path": str(folder), "poll_s": 0.02})
    municipality = municipality.model_copy(update={"endpoint": (endpoint,)})
    return create_app(settings.model_copy(update={"partner": (hospital, municipality)}))


@pytest.fixture
def hospital(app: FastAPI) -> Iterator[httpx.Client]:
    with live_server(app) as url, client_of(url, HOSPITAL_SECRET) as client:
        yield client


def eventually(found: Callable[[], bool]) -> None:
    """Wait for what another process would see happen."""
    until = time.monotonic() + SECONDS
    while not found():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


def put(folder: Path, name: str, data: bytes) -> None:
    (folder / "in" / f".{name}").write_bytes(data)
    (folder / "in" / f".{name}").rename(folder / "in" / name)


def files(folder: Path, place: str) -> list[Path]:
    return sorted(path for path in (folder / place).glob("*") if not path.name.startswith("."))


def test_a_message_comes_out_and_its_receipt_goes_home(hospital: httpx.Client, folder: Path) -> None:
    message = Admission()
    id = post_xml(hospital, message.xml).json()["id"]
    eventually(lambda: len(files(folder, "out")) == 1)
    (file,) = files(folder, "out")
    assert file.read_bytes() == message.xml
    assert not any(canary in file.name for canary in (*CANARIES, message.message_id))
    put(folder, "kvittering.xml", receipt_for(message))
    eventually(lambda: [path.name for path in files(folder, "done")] == ["kvittering.xml"])
    assert files(folder, "in") == []
    (delivery,) = hospital.get(f"/messages/{id}").json()["deliveries"]
    assert delivery["state"] == "acknowledged"


def test_a_message_put_into_the_folder_is_accepted_once(hospital: httpx.Client, folder: Path) -> None:
    message = Admission(sender=(MUNICIPALITY, NURSING), receiver=("88810001", "88810012"))
    put(folder, "a.xml", message.xml)
    put(folder, "again.xml", message.xml)
    eventually(lambda: len(files(folder, "done")) == 2)
    assert files(folder, "refused") == []


def test_what_is_refused_lies_beside_its_reason_and_a_negative_receipt_comes_out(
    hospital: httpx.Client, folder: Path
) -> None:
    message = Admission(sender=(MUNICIPALITY, NURSING), receiver=("88840001", "88840002"))
    put(folder, "a.xml", message.xml)
    put(folder, "b.xml", Admission().xml)  # in the hospital's name: the folder does not cover it
    put(folder, "c.xml", b"no message at all")
    eventually(lambda: len(files(folder, "refused")) == 6)
    codes = [
        json.loads(path.read_bytes())["code"] for path in files(folder, "refused") if path.suffix == ".json"
    ]
    assert codes == ["routing.unknown-receiver", "routing.sender-not-covered", "xml.not-well-formed"]
    for path in files(folder, "refused"):
        assert path.suffix != ".json" or not any(canary in path.read_text("utf-8") for canary in CANARIES)
    (file,) = files(folder, "out")  # none for what could not be read, none in answer to a borrowed name
    receipt = facts_of(read(file.read_bytes())).receipt
    assert receipt is not None
    assert (receipt.original_message_id, receipt.errors[0].code) == (message.message_id, "E21")


def test_what_stays_in_the_folder_is_an_alarm_until_it_is_taken_over(
    app: FastAPI, hospital: httpx.Client, folder: Path
) -> None:
    def is_told(*expected: tuple[str, bool]) -> bool:
        post_xml(hospital, Admission().xml)  # alarms are looked for after a commit
        alarms = app.state.services.operations.reader.alarms(all=True)
        return {(each.kind, each.closed_at is not None) for each in alarms} == set(expected)

    (folder / "done").write_text("no folder: nothing can be put away")
    put(folder, "a.xml", Admission(sender=(MUNICIPALITY, NURSING), receiver=("88810001", "88810012")).xml)
    eventually(lambda: is_told(("inbox-stuck", False)))
    (folder / "done").unlink()
    eventually(lambda: is_told(("inbox-stuck", True)))
    assert [path.name for path in files(folder, "done")] == ["a.xml"]
