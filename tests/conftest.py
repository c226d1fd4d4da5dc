"""What do all tests share?

The official schemas and examples are no part of the project: the folder named in SOMLOS_STANDARDS (default:
`shared` beside the checkout) holds them. A test that needs them asks for the fixture `standards`, or for one
file at a time:

    @pytest.mark.examples("standards/examples/v1.6/*.xml")
    def test_every_example_is_read(example: Path) -> None: ...

Where the folder is missing such tests skip, and the last lines of the run say how many did.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

CHECKOUT = Path(__file__).resolve().parent.parent
STANDARDS = Path(os.environ.get("SOMLOS_STANDARDS") or CHECKOUT.parent / "shared")
WITHOUT_STANDARDS = "no official schemas and examples: SOMLOS_STANDARDS names no folder that has standards/"
FOLDER_MARKERS = ("conformance", "acceptance", "browser")

# The same examples in every run: a test that fails once fails again. Slow machines are no failure.
settings.register_profile(
    "somlos", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("somlos")

# A gateway that runs in this process logs while the output of a command is being taken: not into the midst of it.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))


def _standards_present() -> bool:
    return (STANDARDS / "standards").is_dir()


@pytest.fixture(scope="session")
def standards() -> Path:
    """The folder that holds `standards/` (schemas, examples) and `fhir/` (packages)."""
    if not _standards_present():
        pytest.skip(WITHOUT_STANDARDS)
    return STANDARDS


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser for the tests in tests/browser."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    return path


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run as the gateway does: on asyncio."""
    return "asyncio"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test marked `examples(pattern)` one official file at a time."""
    marker = metafunc.definition.get_closest_marker("examples")
    if marker is None:
        return
    files = sorted(STANDARDS.glob(marker.args[0]))
    if not files and _standards_present():
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: no official file matches {marker.args[0]}")
    skipped = [pytest.param(None, id="no-standards", marks=pytest.mark.skip(reason=WITHOUT_STANDARDS))]
    metafunc.parametrize("example", [pytest.param(file, id=file.stem) for file in files] or skipped)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their folder, and all that use the official files as conformance tests."""
    for item in items:
        folder = item.path.relative_to(CHECKOUT / "tests").parts[0]
        if folder in FOLDER_MARKERS:
            item.add_marker(folder)
        if {"standards", "example"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("conformance")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say, after everything but the verdict, how many conformance tests were skipped: "resolved" needs zero."""
    yield
    count = sum(_is_conformance(report) for report in terminalreporter.stats.get("skipped", []))
    reason = "" if _standards_present() else f" ({WITHOUT_STANDARDS})"
    terminalreporter.write_line(f"conformance tests skipped: {count}{reason}")


def _is_conformance(report: pytest.TestReport | pytest.CollectReport) -> bool:
    """Whether the report is about a conformance test, or about a whole file of them that was not even collected."""
    return "conformance" in getattr(report, "keywords", ()) or report.nodeid.startswith("tests/conformance/")
