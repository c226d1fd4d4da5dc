"""What does a worker process do? It reads and translates what its gateway hands it, until the gateway has gone.

    python -c "from gateway.worker import main; main()"       with one end of a socket pair as standard input

Asked: pickled (name of a method of `Formats`, its arguments). Answered, in the same order: a length, then READY (before
all others), DONE and the result, or FAILED and a pickled error of the catalogue. The results that every message has are
written in MessagePack by their type, at a sixth of the time; any other is pickled. Both ends are the same program, so
what is unpickled comes from nobody else.
"""

from __future__ import annotations

import pickle
import signal
import socket
import sys
import traceback
from typing import Any, Final

import msgspec
import structlog

from gateway import logs
from gateway.errors import SomlosError, Unavailable
from gateway.formats import Formats
from gateway.memory import keep_for_good
from gateway.routing.ports import Reading, Translation

LENGTH_BYTES: Final = 4
READY: Final = b"r"
DONE: Final = b"d"
FAILED: Final = b"f"
_BY_TYPE: Final[dict[str, msgspec.msgpack.Decoder[Any]]] = {
    "read": msgspec.msgpack.Decoder(Reading),
    "convert": msgspec.msgpack.Decoder(Translation),
}
"""Method of `Formats` → who reads its result."""
_ENCODER: Final = msgspec.msgpack.Encoder()

log = structlog.get_logger(__name__)


def main() -> None:
    """Work until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.configure()
    formats = Formats()
    keep_for_good()
    with socket.socket(fileno=sys.stdin.fileno()) as line:
        asked = line.makefile("rb", buffering=256 * 1024)
        try:
            line.sendall(_framed(READY))
            while True:
                line.sendall(_framed(answered(formats, *pickle.load(asked))))
        except (EOFError, ConnectionError):  # the gateway has gone
            return


def answered(formats: Formats, name: str, given: tuple[Any, ...]) -> bytes:
    """What a worker answers when it is asked this."""
    try:
        result = getattr(formats, name)(*given)
        return DONE + (_ENCODER.encode(result) if name in _BY_TYPE else pickle.dumps(result, 5))
    except SomlosError as error:
        return FAILED + pickle.dumps(error, 5)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("worker.failed", what=name, kind=type(error).__name__, at=f"{place.name}:{place.lineno}")
        return FAILED + pickle.dumps(Unavailable("us.internal"), 5)


def result_in(answer: bytes, name: str) -> Any:
    """The result in the answer to a question by that name.

    :raises SomlosError: the one that is the answer.
    """
    if answer.startswith(FAILED):
        raise pickle.loads(answer[1:])
    return _BY_TYPE[name].decode(answer[1:]) if name in _BY_TYPE else pickle.loads(answer[1:])


def _framed(answer: bytes) -> bytes:
    return len(answer).to_bytes(LENGTH_BYTES, "big") + answer
