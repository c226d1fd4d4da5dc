"""Which ports are a run's own, also while its gateways are dead?

Without this, another test's gateway could take the place of a dead one, and refuse what the run hands in: a fault that
is none of the gateway's.
"""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Iterator

from gateway.bench.rig import PORTS


@contextlib.contextmanager
def kept_ports(number: int) -> Iterator[list[int]]:
    """Ports that nobody else is given, or takes for free, as long as the block lasts. Gateways may listen on them all
    the same: they may use again what only waits to be used."""
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        for port in random.sample(PORTS, len(PORTS)):
            place = stack.enter_context(socket.socket())
            try:
                place.bind(("127.0.0.1", port))
            except OSError:
                continue
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            ports.append(port)
            if len(ports) == number:
                break
        yield ports
