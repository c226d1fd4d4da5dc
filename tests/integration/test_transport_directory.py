"""Do files come and go complete, once, in order, and never outside the partner's folder?"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from gateway.errors import Unavailable
from gateway.settings import Endpoint
from gateway.transports import folders
from gateway.transports.base import FHIR_JSON, XML, ContentType, Deferred, Delivered, Outgoing
from gateway.transports.directory import DirectoryTransport, file_name
from gateway.transports.inbox import DirectoryInbox, NotTaken

pytestmark = pytest.mark.anyio
CANARY = "14834120012"


def outgoing(
    message_id: str = f"id-{CANARY}", *, sender: str = "88810012", body: bytes = b"<a/>"
) -> Outgoing:
    return Outgoing(body, "application/xml", message_id, "LOG_INNLAGT", "our-id", sender)


def endpoint(path: Path) -> Endpoint:
    return Endpoint(her_ids=("88820011",), transport="directory", format="plo-1.6", path=str(path))


class Hand:
    """Takes files over, or does not, and remembers."""

    def __init__(self, answer: Callable[[bytes], NotTaken | None] = lambda data: None) -> None:
        self.answer = answer
        self.taken: list[tuple[bytes, ContentType]] = []

    async def __call__(self, data: bytes, content_type: ContentType) -> NotTaken | None:
        outcome = self.answer(data)
        self.taken.append((data, content_type))
        return outcome


def put(root: Path, name: str, data: bytes, *, changed: int = 1_000_000_000) -> Path:
    """A finished file in in/, last changed at `changed` seconds."""
    file = root / "in" / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data)
    os.utime(file, (changed, changed))
    return file


async def looks(inbox: DirectoryInbox, number: int = 2) -> int:
    return sum([await inbox.look() for _ in range(number)])


# --- out


async def test_a_message_lies_complete_in_out_under_a_name_that_tells_nothing(tmp_path: Path) -> None:
    outcome = await DirectoryTransport().send(endpoint(tmp_path), outgoing(body=b"<melding/>"))
    (file,) = (tmp_path / "out").iterdir()
    assert outcome == Delivered(reference=file.name)
    assert file.read_bytes() == b"<melding/>"
    assert file.name == file_name(outgoing())
    assert CANARY not in file.name
    assert file.stat().st_mode & 0o777 == 0o640


async def test_the_same_message_again_is_the_same_file(tmp_path: Path) -> None:
    transport = DirectoryTransport()
    for _ in range(3):
        await transport.send(endpoint(tmp_path), outgoing())
    assert len(list((tmp_path / "out").iterdir())) == 1


async def test_two_senders_with_the_same_message_id_are_two_files(tmp_path: Path) -> None:
    transport = DirectoryTransport()
    for sender in ("88810012", "88810013"):
        await transport.send(endpoint(tmp_path), outgoing(sender=sender))
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.parametrize(
    "message_id", ["../../../etc/x", "/etc/passwd", "a\x00b", "..", "æøå" * 500, "\ud800"]
)
async def test_no_message_id_leads_out_of_the_folder(tmp_path: Path, message_id: str) -> None:
    root = tmp_path / "partner"
    root.mkdir()
    assert isinstance(await DirectoryTransport().send(endpoint(root), outgoing(message_id)), Delivered)
    assert [path.name for path in tmp_path.iterdir()] == ["partner"]
    assert len(list((root / "out").iterdir())) == 1


async def test_a_link_in_place_of_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    root = tmp_path / "partner"
    root.mkdir()
    (root / "out").symlink_to(tmp_path / "elsewhere")
    assert await DirectoryTransport().send(endpoint(root), outgoing()) == Deferred(
        "transport.directory-unwritable"
    )
    assert list((tmp_path / "elsewhere").iterdir()) == []


async def test_a_link_in_place_of_the_file_is_replaced_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"keep")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / file_name(outgoing())).symlink_to(target)
    await DirectoryTransport().send(endpoint(tmp_path), outgoing())
    assert target.read_bytes() == b"keep"
    assert not (tmp_path / "out" / file_name(outgoing())).is_symlink()


@pytest.mark.parametrize("path", ["nowhere", "file"])
async def test_a_folder_that_is_none_waits_for_the_configuration(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    outcome = await DirectoryTransport().send(endpoint(tmp_path / path), outgoing())
    assert outcome == Deferred("transport.directory-unwritable")
    assert not (tmp_path / "nowhere").exists()


async def test_a_write_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / "out").mkdir()
    assert await DirectoryTransport().send(endpoint(tmp_path), outgoing()) == Deferred(
        "transport.directory-unwritable"
    )
    assert list((tmp_path / "out").iterdir()) == []


async def test_what_a_crash_left_behind_is_cleared_away_after_an_hour(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / ".old.xml.00aa.tmp").write_bytes(b"half")
    (out / ".new.xml.00bb.tmp").write_bytes(b"half")
    os.utime(out / ".old.xml.00aa.tmp", (1, 1))
    await DirectoryTransport().send(endpoint(tmp_path), outgoing())
    assert sorted(path.name for path in out.iterdir()) == sorted([".new.xml.00bb.tmp", file_name(outgoing())])


# --- in


async def test_files_are_taken_oldest_first_and_put_away(tmp_path: Path) -> None:
    put(tmp_path, "b.xml", b"<second/>", changed=2000)
    put(tmp_path, "a.json", b' \n{"third": 3}', changed=3000)
    put(tmp_path, "c.xml", b"<first/>", changed=1000)
    hand = Hand()
    assert await looks(DirectoryInbox(tmp_path, hand)) == 3
    assert hand.taken == [(b"<first/>", XML), (b"<second/>", XML), (b' \n{"third": 3}', FHIR_JSON)]
    assert list((tmp_path / "in").iterdir()) == []
    assert sorted(path.name for path in (tmp_path / "done").iterdir()) == ["a.json", "b.xml", "c.xml"]


async def test_taken_files_are_deleted_where_that_is_configured(tmp_path: Path) -> None:
    put(tmp_path, "a.xml", b"<a/>")
    assert await looks(DirectoryInbox(tmp_path, Hand(), keep_done=False)) == 1
    assert list((tmp_path / "in").iterdir()) == []
    assert not (tmp_path / "done").exists()


@pytest.mark.parametrize(
    "name", [".a.xml", "~a.xml", "a.xml.tmp", "a.PART", "a.xml.filepart", "a.xml~", "a.lock"]
)
async def test_unfinished_files_are_left_alone(tmp_path: Path, name: str) -> None:
    file = put(tmp_path, name, b"<half")
    assert await looks(DirectoryInbox(tmp_path, Hand()), 3) == 0
    assert file.read_bytes() == b"<half"


async def test_a_file_that_still_grows_is_not_read(tmp_path: Path) -> None:
    hand = Hand()
    inbox = DirectoryInbox(tmp_path, hand)
    for step in range(1, 4):
        put(tmp_path, "a.xml", b"<a>" * step, changed=1000 + step)
        assert await inbox.look() == 0
    assert await inbox.look() == 1
    assert hand.taken == [(b"<a><a><a>", XML)]


async def test_the_file_leaves_only_after_it_was_taken_over(tmp_path: Path) -> None:
    file = put(tmp_path, "a.xml", b"<a/>")
    seen: list[bool] = []
    hand = Hand(lambda data: seen.append(file.exists()))
    await looks(DirectoryInbox(tmp_path, hand))
    assert seen == [True]
    assert not file.exists()


@pytest.mark.parametrize(
    "refusal", [None, NotTaken("xml.doctype", receipt=b"<AppRec/>")], ids=["taken", "refused"]
)
async def test_a_file_that_is_written_anew_meanwhile_is_taken_too(
    tmp_path: Path, refusal: NotTaken | None
) -> None:
    """What lies there when the first has been taken over, or refused, is another message."""
    put(tmp_path, "a.xml", b"<first/>", changed=1000)

    def meanwhile(data: bytes) -> NotTaken | None:
        if data == b"<first/>":
            put(tmp_path, "a.xml", b"<second/>", changed=2000)
            return refusal
        return None

    hand = Hand(meanwhile)
    inbox = DirectoryInbox(tmp_path, hand)
    assert await looks(inbox) == 0
    assert await looks(inbox) == 1
    assert [data for data, _ in hand.taken] == [b"<first/>", b"<second/>"]
    assert [path.read_bytes() for path in (tmp_path / "done").iterdir()] == [b"<second/>"]


async def test_a_refused_file_lies_beside_its_reason_and_the_receipt_goes_out(tmp_path: Path) -> None:
    put(tmp_path, "a.xml", f"<a>{CANARY}</a>".encode())
    refusal = NotTaken("routing.unknown-receiver", receipt=b"<AppRec/>")
    await looks(DirectoryInbox(tmp_path, Hand(lambda data: refusal)))
    reason = (tmp_path / "refused" / "a.xml.reason.json").read_text("utf-8")
    assert json.loads(reason)["code"] == "routing.unknown-receiver"
    assert json.loads(reason)["apprec"] == "E21"
    assert CANARY not in reason
    assert (tmp_path / "refused" / "a.xml").read_bytes() == f"<a>{CANARY}</a>".encode()
    (receipt,) = (tmp_path / "out").iterdir()
    assert receipt.read_bytes() == b"<AppRec/>"


async def test_nothing_in_refused_or_done_is_ever_overwritten(tmp_path: Path) -> None:
    inbox = DirectoryInbox(tmp_path, Hand(lambda data: NotTaken("xml.doctype") if b"!" in data else None))
    for data in (b"<a/>", b"<b/>", b"<!1>", b"<!2>"):
        put(tmp_path, "same.xml", data, changed=int.from_bytes(data[:3]))
        await looks(inbox)
    done = {path.read_bytes() for path in (tmp_path / "done").iterdir()}
    refused = {
        path.read_bytes() for path in (tmp_path / "refused").glob("same.xml*") if path.suffix != ".json"
    }
    assert done == {b"<a/>", b"<b/>"}
    assert refused == {b"<!1>", b"<!2>"}


async def test_too_large_a_file_is_refused_without_being_handed_over(tmp_path: Path) -> None:
    put(tmp_path, "large.xml", b"x" * 101)
    hand = Hand()
    await looks(DirectoryInbox(tmp_path, hand, largest=100))
    assert hand.taken == []
    assert (
        json.loads((tmp_path / "refused" / "large.xml.reason.json").read_bytes())["code"] == "xml.too-large"
    )


async def test_a_link_is_refused_and_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"<secret/>")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.xml").symlink_to(secret)
    os.mkfifo(tmp_path / "in" / "pipe.xml")
    hand = Hand()
    assert await looks(DirectoryInbox(tmp_path, hand)) == 2
    assert hand.taken == []
    assert secret.read_bytes() == b"<secret/>"
    reason = json.loads((tmp_path / "refused" / "a.xml.reason.json").read_bytes())
    assert reason["code"] == "transport.not-a-plain-file"


async def test_a_file_swapped_for_a_link_between_look_and_reading_is_not_followed(tmp_path: Path) -> None:
    file = put(tmp_path, "a.xml", b"<a/>")
    with folders.opened(tmp_path, "in") as folder:
        (found,) = folders.look(folder)
        file.unlink()
        file.symlink_to("/etc/hostname")
        with pytest.raises(OSError, match="symbolic"):
            folders.read_file(folder, found, 100)


async def test_when_the_ledger_is_away_everything_waits_where_it_is(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path, f"{number}.xml", b"<a/>", changed=1000 + number)

    def away(data: bytes) -> None:
        raise Unavailable("us.not-stored")

    hand = Hand(away)
    inbox = DirectoryInbox(tmp_path, hand)
    await inbox.look()
    with pytest.raises(Unavailable):
        await inbox.look()
    assert len(list((tmp_path / "in").iterdir())) == 3
    hand.answer = lambda data: None
    assert await inbox.look() == 3


async def test_one_bad_file_holds_up_no_other_and_its_name_is_not_logged(tmp_path: Path) -> None:
    put(tmp_path, f"Kari-{CANARY}.xml", b"<bad/>", changed=1000)
    put(tmp_path, "good.xml", b"<good/>", changed=2000)

    def answer(data: bytes) -> None:
        if data == b"<bad/>":
            raise RuntimeError(f"what a library says about {CANARY}")

    hand = Hand(answer)
    inbox = DirectoryInbox(tmp_path, hand)
    with structlog.testing.capture_logs() as logs:
        assert await looks(inbox, 5) == 1
    assert [data for data, _ in hand.taken] == [b"<good/>"]
    assert (tmp_path / "in" / f"Kari-{CANARY}.xml").exists()
    assert len(logs) == 1
    assert CANARY not in str(logs)
    assert "Kari" not in str(logs)


async def test_the_watcher_goes_on_through_trouble_until_it_is_cancelled(tmp_path: Path) -> None:
    taken = asyncio.Event()
    root = tmp_path / "partner"

    async def take(data: bytes, content_type: ContentType) -> None:
        taken.set()

    watcher = asyncio.create_task(DirectoryInbox(root, take, poll_seconds=0.005).run())
    with structlog.testing.capture_logs() as logs:
        async with asyncio.timeout(60):
            while not logs:  # the folder is not there yet
                await asyncio.sleep(0.001)
            root.mkdir()
            put(root, "a.xml", b"<a/>")
            await taken.wait()
    assert len(logs) == 1
    watcher.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watcher


async def test_a_name_as_long_as_names_can_be_is_still_put_away(tmp_path: Path) -> None:
    put(tmp_path, "ø" * 125 + ".xml", b"<a/>")
    put(tmp_path, "å" * 125 + ".xml", b"<!>")
    inbox = DirectoryInbox(tmp_path, Hand(lambda data: NotTaken("xml.doctype") if b"!" in data else None))
    assert await looks(inbox) == 2
    assert list((tmp_path / "in").iterdir()) == []
