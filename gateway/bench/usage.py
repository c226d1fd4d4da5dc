"""How much processor time did each process use, and how much did everybody else on the machine?

From /proc (Linux); elsewhere there are no figures, and none are invented.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """Seconds of processor time so far."""

    wall: float
    mine: dict[str, float]
    """By the name of the process."""
    machine: float
    """Of everybody, on all cores."""

    def since(self, earlier: Usage) -> Usage:
        """What was used from `earlier` until this."""
        mine = {name: used - earlier.mine.get(name, 0.0) for name, used in self.mine.items()}
        return Usage(self.wall - earlier.wall, mine, self.machine - earlier.machine)

    @property
    def others(self) -> float:
        """The share of the machine that was used by processes that are not part of the measurement."""
        cores = os.cpu_count() or 1
        return max(0.0, (self.machine - sum(self.mine.values())) / (self.wall * cores))


def usage(processes: dict[str, list[int]]) -> Usage:
    """The processor time of these processes (name: process ids) and of the machine, so far."""
    mine = {name: sum(_of_process(pid) for pid in pids) for name, pids in processes.items()}
    return Usage(time.monotonic(), mine, _of_machine())


def with_children(pids: list[int]) -> list[int]:
    """These processes, and those they have started that are still there."""
    found = list(pids)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text(encoding="utf-8")
        except OSError:
            continue
        if int(stat.rpartition(")")[2].split()[1]) in pids:
            found.append(int(folder.name))
    return found


def _of_process(pid: int) -> float:
    """User and system time of a process, all its threads."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _of_machine() -> float:
    try:
        line = Path("/proc/stat").read_text(encoding="utf-8").partition("\n")[0]
    except OSError:
        return 0.0
    user, nice, system, _, _, irq, softirq, *_ = (int(part) for part in line.split()[1:])
    return (user + nice + system + irq + softirq) / _TICK


def postgres_processes() -> list[int]:
    """The processes of PostgreSQL on this machine."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "comm").read_text(encoding="utf-8").strip()
        except OSError:
            continue
        if name == "postgres":
            found.append(int(folder.name))
    return found
