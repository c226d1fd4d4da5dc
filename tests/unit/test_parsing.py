"""Are schemas whole that are compiled while other threads parse?"""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gateway import parsing
from gateway.emessage.read import read
from gateway.emessage.validate import validate_schema
from tests.support.messages import Admission

CHECKOUT = Path(__file__).resolve().parents[2]
FIRST_USE = """
import sys
sys.setswitchinterval(1e-5)
from concurrent.futures import ThreadPoolExecutor
from gateway.emessage.read import read
from gateway.emessage.validate import validate_schema
from tests.support.messages import Admission
message = Admission().xml
with ThreadPoolExecutor(6) as pool:
    assert set(pool.map(lambda at: validate_schema(read(message)), range(60))) == {()}
"""


def test_the_first_messages_may_come_all_at_once() -> None:
    for _ in range(3):
        run = subprocess.run(
            [sys.executable, "-c", FIRST_USE], cwd=CHECKOUT, capture_output=True, check=False
        )
        assert run.returncode == 0, run.stderr.decode()[-500:]


def test_new_threads_compile_while_others_parse() -> None:
    message = Admission().xml
    stop = threading.Event()

    def parse_on() -> None:
        while not stop.is_set():
            read(message)

    with ThreadPoolExecutor(2) as parsers:
        going = [parsers.submit(parse_on) for _ in range(2)]
        try:
            for _ in range(4):
                with ThreadPoolExecutor(2) as fresh:
                    found = fresh.map(lambda at: validate_schema(read(message)), range(4))
                    assert list(found) == [()] * 4
        finally:
            stop.set()
        assert all(each.result() is None for each in going)


def test_who_is_alone_lets_nobody_begin() -> None:
    began = threading.Event()

    def parse() -> None:
        parsing.parse(b"<a/>")
        began.set()

    with parsing.alone():
        thread = threading.Thread(target=parse)
        thread.start()
        assert not began.wait(0.05)
    thread.join()
    assert began.is_set()
