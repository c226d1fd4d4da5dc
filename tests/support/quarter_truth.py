"""The measures once more, from the ground truth of a simulated quarter: plain SQL over its tables.

Nothing of the gateway's code is used here: the tables are read as text, and every rule is written again from the words
of the measure (`profiles/measures/`).
"""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from pathlib import Path

Counted = Counter[tuple[str, str, str]]
"""How many, by index day, municipality and verdict."""

_STAYS = """
    SELECT *, unixepoch(admitted) AS adm, unixepoch(ended) <= :now AS over, unixepoch(ended) AS fin,
           CASE WHEN unixepoch(notice) <= :now THEN unixepoch(notice) END AS noticed,
           CASE WHEN unixepoch(epikrise) <= :now THEN epikrise_day END AS sent_day,
           LEAD(CASE WHEN unixepoch(admitted) <= :now THEN unixepoch(admitted) END)
               OVER (PARTITION BY patient ORDER BY admitted) AS again,
           LEAD(CASE WHEN unixepoch(admitted) <= :now THEN admitted_day END)
               OVER (PARTITION BY patient ORDER BY admitted) AS again_day
    FROM stays WHERE unixepoch(admitted) <= :now
"""
_READY = """
    SELECT r.*, s.municipality, unixepoch(r.told) AS asked, unixepoch(r.told) + 3600 * limit_hours AS due,
           CASE WHEN unixepoch(r.replied) <= :now THEN unixepoch(r.replied) END AS answered,
           CASE WHEN unixepoch(r.ended) <= :now THEN unixepoch(r.ended) END AS void
    FROM ready r JOIN stays s USING (stay) WHERE unixepoch(r.told) <= :now
"""
_EXTRA = f"""
    WITH RECURSIVE notice AS ({_READY}),
    day AS (
        SELECT stay, municipality, ready_day AS day, CASE WHEN void THEN ended_day ELSE :today END AS stop FROM notice
        WHERE ready_day < CASE WHEN void THEN ended_day ELSE :today END
        UNION
        SELECT stay, municipality, date(day, '+1 day'), stop FROM day WHERE date(day, '+1 day') < stop
    )
    SELECT DISTINCT stay, municipality, day FROM day
"""
# What was told of a plan was told by day; the time asked about is early in the morning.
_PLANS = f"""
    SELECT s.*, date(ended_day, '+28 day') AS last,
           CASE WHEN again_day <= date(ended_day, '+28 day') THEN again_day END AS broken,
           CASE WHEN asked_day < :today THEN asked_day END AS question,
           (SELECT COUNT(*) FROM checklists c WHERE c.stay = s.stay AND done_day < :today
            AND done_day <= date(s.ended_day, '+28 day')) AS done,
           (SELECT MIN(done_day) FROM checklists c WHERE c.stay = s.stay AND checklist = 4
            AND done_day < :today) AS assessed,
           EXISTS (SELECT 1 FROM goals g WHERE g.stay = s.stay AND voice = 'patient' AND stated_day < :today) AS own
    FROM ({_STAYS}) s WHERE over
"""
_NEED = """(noticed OR EXISTS (SELECT 1 FROM ready r WHERE r.stay = p.stay AND unixepoch(r.told) <= :now))"""
_INDEX = """CASE WHEN died OR discharged_to <> 1 OR broken THEN 'excluded' WHEN :today <= last THEN 'not-yet-due'"""
QUERIES = {
    "three-of-four-checklists": f"""
        SELECT ended_day, municipality, {_INDEX} WHEN done >= 3 THEN 'numerator' ELSE 'denominator' END
        FROM ({_PLANS}) p WHERE plan OR {_NEED}""",
    "four-of-four-checklists": f"""
        SELECT ended_day, municipality, {_INDEX} WHEN done = 4 THEN 'numerator' ELSE 'denominator' END
        FROM ({_PLANS}) p WHERE plan OR {_NEED}""",
    "assessment-within-4-weeks": f"""
        SELECT ended_day, municipality,
               {_INDEX} WHEN assessed BETWEEN date(ended_day, '+4 day') AND last THEN 'numerator' ELSE 'denominator' END
        FROM ({_PLANS}) p WHERE plan OR {_NEED}""",
    "asked-what-matters": f"""
        SELECT ended_day, municipality,
               CASE WHEN question <= last THEN 'numerator' WHEN broken THEN 'excluded'
                    WHEN :today <= last THEN 'not-yet-due' ELSE 'denominator' END
        FROM ({_PLANS}) WHERE plan""",
    "goal-in-own-words": f"""
        SELECT ended_day, municipality,
               CASE WHEN own THEN 'numerator'
                    WHEN question AND answer IN ('declined', 'unable') THEN 'excluded'
                    WHEN broken THEN 'excluded' WHEN :today <= last THEN 'not-yet-due' ELSE 'denominator' END
        FROM ({_PLANS}) WHERE plan""",
    "own-goal-evaluated": f"""
        SELECT review_day, municipality,
               CASE WHEN evaluated_day < :today AND evaluated_day <= review_day THEN 'numerator'
                    WHEN broken <= review_day THEN 'excluded'
                    WHEN :today <= review_day THEN 'not-yet-due' ELSE 'denominator' END
        FROM goals g JOIN ({_PLANS}) p USING (stay) WHERE voice = 'patient' AND stated_day < :today""",
    "own-goal-followed-up": f"""
        SELECT ended_day, municipality,
               CASE WHEN MAX(COALESCE(followed_up_day < :today, 0)) THEN 'numerator'
                    WHEN :today <= last THEN 'not-yet-due' ELSE 'denominator' END
        FROM goals g JOIN ({_PLANS}) p USING (stay) WHERE voice = 'patient' AND stated_day < :today GROUP BY stay""",
    "notice-within-24-hours": f"""
        SELECT admitted_day, municipality,
               CASE WHEN noticed <= adm + 86400 THEN 'numerator'
                    WHEN over AND fin < adm + 86400 THEN 'excluded'
                    WHEN :now <= adm + 86400 THEN 'not-yet-due'
                    ELSE 'denominator' END
        FROM ({_STAYS}) s
        WHERE noticed OR EXISTS (SELECT 1 FROM ready r WHERE r.stay = s.stay AND unixepoch(r.told) <= :now)""",
    "reply-minutes": f"""
        SELECT told_day, municipality,
               CASE WHEN answered THEN 'numerator' WHEN void THEN 'excluded' ELSE 'not-yet-due' END
        FROM ({_READY})""",
    "reply-in-time": f"""
        SELECT told_day, municipality,
               CASE WHEN limit_hours IS NULL THEN 'missing'
                    WHEN answered <= due THEN 'numerator'
                    WHEN answered THEN 'denominator'
                    WHEN void <= due THEN 'excluded'
                    WHEN :now <= due THEN 'not-yet-due'
                    ELSE 'denominator' END
        FROM ({_READY})""",
    "no-extra-days": f"""
        SELECT ready_day, municipality,
               CASE WHEN days > 0 THEN 'denominator' WHEN NOT over THEN 'not-yet-due' ELSE 'numerator' END
        FROM (SELECT s.stay, s.municipality, s.over,
                     (SELECT MIN(ready_day) FROM ready r
                      WHERE r.stay = s.stay AND unixepoch(told) <= :now) AS ready_day,
                     (SELECT COUNT(*) FROM ({_EXTRA}) e WHERE e.stay = s.stay) AS days
              FROM ({_STAYS}) s) WHERE ready_day IS NOT NULL""",
    "extra-days-per-stay": f"""
        SELECT ready_day, municipality, CASE WHEN NOT over THEN 'not-yet-due' ELSE 'numerator' END
        FROM (SELECT s.stay, s.municipality, s.over,
                     (SELECT MIN(ready_day) FROM ready r
                      WHERE r.stay = s.stay AND unixepoch(told) <= :now) AS ready_day,
                     (SELECT COUNT(*) FROM ({_EXTRA}) e WHERE e.stay = s.stay) AS days
              FROM ({_STAYS}) s) WHERE ready_day IS NOT NULL AND (days > 0 OR NOT over)""",
    "readmission-30-days-from-67": f"""
        SELECT ended_day, municipality,
               CASE WHEN died OR discharged_to = 3 OR again - fin <= 8 * 3600 OR age < 67 THEN 'excluded'
                    WHEN :today <= date(ended_day, '+30 day') THEN 'not-yet-due'
                    WHEN again_day <= date(ended_day, '+30 day') THEN 'numerator'
                    ELSE 'denominator' END
        FROM ({_STAYS}) WHERE over""",
    "extra-days": f"SELECT day, municipality, 'numerator' FROM ({_EXTRA})",
    "epikrise-within-1-day": f"""
        SELECT ended_day, municipality,
               CASE WHEN died OR discharged_to = 3 THEN 'excluded'
                    WHEN sent_day <= date(ended_day, '+1 day') THEN 'numerator'
                    WHEN sent_day THEN 'denominator'
                    WHEN :today <= date(ended_day, '+1 day') THEN 'not-yet-due'
                    ELSE 'denominator' END
        FROM ({_STAYS}) WHERE over""",
    "epikrise-within-7-days": f"""
        SELECT ended_day, municipality,
               CASE WHEN died OR discharged_to = 3 THEN 'excluded'
                    WHEN sent_day <= date(ended_day, '+7 day') THEN 'numerator'
                    WHEN sent_day THEN 'denominator'
                    WHEN :today <= date(ended_day, '+7 day') THEN 'not-yet-due'
                    ELSE 'denominator' END
        FROM ({_STAYS}) WHERE over""",
    "readmission-30-days": f"""
        SELECT ended_day, municipality,
               CASE WHEN died OR discharged_to = 3 OR again - fin <= 8 * 3600 THEN 'excluded'
                    WHEN :today <= date(ended_day, '+30 day') THEN 'not-yet-due'
                    WHEN again_day <= date(ended_day, '+30 day') THEN 'numerator'
                    ELSE 'denominator' END
        FROM ({_STAYS}) WHERE over""",
}
MINUTES = f"SELECT (answered - asked) / 60.0 FROM ({_READY}) WHERE answered ORDER BY 1"


class Truth:
    """The ground truth of a quarter's folder, as it was known at a time."""

    def __init__(self, folder: Path, now: int, today: str) -> None:
        """`now`: seconds since 1970; `today`: that day in Norway."""
        self._asked = {"now": now, "today": today}
        self._database = sqlite3.connect(":memory:")
        for name in ("stays", "ready", "checklists", "goals"):
            with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
                columns, *rows = csv.reader(file)
            self._database.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
            self._database.executemany(
                f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})",
                [[_value(text) for text in row] for row in rows],
            )

    def counted(self, measure: str) -> Counted:
        """How a measure counts every occasion."""
        return Counter((day, place, verdict) for day, place, verdict in self._ask(QUERIES[measure]))

    def minutes(self) -> list[float]:
        """Every reply's minutes, the shortest first."""
        return [minutes for (minutes,) in self._ask(MINUTES)]

    def close(self) -> None:
        """Forget it."""
        self._database.close()

    def _ask(self, query: str) -> list[tuple]:  # type: ignore[type-arg]
        return self._database.execute(query, self._asked).fetchall()


def _value(text: str) -> str | int | None:
    if not text:
        return None
    return int(text) if text.isdigit() and len(text) < 5 else text
