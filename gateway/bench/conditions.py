"""Under which conditions was a figure measured? A number is published with its machine and its software (DESIGN §9)."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

from lxml import etree

from gateway import __version__


def conditions() -> dict[str, str | int | float]:
    """Hardware and software of this run, as far as the system tells; no host or user name."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memoryGiB": _memory(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}{_optimised()}",
        "libxml2": ".".join(str(part) for part in etree.LIBXML_VERSION),
        "lxml": version("lxml"),
        "msgspec": version("msgspec"),
        "somlos": __version__,
        "loadBefore": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def _memory() -> float:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError):
        return 0.0


def _optimised() -> str:
    """How CPython was built: profile-guided builds are up to a fifth faster."""
    if sys.implementation.name != "cpython":
        return ""
    arguments = sysconfig.get_config_var("CONFIG_ARGS") or ""
    return " (PGO)" if "--enable-optimizations" in arguments else " (no PGO)"
