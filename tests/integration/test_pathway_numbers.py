"""Is as much counted of what waits in pathways as there is, however much it is, and is it all behind the number?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gateway.accounts.roles import RIGHTS, Viewer
from gateway.console.home import home
from gateway.console.pathways import pathways
from gateway.console.texts import Texts
from tests.integration.test_api_fhir_resources import STORY
from tests.integration.test_api_operations import run
from tests.support import stores
from tests.support.pathway_house import OPERATOR, PathwayHouse, pathway_house

MANY = 230
EVERYBODY = Viewer(None, frozenset(RIGHTS))
COLUMNS = (
    "stay_id, municipality_her, kind, owner_her, about, started_at, started_is_day, due_at, warn_at, {state},"
    " stopped_at, stopped_by, source, notes, alarmed, {settled_at}"
)
CLOCKS = (
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many})"
    " INSERT INTO clocks (clock_id, "
    + COLUMNS.format(state="state, state_after", settled_at="settled_at")
    + ")"
    " SELECT '{name}' || i, " + COLUMNS + " FROM (SELECT * FROM clocks WHERE due_at < {now} LIMIT 1) c, n"
)


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PathwayHouse]:
    day = date.today() - timedelta(days=6)
    if request.param == "sqlite":
        with pathway_house(tmp_path, day) as made:
            yield made
    elif not stores.has_postgres():
        pytest.skip(stores.WITHOUT_POSTGRES)
    else:
        with stores.on_postgres(), pathway_house(tmp_path, day) as made:
            yield made


def write(house: PathwayHouse, *statements: str) -> None:
    """Change rows as they are."""

    async def done() -> None:
        for each in statements:
            await house.services.ledger.write(lambda session, each=each: session._connection.execute(each))

    asyncio.run_coroutine_threadsafe(done(), house.services.ledger._listeners[0][0]).result()


def clocks(house: PathwayHouse, name: str, many: int, state: str, settled_at: str = "NULL") -> str:
    """Deadlines like one of the story, in another state."""
    now = house.services.ledger.clock()
    return CLOCKS.format(name=name, many=many, now=now, state=state, settled_at=settled_at)


def numbers(house: PathwayHouse) -> dict[str, int]:
    view = home(house.services, EVERYBODY, datetime.now(UTC), Texts("en"))
    return {section.name: section.number for section in view.sections}


def test_all_that_waits_is_counted(house: PathwayHouse) -> None:
    """The front page counted two hundred at most, and an operator was shown a hundred as if that were all."""
    house.hand_in(*STORY)
    before = numbers(house)
    with house.client("operator") as operator:
        due = operator.get("/ops/pathways/due").json()
        assert due["total"] == {name: len(due[name]) for name in ("clocks", "tasks", "unanswered")}
        write(house, clocks(house, "x", MANY, "'running', 'missed'"))
        assert numbers(house)["clocks"] == before.get("clocks", 0) + MANY
        after = operator.get("/ops/pathways/due").json()
    assert after["total"] == {**due["total"], "clocks": due["total"]["clocks"] + MANY}
    assert len(after["clocks"]) == 100
    told = run(house.url, "due", secret=OPERATOR).stdout
    assert str(after["total"]["clocks"]) in told
    state = run(house.url, "pathways", secret=OPERATOR).stdout.splitlines()
    assert state[1].split() == ["0", "0", "2", "0"]
    assert run(house.url, "rebuild", "--why", "prøve", secret=OPERATOR).exit_code == 0


def test_what_nobody_has_dealt_with_is_behind_the_number_and_nothing_else(house: PathwayHouse) -> None:
    """The list held deadlines that were met too late, or that a person had settled."""
    house.hand_in(*STORY)
    write(house, "UPDATE clocks SET settled_at = 1")
    assert "clocks" not in numbers(house)

    def listed(missed: str) -> int:
        asked, now = {"missed": missed}, datetime.now(UTC)
        return len(pathways(house.services, EVERYBODY, asked, now, Texts("en")).stays)

    write(house, clocks(house, "late", 1, "'missed', 'missed'"))
    assert (listed("undone"), listed("1")) == (0, 1)
    write(house, clocks(house, "undone", 1, "'running', 'missed'"))
    assert (numbers(house)["clocks"], listed("undone")) == (1, 1)
    view = home(house.services, EVERYBODY, datetime.now(UTC), Texts("en"))
    assert [each.all for each in view.sections if each.name == "clocks"] == [
        "/console/pathways?missed=undone"
    ]
