"""How is a gateway started three hundred times without waiting three hundred times for its imports?

This process imports everything once. For each line it reads it forks a child that serves with the settings named there
(JSON: {"config": path, "log": path, "handoff": name or null, "number": n}) and says its process id, and later, in
another line, how it ended. The child is a gateway like any other: its own memory, its own sockets, its own death.
When the input ends, it is killed: nobody is left then who could do that.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any


def _serve(order: dict[str, Any]) -> None:
    from gateway import app
    from gateway.settings_load import load
    from tests.chaos.handoffs import arm

    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if order["handoff"] is not None:
        arm(order["handoff"], order["number"])
    app.serve(load(Path(order["config"])))


def _wait_for(child: int) -> None:
    """Until it has ended. The next order comes only after that: what can be read before is the end of the input."""
    ended = os.pidfd_open(child)
    ready, _, _ = select.select([ended, sys.stdin], [], [])
    if ended not in ready:
        os.kill(child, signal.SIGKILL)
    os.close(ended)


def main() -> None:
    """Until the input ends."""
    import gateway.console
    import gateway.formats
    import gateway.inboxes
    import gateway.ledger.postgres  # noqa: F401
    from gateway import app

    assert app.serve
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                _serve(order)
            finally:
                os._exit(1)
        print(child, flush=True)
        _wait_for(child)
        _, status = os.waitpid(child, 0)
        print(-os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
