"""Which messages does the benchmark of delivery send, and how are they told apart at the other end?

The story's discharge report cut to about 20 KB, with another id and another synthetic patient each time. Every id
begins with the same eight digits, so that the partners can find it in XML and in JSON without reading either.
"""

from __future__ import annotations

import random
import re
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gateway.bench.messages import discharge_report, sized
from gateway.emessage import apprec
from gateway.identifiers import check_digits
from gateway.simulator.cast import PATIENTS, SERVICES
from gateway.translate.facts import Party

SIZE: Final = 20_000
"""Bytes of a message."""
PATIENTS_IN_ALL: Final = 1000
HOSPITAL: Final = (SERVICES["sykehuset"].organisation.her_id, SERVICES["sykehuset"].her_id)
"""HER-ids of the sender: level 1, level 2."""
MESSAGE_ID: Final = re.compile(rb"5e4d1e55-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_LETTER, _RECEIPT, _ORIGINAL = "5e4d1e55", "4ece1475", "{original}"


def receiver(number: int) -> tuple[str, str]:
    """HER-ids of receiver `number` (below 100): level 1, level 2."""
    return f"8884{number:02}01", f"8884{number:02}11"


@dataclass(frozen=True)
class Letter:
    """A message ready to send."""

    id: str
    receiver: int
    body: bytes = field(repr=False)

    @property
    def checksum(self) -> int:
        """Of the bytes: those that arrive unchanged have the same."""
        return zlib.crc32(self.body)


class Letters:
    """Makes messages; the same seed gives the same ones."""

    def __init__(self, *, acknowledgement: str, seed: int) -> None:
        """`acknowledgement`: J or N, code of 7304."""
        self._random = random.Random(seed)
        self._patients = [self._patient() for _ in range(PATIENTS_IN_ALL)]
        body = sized(discharge_report(), SIZE)
        body = body.replace(b'<Ack V="J" DN="Ja"/>', b'<Ack V="%b"/>' % acknowledgement.encode())
        lyngvik = SERVICES["lyngvik"]
        self._parts = re.split(
            b"|".join(
                b"(%b)" % each.encode()
                for each in (
                    "00000000-0000-4000-8000-000000000011",
                    PATIENTS["solveig"].number,
                    lyngvik.organisation.her_id,
                    lyngvik.her_id,
                )
            ),
            body,
        )

    def next(self, to: int = 0) -> Letter:
        """A new message to receiver `to`."""
        id = f"{_LETTER}{str(uuid.UUID(int=self._random.getrandbits(128), version=4))[8:]}"
        values = (id, self._random.choice(self._patients), *receiver(to))
        filled = list(self._parts)
        for place, part in enumerate(self._parts):
            if place % 5 and part is not None:
                filled[place] = values[place % 5 - 1].encode()
        return Letter(id, to, b"".join(part for part in filled if part is not None))

    def _patient(self) -> str:
        """A synthetic identity number: month + 80, right check digits."""
        while True:
            day, month, year = (self._random.randint(*limits) for limits in ((1, 28), (81, 92), (30, 60)))
            nine = f"{day:02}{month:02}{year:02}{self._random.randint(0, 499):03}"
            digits = check_digits(nine)
            if digits is not None:
                return nine + digits


class Receipts:
    """Makes the receipt of a receiver for a message."""

    def __init__(self, number: int = 0) -> None:
        organisation, service = receiver(number)
        now = datetime.now(UTC)
        self._template = apprec.build(
            "1.0",
            receipt_id="{id}",
            generated_at=now,
            software=("Benchmark", "1"),
            sender=Party(service, organisation),
            receiver=Party(HOSPITAL[1], HOSPITAL[0]),
            status="1",
            original_type="UTSKRIVNINGSRAPPORT",
            original_id=_ORIGINAL,
            original_issued_at=now,
        )

    def of(self, original: bytes) -> bytes:
        """The receipt (AppRec 1.0) for the message with this id: always the same one."""
        id = _RECEIPT.encode() + original[8:]
        return self._template.replace(b"{id}", id).replace(_ORIGINAL.encode(), original)
