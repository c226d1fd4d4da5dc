"""Over real HTTP: who may use /ops and /metrics, what is told, and is bad input refused without changing anything?"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from typer.testing import CliRunner

from gateway.app import create_app
from gateway.cli import cli
from gateway.errors import CATALOGUE
from gateway.settings import Settings
from gateway.settings_load import from_content
from tests.support.live_server import live_server
from tests.support.messages import CANARIES, NURSING, WARD, Admission
from tests.support.two_partners import HOSPITAL_SECRET, MUNICIPALITY_SECRET, client_of, configured, post_xml

OPERATOR = "the-operators-own-secret"
ACT = {"by": "Kari Drift", "why": "mottakeren ba om det"}
LIMIT_S = 60.0


def with_operator(folder: Path) -> Settings:
    """A municipality that cannot be reached soon goes to a person; operators show a secret."""
    made = configured(folder)
    hospital, municipality = made.partner
    endpoint = municipality.endpoint[0].model_copy(
        update={
            "transport": "http",
            "url": "http://127.0.0.1:9/messages",
            "give_up_after_s": 0.2,
            "first_wait_s": 0.02,
        }
    )
    secret = {"bearer_sha256": hashlib.sha256(OPERATOR.encode()).hexdigest()}
    more = from_content({"operator": secret, "retention": {"bodies_days": 30, "metadata_days": 60}})
    partners = (hospital, municipality.model_copy(update={"endpoint": (endpoint,)}))
    return made.model_copy(
        update={"partner": partners, "operator": more.operator, "retention": more.retention}
    )


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with live_server(create_app(with_operator(tmp_path_factory.mktemp("gateway")))) as url:
        yield url


@pytest.fixture
def operator(base_url: str) -> Iterator[httpx.Client]:
    with client_of(base_url, OPERATOR) as client:
        yield client


@pytest.fixture
def dead(base_url: str, operator: httpx.Client) -> dict[str, Any]:
    """A dead letter of its own."""
    with client_of(base_url, HOSPITAL_SECRET) as hospital:
        id = post_xml(hospital, Admission().xml).json()["id"]

    def found() -> dict[str, Any] | None:
        letters = operator.get("/ops/dead-letters", params={"limit": 500}).json()["deadLetters"]
        return next((each for each in letters if each["message"] == id), None)

    letter = until(found)
    assert isinstance(letter, dict)
    return letter


def until(question: Callable[[], Any]) -> Any:
    """Ask until the answer is true; the gateway is another thread, and says nothing by itself over HTTP."""
    end = time.monotonic() + LIMIT_S
    while not (answer := question()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return answer


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    content: dict[str, Any] = answer.json()
    assert (content["code"], content["title"]) == (code, CATALOGUE[code].en)
    assert content["nextStep"]["en"]
    return content


# --- who may


@pytest.mark.parametrize("path", ["/ops/partners", "/ops/alarms", "/ops/check", "/ops/nothing", "/metrics"])
@pytest.mark.parametrize(
    ("secret", "code"),
    [
        (None, "operations.no-credential"),
        (HOSPITAL_SECRET, "operations.unknown-credential"),
        ("wrong", "operations.unknown-credential"),
    ],
)
def test_only_operators(base_url: str, path: str, secret: str | None, code: str) -> None:
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    answer = httpx.get(base_url + path, headers=headers, trust_env=False, timeout=60)
    if path == "/ops/nothing":
        problem(answer, 404, "api.not-found")
    else:
        problem(answer, 401, code)
        assert "bearer" in answer.headers["www-authenticate"].lower()


def test_a_partner_cannot_act(base_url: str, dead: dict[str, Any], operator: httpx.Client) -> None:
    path = f"/ops/deliveries/{dead['delivery']}"
    with client_of(base_url, MUNICIPALITY_SECRET) as partner:
        problem(partner.post(f"{path}/cancel", json=ACT), 401, "operations.unknown-credential")
    assert operator.get(path).json()["state"] == "handed"


def test_without_a_secret_only_this_machine_by_its_own_name(tmp_path: Path) -> None:
    with (
        live_server(create_app(configured(tmp_path))) as url,
        httpx.Client(trust_env=False, timeout=60) as client,
    ):
        assert client.get(f"{url}/ops/partners").status_code == 200
        assert client.get(f"{url}/metrics").status_code == 200
        foreign = client.get(f"{url}/ops/partners", headers={"Host": "evil.example"})
        problem(foreign, 401, "operations.no-credential")
        shown = client.get(f"{url}/ops/partners", headers={"Authorization": f"Bearer {OPERATOR}"})
        problem(shown, 401, "operations.unknown-credential")


# --- what is told


def test_a_dead_letter_says_why_whose_move_it_is_and_what_can_be_done(
    operator: httpx.Client, dead: dict[str, Any], silence: list[str]
) -> None:
    assert (dead["state"], dead["deadLetter"], dead["reason"]) == ("handed", True, "routing.not-deliverable")
    assert (dead["owner"], dead["receiver"], dead["sender"]) == ("us", NURSING, WARD)
    assert dead["nextStep"]["en"] == CATALOGUE["routing.not-deliverable"].next_step_en
    assert dead["actions"] == ["resend", "redirect", "cancel", "hand-over"]
    one = operator.get(f"/ops/deliveries/{dead['delivery']}").json()
    assert one == dead
    for path in ("/ops/partners", "/ops/queue", "/ops/dead-letters", "/ops/alarms?all=true", "/ops/check"):
        silence.append(operator.get(path).text)
    silence.append(operator.get("/metrics").text)


def test_lists_are_narrowed_and_paged(operator: httpx.Client, dead: dict[str, Any]) -> None:
    def listed(**wanted: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = operator.get("/ops/dead-letters", params=wanted).json()["deadLetters"]
        return found

    assert dead in listed(receiver=NURSING, type="LOG_INNLAGT", reason="routing.not-deliverable")
    assert listed(receiver="1") == listed(type="EPIKRISE") == listed(until="2020-01-01T00:00:00Z") == []
    answer = operator.get("/ops/dead-letters", params={"limit": 1}).json()
    assert len(answer["deadLetters"]) == 1
    following = operator.get("/ops/dead-letters", params={"limit": 500, "before": answer["before"]}).json()
    assert answer["deadLetters"][0] not in following["deadLetters"]


def test_acting_over_http(operator: httpx.Client, dead: dict[str, Any]) -> None:
    path, headers = f"/ops/deliveries/{dead['delivery']}", {"Idempotency-Key": str(uuid4())}
    done = operator.post(f"{path}/hand-over", json=ACT, headers=headers)
    assert (done.status_code, done.json()["deadLetter"], done.json()["actions"]) == (200, False, [])
    assert operator.post(f"{path}/hand-over", json=ACT, headers=headers).json() == done.json()
    problem(operator.post(f"{path}/hand-over", json=ACT), 409, "operations.state-forbids")
    problem(
        operator.post(f"{path}/hand-over", json={**ACT, "why": "x"}, headers=headers),
        409,
        "operations.key-reused",
    )


def test_partners_and_holds(operator: httpx.Client) -> None:
    told = operator.get("/ops/partners").json()["partners"]
    assert [each["name"] for each in told] == ["Sykehuset", "Kommunen"]
    endpoint = told[1]["endpoints"][0]
    assert (endpoint["id"], endpoint["host"], endpoint["transport"]) == (NURSING, "127.0.0.1:9", "http")
    path = f"/ops/endpoints/{NURSING}"
    for what, condition in (("pause", "paused"), ("drain", "drained")):
        answer = operator.post(f"{path}/{what}", json=ACT).json()
        assert answer["condition"] == condition
        assert (answer["hold"]["by"], answer["hold"]["why"]) == (ACT["by"], ACT["why"])
        assert operator.get(path).json() == answer
    assert operator.post(f"{path}/resume", json=ACT).json()["hold"] is None


def test_replay_over_http(operator: httpx.Client, dead: dict[str, Any]) -> None:
    selection = {"selection": {"receiver": NURSING, "state": "handed", "type": "LOG_INNLAGT"}}
    shown = operator.post("/ops/replays/preview", json=selection).json()
    assert shown["resend"] == shown["selected"] >= 1
    assert {each["sameId"] for each in shown["deliveries"]} == {True}
    problem(
        operator.post("/ops/replays", json={**selection, **ACT, "preview": "0" * 32}),
        409,
        "operations.preview-outdated",
    )
    begun = operator.post("/ops/replays", json={**selection, **ACT, "preview": shown["preview"]})
    assert begun.status_code == 202
    id = begun.json()["id"]
    until(lambda: operator.get(f"/ops/replays/{id}").json()["done"])
    problem_or_stopped = operator.post(f"/ops/replays/{id}/stop", json=ACT)
    assert problem_or_stopped.status_code in (200, 409)
    told = operator.get(f"/ops/replays/{id}").json()
    assert told["state"] in ("stopped", "done")
    assert told["deliveries"][0]["outcome"] == "resent"
    assert id in [each["id"] for each in operator.get("/ops/replays").json()["replays"]]


def test_alarms_metrics_retention_and_check(operator: httpx.Client, dead: dict[str, Any]) -> None:
    def alarm() -> dict[str, Any] | None:
        found = operator.get("/ops/alarms?limit=500").json()["alarms"]
        return next((each for each in found if each["delivery"] == dead["delivery"]), None)

    told = until(alarm)
    assert (told["kind"], told["state"], told["message"]) == ("dead-letter", "open", dead["message"])
    assert operator.get(f"/ops/alarms/{told['id']}").json() == told
    metrics = operator.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    figures = dict(line.rsplit(" ", 1) for line in metrics.text.splitlines() if not line.startswith("#"))
    assert float(figures['somlos_deliveries{state="dead"}']) >= 1
    assert float(figures['somlos_alarms{kind="dead-letter"}']) >= 1
    assert float(figures["somlos_messages_total"]) >= 1
    assert float(figures[f'somlos_endpoint_queued{{endpoint="{NURSING}"}}']) >= 0
    for line in metrics.text.splitlines():
        assert line.startswith(("# HELP somlos_", "# TYPE somlos_", "somlos_"))
    due = {"bodiesDays": 30, "metadataDays": 60, "bodies": 0, "messages": 0, "said": 0}
    assert operator.get("/ops/retention").json() == due
    assert operator.post("/ops/retention/run", json=ACT).json() == due
    checked = operator.get("/ops/check").json()
    assert checked["well"], checked["findings"]


# --- bad input changes nothing

BAD_BODIES: list[tuple[Any, str | None]] = [
    ({}, "by"),
    ({"by": "Kari"}, "why"),
    ({**ACT, "by": ""}, "by"),
    ({**ACT, "why": "   "}, "why"),
    ({**ACT, "why": "x" * 301}, "why"),
    ({**ACT, "why": "a\nb"}, "why"),
    ({**ACT, "why": 7}, "why"),
    ({**ACT, CANARIES[0]: CANARIES[1]}, None),
    ([], None),
    ("text", None),
]


@pytest.mark.parametrize("action", ["resend", "redirect", "cancel", "hand-over"])
@pytest.mark.parametrize(("body", "path"), BAD_BODIES)
def test_bad_bodies(
    operator: httpx.Client,
    dead_once: dict[str, Any],
    silence: list[str],
    action: str,
    body: Any,
    path: str | None,
) -> None:
    content = {"to": WARD, **body} if action == "redirect" and isinstance(body, dict) else body
    answer = operator.post(f"/ops/deliveries/{dead_once['delivery']}/{action}", json=content)
    told = problem(answer, 400, "api.bad-parameter")
    assert told.get("path") == path
    silence.append(answer.text)
    assert operator.get(f"/ops/deliveries/{dead_once['delivery']}").json() == dead_once


@pytest.fixture(scope="module")
def dead_once(base_url: str) -> dict[str, Any]:
    """One dead letter for all tests that must not change it."""
    with client_of(base_url, OPERATOR) as operator, client_of(base_url, HOSPITAL_SECRET) as hospital:
        id = post_xml(hospital, Admission(number="14834120187").xml).json()["id"]
        letters = until(
            lambda: [
                each
                for each in operator.get("/ops/dead-letters?limit=500").json()["deadLetters"]
                if each["message"] == id
            ]
        )
        found: dict[str, Any] = letters[0]
        return found


@pytest.mark.parametrize(
    ("action", "more", "status", "code"),
    [
        ("redirect", {"to": "99999999"}, 422, "operations.not-configured"),
        ("redirect", {"to": NURSING}, 422, "operations.same-receiver"),
        ("redirect", {"to": "http://evil.example"}, 400, "api.bad-parameter"),
        ("redirect", {}, 400, "api.bad-parameter"),
        ("cancel", {"why": "gjelder 14834120187"}, 422, "operations.note-has-number"),
        ("cancel", {"why": "gjelder 148341 20187"}, 422, "operations.note-has-number"),
        ("resend", {"again": "perhaps"}, 400, "api.bad-parameter"),
        ("explode", {}, 404, "api.not-found"),
    ],
)
def test_refused_actions_change_nothing(
    operator: httpx.Client,
    dead_once: dict[str, Any],
    action: str,
    more: dict[str, Any],
    status: int,
    code: str,
) -> None:
    path = f"/ops/deliveries/{dead_once['delivery']}"
    problem(operator.post(f"{path}/{action}", json={**ACT, **more}), status, code)
    assert operator.get(path).json() == dead_once


def test_other_refusals(operator: httpx.Client, dead_once: dict[str, Any]) -> None:
    path = f"/ops/deliveries/{dead_once['delivery']}/cancel"
    plain = operator.post(path, content=json.dumps(ACT), headers={"content-type": "text/plain"})
    problem(plain, 415, "api.media-type")
    unnamed = operator.post(path, content=json.dumps(ACT))
    problem(unnamed, 415, "api.media-type")
    large = operator.post(path, json={**ACT, "why": "x" * 70_000})
    problem(large, 413, "api.body-too-large")
    key = operator.post(path, json=ACT, headers={"Idempotency-Key": "a b"})
    problem(key, 400, "api.bad-parameter")
    for number in ("0", "999999", "x", "-1", "9" * 30):
        problem(operator.get(f"/ops/deliveries/{number}"), 404, "api.not-found")
        problem(operator.post(f"/ops/deliveries/{number}/cancel", json=ACT), 404, "api.not-found")
    for her_id in ("1", "x"):
        problem(operator.get(f"/ops/endpoints/{her_id}"), 404, "api.not-found")
        problem(operator.post(f"/ops/endpoints/{her_id}/pause", json=ACT), 404, "api.not-found")
    for query in (
        "limit=0",
        "limit=x",
        "state=nowhere",
        "since=2026-01-01T00:00:00",
        "what=1",
        "limit=1&limit=2",
    ):
        problem(operator.get(f"/ops/queue?{query}"), 400, "api.bad-parameter")
    for selection in ({"selection": {"state": "x"}}, {"selection": {}, "perSecond": 0}, {}):
        problem(operator.post("/ops/replays/preview", json=selection), 400, "api.bad-parameter")
    problem(operator.get("/ops/replays/999"), 404, "api.not-found")
    problem(operator.post("/ops/replays/999/stop", json=ACT), 404, "api.not-found")
    assert operator.get(f"/ops/deliveries/{dead_once['delivery']}").json() == dead_once


def test_nothing_that_changes_state_is_a_get(operator: httpx.Client) -> None:
    paths = operator.get("/openapi.json").json()["paths"]
    own = {path: methods for path, methods in paths.items() if path.startswith("/ops")}
    assert len(own) >= 20
    for path, methods in own.items():
        assert set(methods) <= {"get", "post"}
        for method, described in methods.items():
            assert described.get("summary")
            assert described.get("description")
            assert {"400", "401", "409"} <= set(described["responses"])
            if method == "post":
                assert described["requestBody"]["content"]["application/json"]["schema"]["properties"]
        if "post" in methods:
            filled = path.replace("{id}", "1").replace("{her_id}", NURSING)
            if "get" not in methods:
                answer = operator.get(filled)
                assert answer.status_code in (404, 405), path


# --- the command line


def run(base_url: str, *arguments: str, secret: str = OPERATOR) -> Any:
    environment = {"SOMLOS_ADDRESS": base_url, "SOMLOS_OPERATOR_SECRET": secret, "LC_ALL": "C.UTF-8"}
    return CliRunner().invoke(cli, ["ops", *arguments], env=environment)


def test_commands(base_url: str, operator: httpx.Client, dead: dict[str, Any], silence: list[str]) -> None:
    number = str(dead["delivery"])
    for command in (
        ["partners"],
        ["queue"],
        ["dead-letters"],
        ["alarms", "--all"],
        ["replays"],
        ["retention"],
    ):
        done = run(base_url, *command)
        assert done.exit_code == 0, done.output
        told = run(base_url, *command, "--json")
        assert isinstance(json.loads(told.stdout), dict)
        silence += [done.output, told.output]
    letters = run(base_url, "dead-letters", "--limit", "500").stdout.splitlines()
    assert any(line.split()[0] == number and dead["message"] in line for line in letters)
    for some in ("dead-letters", "alarms"):
        told = run(base_url, some, "--limit", "1", "--lang", "en")
        assert "There may be more than are shown." in told.output
    assert "said at the API" in run(base_url, "retention").stdout
    shown = run(base_url, "replay", "--preview", "--receiver", NURSING, "--state", "handed", "--json")
    assert json.loads(shown.stdout.splitlines()[0])["resend"] >= 1
    held = run(base_url, "pause", NURSING, "--why", "vedlikehold", "--by", "Kari")
    assert (held.exit_code, "paused" in held.output) == (0, True)
    assert run(base_url, "resume", NURSING, "--why", "ferdig").exit_code == 0
    done = run(base_url, "hand-over", number, "--why", "levert på papir", "--json")
    assert json.loads(done.stdout)["deadLetter"] is False
    checked = run(base_url, "check")
    assert checked.exit_code == 0, checked.output
    assert "as it must be" in checked.output


def test_a_whole_replay_from_the_command_line(base_url: str, dead: dict[str, Any]) -> None:
    chosen = ["--receiver", NURSING, "--state", "handed", "--per-second", "100"]
    shown = json.loads(run(base_url, "replay", "--preview", *chosen, "--json").stdout.splitlines()[0])
    done = run(base_url, "replay", *chosen, "--go", shown["preview"], "--why", "prøver igjen", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["total"] == shown["resend"]


def test_commands_that_are_refused(base_url: str, dead: dict[str, Any], operator: httpx.Client) -> None:
    number = str(dead["delivery"])
    wrong = run(base_url, "partners", secret="wrong")
    assert (wrong.exit_code, "operations.unknown-credential" in wrong.output) == (1, True)
    nowhere = run("http://127.0.0.1:9", "partners")
    assert (nowhere.exit_code, "operations.unreachable" in nowhere.output) == (1, True)
    same = run(base_url, "redirect", number, "--to", NURSING, "--why", "x")
    assert (same.exit_code, "operations.same-receiver" in same.output) == (1, True)
    assert run(base_url, "cancel", number).exit_code == 2
    assert run(base_url, "cancel", "x", "--why", "y").exit_code == 2
    assert run(base_url, "pause", "../x", "--why", "y").exit_code == 2
    assert run(base_url, "replay").exit_code == 2
    assert run(base_url, "replay", "--preview", "--go", "x").exit_code == 2
    assert run(base_url, "retention", "--run").exit_code == 2
    norwegian = run(base_url, "redirect", number, "--to", NURSING, "--why", "x", "--lang", "no")
    assert CATALOGUE["operations.same-receiver"].no in norwegian.output
    assert operator.get(f"/ops/deliveries/{number}").json() == dead
