"""What holds for every request, whatever intake says? Sizes, types, credentials, headers, failures; over real
HTTP.

Intake is a stand-in here, so that it can fail as the real one never should; `test_api_refusals.py` has the
real one.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import structlog

from gateway.api import create_api
from gateway.errors import CATALOGUE, Unavailable
from gateway.routing.credentials import Credential, Credentials
from gateway.routing.outcomes import Accepted, Duplicate, IntakeOutcome, Refused
from gateway.services import GatewayServices
from gateway.settings import Settings
from gateway.settings_load import from_content
from tests.support.live_server import live_server
from tests.support.messages import CANARIES, CANARY_NUMBER, Admission

SECRET = "the-hospital's-own-secret"
LIMIT = 1_000_000
ID = "0190a1b2-0000-7000-8000-000000000001"


class Intake:
    """Answers as it is told, and remembers."""

    def __init__(self) -> None:
        self.answer: IntakeOutcome | Exception = Accepted(ID, "msg-1")
        self.got: list[tuple[bytes, str, Credential | None]] = []

    async def accept(self, data: bytes, content: str, credential: Credential | None) -> IntakeOutcome:
        self.got.append((data, content, credential))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Reader:
    """Holds nothing, or fails."""

    def message(self, id: str) -> None:
        if id == "broken":
            raise RuntimeError(f"database words about {CANARY_NUMBER}")


def settings() -> Settings:
    partner = {
        "name": "Sykehuset",
        "her_ids": ["88810001", "88810012"],
        "bearer_sha256": hashlib.sha256(SECRET.encode()).hexdigest(),
    }
    return from_content({"gateway": {"max_body_bytes": LIMIT}, "partner": [partner]})


@pytest.fixture(scope="module")
def intake() -> Intake:
    return Intake()


@pytest.fixture(scope="module")
def parts() -> SimpleNamespace:
    return SimpleNamespace(ledger=SimpleNamespace(is_ready=True), dispatcher=SimpleNamespace(is_running=True))


def services_of(intake: Intake, parts: SimpleNamespace) -> GatewayServices:
    configured = settings()
    found = SimpleNamespace(
        settings=configured,
        credentials=Credentials(configured),
        intake=intake,
        reader=Reader(),
        projector=None,
        **vars(parts),
    )
    return cast(GatewayServices, found)


@pytest.fixture(scope="module")
def base_url(intake: Intake, parts: SimpleNamespace) -> Iterator[str]:
    with live_server(create_api(services_of(intake, parts))) as url:
        yield url


@pytest.fixture
def client(base_url: str, intake: Intake) -> Iterator[httpx.Client]:
    intake.answer = Accepted(ID, "msg-1")
    intake.got.clear()
    with httpx.Client(
        base_url=base_url, headers={"Authorization": f"Bearer {SECRET}"}, trust_env=False, timeout=60
    ) as client:
        yield client


def post_xml(client: httpx.Client, data: bytes = b"<a/>", **headers: str) -> httpx.Response:
    return client.post("/messages", content=data, headers={"Content-Type": "application/xml", **headers})


def post_fhir(client: httpx.Client, data: bytes = b"{}", **headers: str) -> httpx.Response:
    content_type = {"Content-Type": "application/fhir+json", **headers}
    return client.post("/fhir/$process-message", content=data, headers=content_type)


# --- acceptance


def test_acceptance_is_202_with_our_id(client: httpx.Client, intake: Intake) -> None:
    response = post_xml(client, b"<melding/>")
    assert response.status_code == 202
    assert response.json() == {"id": ID, "status": "accepted", "messageId": "msg-1"}
    assert response.headers["location"] == f"/messages/{ID}"
    ((data, content, credential),) = intake.got
    assert (data, content) == (b"<melding/>", "xml")
    assert credential is not None
    assert credential.partner == "Sykehuset"


def test_acceptance_on_fhir_is_an_information(client: httpx.Client, intake: Intake) -> None:
    response = post_fhir(client)
    assert response.status_code == 202
    assert response.headers["content-type"] == "application/fhir+json"
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert [issue["severity"] for issue in outcome["issue"]] == ["information"]
    assert intake.got[0][1] == "fhir"


@pytest.mark.parametrize("post", [post_xml, post_fhir])
def test_a_duplicate_gets_the_very_same_answer(client: httpx.Client, intake: Intake, post: Any) -> None:
    first = post(client)
    intake.answer = Duplicate(ID, "msg-1")
    second = post(client)
    assert (first.status_code, first.content) == (second.status_code, second.content)


# --- refusals


@pytest.mark.parametrize(
    "code", sorted(code for code in CATALOGUE if code.split(".")[0] in ("xml", "routing", "schema"))
)
def test_every_refusal_says_what_whose_and_what_next(client: httpx.Client, intake: Intake, code: str) -> None:
    intake.answer = Refused(code, path="MsgHead/MsgInfo", line=7)
    response = post_xml(client)
    entry = CATALOGUE[code]
    problem = response.json()
    assert 400 <= response.status_code < 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-somlos-error"] == code
    assert problem["status"] == response.status_code
    assert (problem["code"], problem["owner"], problem["apprec"] if entry.apprec else None) == (
        code,
        entry.owner,
        entry.apprec,
    )
    assert problem["text"] == {"no": entry.no, "en": entry.en}
    assert problem["nextStep"] == {"no": entry.next_step_no, "en": entry.next_step_en}
    assert (problem["path"], problem["line"]) == ("MsgHead/MsgInfo", 7)


def test_a_refusal_on_fhir_is_an_operation_outcome(client: httpx.Client, intake: Intake) -> None:
    intake.answer = Refused("routing.unknown-receiver")
    response = post_fhir(client)
    assert response.status_code == 422
    (issue,) = response.json()["issue"]
    assert issue["severity"] == "error"
    assert "routing.unknown-receiver" in json.dumps(issue)


def test_the_title_comes_in_the_language_asked_for(client: httpx.Client, intake: Intake) -> None:
    intake.answer = Refused("routing.unknown-receiver")
    entry = CATALOGUE["routing.unknown-receiver"]
    assert post_xml(client, **{"Accept-Language": "nb-NO, en;q=0.5"}).json()["title"] == entry.no
    assert post_xml(client, **{"Accept-Language": "en"}).json()["title"] == entry.en


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("routing.same-id-other-content", 409),
        ("routing.sender-not-covered", 403),
        ("routing.no-credential", 401),
        ("xml.too-large", 413),
        ("xml.doctype", 400),
        ("schema.missing-element", 422),
        ("rules.type-body-mismatch", 422),
    ],
)
def test_status_of_a_refusal(client: httpx.Client, intake: Intake, code: str, status: int) -> None:
    intake.answer = Refused(code)
    response = post_xml(client)
    assert response.status_code == status
    assert ("www-authenticate" in response.headers) == (status == 401)


# --- sizes and types


def test_the_limit_itself_is_taken(client: httpx.Client, intake: Intake) -> None:
    assert post_xml(client, b"x" * LIMIT).status_code == 202
    assert len(intake.got[0][0]) == LIMIT


@pytest.mark.parametrize("post", [post_xml, post_fhir])
@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT * 2, LIMIT * 3])
def test_over_the_limit_is_413_and_never_reaches_intake(
    client: httpx.Client, intake: Intake, post: Any, size: int
) -> None:
    response = post(client, b"x" * size)
    assert response.status_code == 413
    assert response.headers["x-somlos-error"] == "api.body-too-large"
    assert intake.got == []


def test_a_body_without_length_is_counted_too(client: httpx.Client, intake: Intake) -> None:
    response = client.post(
        "/messages", content=(b"x" * 100_000 for _ in range(15)), headers={"Content-Type": "application/xml"}
    )
    assert response.status_code == 413
    assert intake.got == []


def test_a_client_that_asks_first_is_told_before_it_sends(base_url: str) -> None:
    host, port = base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        head = f"POST /messages HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {SECRET}\r\n"
        head += (
            f"Content-Type: application/xml\r\nContent-Length: {LIMIT + 1}\r\nExpect: 100-continue\r\n\r\n"
        )
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


class BusyIntake(Intake):
    """Takes its time with each message until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived, self.may_go = threading.Semaphore(0), threading.Event()

    async def accept(self, data: bytes, content: str, credential: Credential | None) -> IntakeOutcome:
        self.arrived.release()
        await asyncio.to_thread(self.may_go.wait, 20)
        return await super().accept(data, content, credential)


