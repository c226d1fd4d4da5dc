"""How is the same request, sent twice, done once and answered alike?

The caller may give each action a key of its own. What was answered is kept with the key in the very commit that did
it. Durable after that: the effect and its answer. A crash before it: neither. Doing it again is harmless: the key finds
the answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from gateway.errors import Refusal
from gateway.ledger.session import Session

Json = dict[str, Any]


def once(session: Session, key: str | None, request: Json, now: int, do: Callable[[], Json]) -> Json:
    """The answer of `do`, or the one that was given to this key before.

    :raises Refusal: operations.key-reused: the key belongs to another request; and whatever `do` raises.
    """
    if key is None:
        return do()
    asked = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    known = session.one("find_action", action_key=key)
    if known is not None:
        if known["request"] != asked:
            raise Refusal("operations.key-reused")
        answer: Json = json.loads(known["answer"])
        return answer
    answer = do()
    session.run("keep_action", action_key=key, at=now, request=asked, answer=json.dumps(answer))
    return answer
