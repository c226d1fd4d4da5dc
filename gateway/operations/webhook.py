"""Who outside is told of alarms, and in which words?

One POST tells of all that has opened or closed since the last one, so that a thousand alarms are not a thousand calls.
It holds ids, codes, sentences of the catalogue and permalinks; nothing of a patient. Durable before a call: the alarms,
and which of them have not been told. A crash after it: they are told once more; the alarm's id and state say that it is
the same. What cannot be told within a day is not told any more; it still stands in the list.
"""

from __future__ import annotations

from typing import Any, Final

import httpx
import structlog

from gateway import __version__
from gateway.errors import CATALOGUE
from gateway.ledger import times
from gateway.ledger.operations import Alarm
from gateway.settings_operations import AlarmSettings

MOST_IN_A_CALL: Final = 50
TIME_LIMIT_S: Final = 10.0
FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 600.0
GIVEN_UP_AFTER: Final = times.seconds(24 * 3600)

log = structlog.get_logger(__name__)


def content(alarm: Alarm, base_url: str) -> dict[str, Any]:
    """What is told of one alarm."""
    entry = CATALOGUE[alarm.code]
    place = f"messages/{alarm.message}" if alarm.message else f"?partner={alarm.receiver_her}"
    return {
        "id": alarm.id,
        "kind": alarm.kind,
        "state": "opened" if alarm.closed_at is None else "closed",
        "openedAt": alarm.opened_at.isoformat(),
        "closedAt": alarm.closed_at.isoformat() if alarm.closed_at else None,
        "receiver": alarm.receiver_her,
        "message": alarm.message,
        "delivery": alarm.delivery_id,
        "code": alarm.code,
        "owner": entry.owner,
        "text": {"no": entry.no, "en": entry.en},
        "nextStep": {"no": entry.next_step_no, "en": entry.next_step_en},
        "href": f"{base_url.rstrip('/')}/console/{place}".replace("/?", "?"),
    }


class Webhook:
    """The configured address."""

    def __init__(self, settings: AlarmSettings) -> None:
        assert settings.webhook is not None
        assert settings.base_url is not None
        self._url, self._base_url = settings.webhook, settings.base_url
        self._headers = {"User-Agent": f"Somlos/{__version__}"}
        if settings.bearer is not None:
            self._headers["Authorization"] = f"Bearer {settings.bearer}"

    async def tell(self, alarms: tuple[Alarm, ...]) -> bool:
        """Make one call; whether it was taken."""
        told = {"alarms": [content(alarm, self._base_url) for alarm in alarms]}
        try:
            async with httpx.AsyncClient(timeout=TIME_LIMIT_S, trust_env=False) as client:
                answer = await client.post(self._url, json=told, headers=self._headers)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            log.warning("alarm.not-told", kind=type(error).__name__)
            return False
        if not answer.is_success:
            log.warning("alarm.not-told", status=answer.status_code)
        return answer.is_success