def test_all_bodies_together_are_bounded(parts: SimpleNamespace) -> None:
    intake = BusyIntake()
    api = create_api(services_of(intake, parts), at_once=LIMIT + LIMIT // 2)
    headers = {"Authorization": f"Bearer {SECRET}"}
    with (
        live_server(api) as url,
        httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as client,
        ThreadPoolExecutor(1) as beside,
    ):
        first = beside.submit(post_xml, client, b"x" * LIMIT)
        assert intake.arrived.acquire(timeout=60)
        for refused in (
            post_xml(client, b"y" * LIMIT),
            post_xml(client, b"y" * LIMIT, Expect="100-continue"),
        ):
            assert refused.status_code == 503
            assert refused.headers["x-somlos-error"] == "us.overloaded"
            assert int(refused.headers["retry-after"]) > 0
            assert refused.json()["retry"] is True
        intake.may_go.set()
        assert first.result().status_code == 202
        assert post_xml(client, b"z" * LIMIT).status_code == 202
    assert [data[:1] for data, _, _ in intake.got] == [b"x", b"z"]


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT * 3])
def test_what_was_refused_takes_no_room(parts: SimpleNamespace, size: int) -> None:
    api = create_api(services_of(Intake(), parts), at_once=LIMIT)
    headers = {"Authorization": f"Bearer {SECRET}"}
    with (
        live_server(api) as url,
        httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as client,
    ):
        for _ in range(3):
            assert post_xml(client, b"x" * size).status_code == 413
            assert post_xml(client, b"x" * LIMIT).status_code == 202


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json", "multipart/form-data; boundary=x"]
)
def test_a_type_that_is_no_xml_is_not_taken(client: httpx.Client, intake: Intake, content_type: str) -> None:
    response = post_xml(client, **{"Content-Type": content_type})
    assert response.status_code == 415
    assert intake.got == []


