"""`python -m gateway.simulator SETTINGS.json` runs one simulated EPJ; the first line it prints is its address."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from types import FrameType

import msgspec
import uvicorn

from gateway.simulator.epj import Epj, EpjSettings, create_app


def run(settings: EpjSettings) -> None:
    """Serve until the process is told to end."""
    host, _, port = settings.listen.rpartition(":")
    listener = socket.create_server((host, int(port)))
    print(f"http://{host}:{listener.getsockname()[1]}", flush=True)
    epj = Epj(settings)
    config = uvicorn.Config(create_app(epj), log_level="error", access_log=False, lifespan="on")
    _Server(config, epj).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends at once when told to: those who wait for a change are sent home first."""

    def __init__(self, config: uvicorn.Config, epj: Epj) -> None:
        super().__init__(config)
        self._epj = epj

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The signal to end."""
        self._epj.close()
        super().handle_exit(sig, frame)


def main(arguments: list[str]) -> int:
    """Start the EPJ that the settings file describes; 2 when there is no such description."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        settings = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=EpjSettings)
    except (OSError, msgspec.DecodeError):
        print("SETTINGS.json: no such file, or not the settings of an EPJ", file=sys.stderr)
        return 2
    run(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
