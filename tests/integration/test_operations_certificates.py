"""Is a certificate's end one alarm, closed once it has been renewed, and does the report of a deviation tell of it?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.certificates import certificate_of
from gateway.ledger import times
from gateway.ledger.certificates import Known
from gateway.operations import deviation
from gateway.settings import Settings
from tests.support.certificates import Authority, Issued
from tests.support.plain import NURSING, House, Scripted, message, running, settings

DAY = timedelta(days=1)
TOWN_URL = "https://town.invalid/messages"
ENDING, ENDED = "certificate-ending", "certificate-ended"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def town(folder: Path, *, certificate_days: int = 30, **files: Path) -> Settings:
    endpoint = {"transport": "http", "url": TOWN_URL, **{key: str(file) for key, file in files.items()}}
    made = settings(folder, town={"endpoint": endpoint})
    alarm = made.alarm.model_copy(update={"certificate_days": certificate_days})
    return made.model_copy(update={"alarm": alarm})


def known(house: House) -> dict[str, str]:
    return {each.kind: each.certificate.fingerprint for each in house.services.operations.certificates()}


def alarms(house: House) -> list[tuple[str, bool]]:
    found = house.services.operations.reader.alarms(all=True)[::-1]
    return [(each.kind, each.closed_at is not None) for each in found]


async def until_alarms(house: House, *expected: tuple[str, bool]) -> None:
    await house.until_true(lambda: alarms(house) == list(expected))


@pytest.mark.usefixtures("store")
async def test_one_that_ends_soon_is_one_alarm_until_it_is_renewed(
    tmp_path: Path, authority: Authority
) -> None:
    old, new = authority.issue(ends=20 * DAY), authority.issue(ends=400 * DAY)
    files = {"signing_certificate": old.certificate, "encryption_certificate": old.certificate}
    for _ in range(2):  # a restart opens nothing anew
        async with running(town(tmp_path, **files)) as house:
            await until_alarms(house, (ENDING, False))
            (alarm,) = house.services.operations.reader.alarms()
            assert (alarm.code, alarm.receiver_her) == (f"operations.{ENDING}", NURSING)
            await house.services.operations._background.look()
            assert alarms(house) == [(ENDING, False)], "two uses of one certificate are one alarm"
    async with running(
        town(tmp_path, signing_certificate=new.certificate, encryption_certificate=old.certificate)
    ) as house:
        await house.until_true(lambda: known(house).get("signing") == certificate_of(new.der).fingerprint)
        await house.services.operations._background.look()
        assert alarms(house) == [(ENDING, False)], "the other use still has the old one"
    async with running(town(tmp_path, signing_certificate=new.certificate)) as house:
        await until_alarms(house, (ENDING, True))
        assert known(house) == {"signing": certificate_of(new.der).fingerprint}
        await house.services.operations._background.look()
        assert alarms(house) == [(ENDING, True)]


async def test_when_it_has_ended_the_warning_gives_way_to_the_alarm(
    tmp_path: Path, authority: Authority
) -> None:
    soon = authority.issue(ends=2 * DAY)
    async with running(town(tmp_path, signing_certificate=soon.certificate)) as house:
        await until_alarms(house, (ENDING, False))
        ledger = house.services.ledger
        present = ledger.clock
        ledger.clock = lambda: present() + times.seconds(3 * 86_400)  # type: ignore[method-assign]
        await house.services.operations._background.look()
        assert alarms(house) == [(ENDING, True), (ENDED, False)]
        await house.services.operations._background.look()
        assert alarms(house) == [(ENDING, True), (ENDED, False)]


async def test_how_long_before_is_a_setting(tmp_path: Path, authority: Authority) -> None:
    soon = authority.issue(ends=20 * DAY)
    configured = town(tmp_path, signing_certificate=soon.certificate, certificate_days=10)
    async with running(configured) as house:
        await house.until_true(lambda: "signing" in known(house))
        await house.services.operations._background.look()
        assert alarms(house) == []


async def test_what_a_server_shows_is_kept_and_followed(tmp_path: Path, authority: Authority) -> None:
    old, new = authority.issue(ends=3 * DAY), authority.issue(ends=400 * DAY)
    transport = Scripted()
    async with running(town(tmp_path), transport) as house:
        await house.until(await house.accepted(message("m-1")), "sent")
        assert known(house) == {}
        await shown(house, transport, old)
        await until_alarms(house, (ENDING, False))
        await shown(house, transport, new)
        await until_alarms(house, (ENDING, True))
    async with running(town(tmp_path)) as house:
        assert known(house) == {"server": certificate_of(new.der).fingerprint}, "a restart forgets nothing"
        (endpoint,) = [each for each in house.services.operations.endpoints() if each.id == NURSING]
        assert [each.kind for each in endpoint.certificates] == ["server"]
    async with running(settings(tmp_path)) as house:  # no TLS any more
        await house.until_true(lambda: known(house) == {})


async def shown(house: House, transport: Scripted, issued: Issued) -> None:
    transport.certificates[TOWN_URL] = issued.der
    await house.services.operations._background.look()
    assert known(house) == {"server": certificate_of(issued.der).fingerprint}


async def test_one_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    transport = Scripted()
    transport.certificates[TOWN_URL] = b"nothing of the kind"
    async with running(town(tmp_path), transport) as house:
        await house.until(await house.accepted(message("m-1")), "sent")
        await house.services.operations._background.look()
        assert known(house) == {}


async def test_the_report_of_a_deviation_has_the_certificates(tmp_path: Path, authority: Authority) -> None:
    issued = authority.issue(ends=20 * DAY)
    async with running(town(tmp_path, signing_certificate=issued.certificate)) as house:
        id = await house.accepted(message("m-1"))
        await house.until(id, "sent")
        await house.until_true(lambda: "signing" in known(house))
        made = report(house, id, house.services.operations.certificates())
        (certificate,) = made["deliveries"][0]["certificates"]
        assert (certificate["use"], certificate["subject"]) == ("signing", "Lyngmo kommune (974760673)")
        assert certificate["issuer"] == "Prøveutstederen AS"
        assert certificate["heldWhenSent"] is True
        text = deviation.as_text(made)
        assert "mottakerens for signering: Lyngmo kommune (974760673), utstedt av Prøveutstederen AS" in text
        assert certificate["validTo"] in text
        assert certificate["sha256"] in text
        assert "gjaldt ved sending" in text
        nothing = deviation.as_text(report(house, id, ()))
        assert "Sertifikat:        ikke kjent her" in nothing


def report(house: House, id: str, certificates: tuple[Known, ...]) -> dict[str, Any]:
    found = house.reader.message(id)
    assert found is not None
    partners, now = house.services.partners, datetime.now(UTC)
    return deviation.report(house.reader, partners, certificates, found, "http://x/", now)
