"""Who may use the operators' part of the API, and what do they ask for, in which words?

An operator shows the secret of [operator]. Without one in the settings only this machine may ask, by a name of this
machine, so that a foreign web page cannot reach us through a name that resolves here. What changes something is a POST
with a JSON body that says so in its header: a page of another origin cannot send that without asking first, and nobody
answers it.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeVar

import structlog
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.requests import Request

from gateway.api.bodies import Bodies, media_type_of
from gateway.errors import Refusal, Unreadable
from gateway.fhir import json as fhir_json
from gateway.ledger.operations import Selection
from gateway.ledger.rows import DeliveryState
from gateway.operations.actions import Act
from gateway.settings import Settings
from gateway.settings_check import is_loopback

_BODIES: Final = Bodies(64 * 1024, at_once=1024 * 1024)
LONGEST_KEY: Final = 100
_NUMBER: Final = re.compile(r"[0-9](?:[ .-]?[0-9]){10}")
"""Eleven digits, however they are grouped: it may be an identity number."""

log = structlog.get_logger(__name__)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError
    return moment


Her = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,60}$")]
Moment = Annotated[datetime, AfterValidator(_aware)]
Rate = Annotated[float, Field(gt=0, le=1000)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Said(BaseModel):
    """What a request says; unknown names are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ActBody(Said):
    """Who does it, and why: both stand in the trail. No patient data."""

    by: Annotated[Line, Field(max_length=80)]
    why: Annotated[Line, Field(max_length=300)]

    @property
    def act(self) -> Act:
        """The two, for the trail."""
        return Act(self.by, self.why)


class ResendBody(ActBody):
    """Send it again."""

    again: bool = False
    """Also when the receiver has it already."""


class ForwardBody(ActBody):
    """Send what is held, with a note for its receiver."""

    note: Annotated[Line, Field(max_length=2000)]
    """Stands in the message, where its receiver reads it; not in the trail."""


class TrialBody(ActBody):
    """Try an endpoint."""

    how: Literal["reach", "message"] = "reach"
    """Whether it can be reached, without content; or the whole way, with a test message."""


class RedirectBody(ActBody):
    """Send it to another configured receiver."""

    to: Her


class Selected(Said):
    """Which deliveries are meant."""

    receiver: Her | None = None
    sender: Her | None = None
    type: Code | None = None
    """Code of 8279."""
    state: DeliveryState | Literal["overdue"] | None = None
    reason: Code | None = None
    """Code of the error catalogue."""
    since: Moment | None = None
    """Received at or after; with a zone."""
    until: Moment | None = None

    @property
    def selection(self) -> Selection:
        """As the ledger asks."""
        overdue = self.state == "overdue"
        return Selection(
            receiver=self.receiver,
            sender=self.sender,
            type=self.type,
            state=None if self.state == "overdue" else self.state,
            overdue=overdue,
            dead=self.state == "handed",
            reason=self.reason,
            since=self.since,
            until=self.until,
        )


class PreviewBody(Said):
    """What would be sent again."""

    selection: Selected
    again: bool = False
    """Also what the receiver has already."""
    perSecond: Rate | None = None


class ReplayBody(PreviewBody):
    """Send again what a preview has shown."""

    by: Annotated[Line, Field(max_length=80)]
    why: Annotated[Line, Field(max_length=300)]
    preview: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Listed(Selected):
    """A part of a list: which, and where to go on."""

    before: Annotated[int, Field(ge=1, le=2**62)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class Paged(Said):
    """Where to go on in a list."""

    before: Annotated[int, Field(ge=1, le=2**62)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    all: bool = False


Asked = TypeVar("Asked", bound=Said)


def expect_operator(request: Request, settings: Settings) -> None:
    """Let operators in, and nobody else.

    :raises Refusal: operations.no-credential, operations.unknown-credential
    """
    secret = settings.operator.bearer_sha256
    shown = request.headers.get("authorization")
    if shown is not None and secret is not None:
        scheme, _, value = shown.partition(" ")
        if scheme.lower() == "bearer" and hashlib.sha256(value.strip().encode()).hexdigest() == secret:
            return
    elif shown is None and secret is None and _from_here(request):
        return
    code = "operations.no-credential" if shown is None else "operations.unknown-credential"
    log.warning("operations.stranger", code=code, address=request.client.host if request.client else None)
    raise Refusal(code)


def _from_here(request: Request) -> bool:
    host = request.client.host if request.client else ""
    return is_loopback(host) and is_loopback(request.url.hostname or "")


async def told(request: Request, kind: type[Asked]) -> Asked:
    """The body of a request that wants to change something, or to look before.

    :raises Refusal: api.media-type, api.body-too-large, api.bad-parameter, operations.note-has-number
    """
    if media_type_of(request) != "application/json":
        raise Refusal("api.media-type")
    async with _BODIES.of(request) as data:
        try:
            fhir_json.read(data)  # a name that stands twice says two things
            said = kind.model_validate_json(data)
        except Unreadable:
            raise Refusal("api.bad-parameter") from None
        except ValidationError as error:
            raise _bad(error) from None
    if any(_NUMBER.search(getattr(said, name, "")) for name in ("why", "by", "text")):
        raise Refusal("operations.note-has-number")
    return said


def asked(request: Request, kind: type[Asked]) -> Asked:
    """The parameters of a request that reads.

    :raises Refusal: api.bad-parameter
    """
    pairs = request.query_params.multi_items()
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refusal("api.bad-parameter")
    try:
        return kind.model_validate(dict(pairs))
    except ValidationError as error:
        raise _bad(error) from None


def key_of(request: Request) -> str | None:
    """The key that the caller gave to this action; None: none.

    :raises Refusal: api.bad-parameter
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not re.fullmatch(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}", key):
        raise Refusal("api.bad-parameter", path="Idempotency-Key")
    return key


def number_of(text: str) -> int:
    """A number in an address.

    :raises Refusal: api.not-found
    """
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise Refusal("api.not-found")
    return int(text)


def _bad(error: ValidationError) -> Refusal:
    """Only our own names are repeated in an answer: what a caller made up could be anything."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    known = _names(Said)
    path = [str(part) for part in first["loc"] if not isinstance(part, str) or part in known]
    return Refusal("api.bad-parameter", path=".".join(path) or None)


def _names(kind: type[BaseModel]) -> frozenset[str]:
    """The names of the fields of a kind and of all that are made of it."""
    return frozenset(kind.model_fields).union(*(_names(more) for more in kind.__subclasses__()))


def body_of(kind: type[BaseModel]) -> dict[str, Any]:
    """How OpenAPI describes the body of a request."""
    schema = kind.model_json_schema(ref_template="#/$defs/{model}")
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": _flat(schema)}}},
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "maxLength": LONGEST_KEY},
                "description": "The same key again is answered the same way, and nothing is done twice.",
            }
        ],
    }


def parameters_of(kind: type[BaseModel]) -> dict[str, Any]:
    """How OpenAPI describes the parameters of a request."""
    schema = _flat(kind.model_json_schema())
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": part}
            for name, part in schema["properties"].items()
        ]
    }


def _flat(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without references to definitions of its own."""
    definitions = schema.pop("$defs", {})

    def put_in(part: Any) -> Any:
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            return put_in(definitions[name]) if name else {key: put_in(each) for key, each in part.items()}
        return [put_in(each) for each in part] if isinstance(part, list) else part

    flat: dict[str, Any] = put_in(schema)
    return flat
