"""What does a worker process do? It reads and translates what its gateway hands it, until the gateway has gone.

    python -c "from gateway.worker import main; main()"       with one end of a socket pair as standard input

Asked: pickled (name of a method of `Formats`, its arguments). Answered, in the same order: a length, then pickled
("done", result) or ("error", an error of the catalogue); before all of them ("ready", None). Both ends are the same
program, so what is unpickled comes from nobody else.
"""

from __future__ import annotations

import pickle
import signal
import socket
import sys
import traceback
from typing import Any, Final

import structlog

from gateway import logs
from gateway.errors import SomlosError, Unavailable
from gateway.formats import Formats
from gateway.memory import keep_for_good

LENGTH_BYTES: Final = 4
READY: Final = "ready"

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
            line.sendall(_written(READY, None))
            while True:
                line.sendall(_written(*_answer(formats, *pickle.load(asked))))
        except (EOFError, ConnectionError):  # the gateway has gone
            return


def _answer(formats: Formats, name: str, given: tuple[Any, ...]) -> tuple[str, Any]:
    try:
        return "done", getattr(formats, name)(*given)
    except SomlosError as error:
        return "error", error
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("worker.failed", what=name, kind=type(error).__name__, at=f"{place.name}:{place.lineno}")
        return "error", Unavailable("us.internal")


def _written(kind: str, answer: Any) -> bytes:
    written = pickle.dumps((kind, answer), 5)
    return len(written).to_bytes(LENGTH_BYTES, "big") + written