@pytest.mark.parametrize("content_type", ["application/xml", "text/xml; charset=utf-8", "Application/XML"])
def test_xml_by_any_of_its_names_is_taken(client: httpx.Client, content_type: str) -> None:
    assert post_xml(client, **{"Content-Type": content_type}).status_code == 202


def test_compressed_content_is_not_taken(client: httpx.Client) -> None:
    assert post_xml(client, **{"Content-Encoding": "gzip"}).status_code == 415


# --- who


@pytest.mark.parametrize(
    "shown", ["Bearer wrong", f"Basic {SECRET}", "Bearer", "", f"Bearer {SECRET}x", "Bearer " + "x" * 600]
)
def test_an_unknown_secret_is_401(client: httpx.Client, intake: Intake, shown: str) -> None:
    response = post_xml(client, Authorization=shown)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert intake.got == []
    assert SECRET not in response.text


def test_no_secret_is_401_before_anything_is_read(base_url: str, intake: Intake) -> None:
    intake.got.clear()
    with httpx.Client(base_url=base_url, trust_env=False, timeout=60) as stranger:
        for path in ("/messages", "/fhir/$process-message", "/fhir/$convert", "/fhir/$validate"):
            response = stranger.post(path, content=b"x" * (LIMIT + 1))
            assert response.status_code == 401
            assert response.headers["x-somlos-error"] == "routing.no-credential"
    assert intake.got == []


