"""What is written to the log? One JSON object a line: an event, ids and codes; never content or a library's words.

What libraries log is reduced to who spoke, how loudly, and the type of the error: their messages may quote a value.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import msgspec
import structlog


class _WithoutWords(logging.Handler):
    """Passes on that a library had something to say, not what."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line for one record."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log = structlog.get_logger(record.name)
        log.log(record.levelno, "library", logger=record.name, kind=kind)


def _as_json(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event).decode()


def configure(stream: Any = None) -> None:
    """Log JSON lines to `stream` (default: standard error)."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.JSONRenderer(serializer=_as_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_WithoutWords()]
    root.setLevel(logging.WARNING)