@pytest.mark.parametrize("path", ["/messages/x", "/messages/x/receipts", "/messages/x/receipts/y"])
def test_what_is_not_there_and_what_is_not_yours_look_the_same(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.get(path, headers={"Authorization": "Bearer no"}).status_code == 401


# --- our own failures


@pytest.mark.parametrize(
    ("post", "kind"), [(post_xml, "application/problem+json"), (post_fhir, "application/fhir+json")]
)
def test_a_failure_nobody_foresaw_tells_nothing(
    client: httpx.Client, intake: Intake, caplog: pytest.LogCaptureFixture, post: Any, kind: str
) -> None:
    intake.answer = ValueError(f"library words about {' '.join(CANARIES)}")
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logs:
        response = post(client, Admission().xml)
    assert response.status_code == 500
    assert response.headers["content-type"] == kind
    assert "us.internal" in response.text
    (entry,) = [each for each in logs if each["event"] == "api.failed"]
    assert entry["kind"] == "ValueError"
    assert entry["request"] == response.headers["x-request-id"]
    for canary in CANARIES:
        assert canary not in response.text + str(logs) + caplog.text


def test_when_the_ledger_is_away_the_sender_is_asked_to_send_again(
    client: httpx.Client, intake: Intake
) -> None:
    intake.answer = Unavailable("us.not-stored")
    response = post_xml(client)
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert response.json()["retry"] is True


def test_a_failing_question_tells_nothing(client: httpx.Client) -> None:
    response = client.get("/messages/broken")
    assert response.status_code == 500
    assert CANARY_NUMBER not in response.text


# --- every answer


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/fhir/Nothing", 404),
        ("DELETE", "/messages", 405),
        ("GET", "/health/live", 200),
        ("GET", "/fhir/metadata", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/docs", 404),
        ("GET", "/messages/%2e%2e%2f", 404),
    ],
)
def test_every_answer_has_the_headers_that_keep_it_safe(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert len(response.headers["x-request-id"]) == 36
    assert "server" not in response.headers
    if status >= 400:
        expected = "application/fhir+json" if path.startswith("/fhir") else "application/problem+json"
        assert response.headers["content-type"] == expected


def test_what_was_asked_is_not_repeated(client: httpx.Client) -> None:
    response = client.get(f"/messages/{CANARY_NUMBER}", params={"name": CANARY_NUMBER})
    assert CANARY_NUMBER not in response.text + str(response.headers)


def test_ready_names_the_part_that_is_not(client: httpx.Client, parts: SimpleNamespace) -> None:
    assert client.get("/health/ready").json() == {"status": "ready", "ledger": True, "dispatcher": True}
    parts.dispatcher.is_running = False
    response = client.get("/health/ready")
    parts.dispatcher.is_running = True
    assert response.status_code == 503
    assert response.json() == {"status": "not ready", "ledger": True, "dispatcher": False}


def test_the_capability_statement_is_r4_and_says_what_there_is(client: httpx.Client) -> None:
    from fhir.resources.R4B.capabilitystatement import CapabilityStatement

    statement = client.get("/fhir/metadata").json()
    CapabilityStatement.model_validate(statement)
    assert statement["fhirVersion"] == "4.0.1"
    paths = client.get("/openapi.json").json()["paths"]
    told = {f"/fhir/${operation['name']}" for operation in statement["rest"][0]["operation"]}
    assert told == {path for path in paths if path.startswith("/fhir/$")}
    for resource in statement["rest"][0].get("resource", ()):
        assert {f"/fhir/{resource['type']}", f"/fhir/{resource['type']}/{{id}}"} & set(paths) or any(
            path.startswith("/fhir/{resource_type}") for path in paths
        )
