"""How is everything removed that can be made anew, and who must know of it?

Whoever read something of the projection before a removal and writes after it: what he read comes out of turn.
"""

from __future__ import annotations

from typing import Final

from gateway.ledger.session import Row, Session

NAME: Final = "records"
REMOVALS: Final = (
    *("rebuild_basis_days", "rebuild_ready_notices", "rebuild_clocks", "rebuild_stay_messages"),
    *("rebuild_stay_municipalities", "rebuild_unplaced", "rebuild_stays", "rebuild_tasks", "rebuild_plans"),
    *("rebuild_kept_plans", "rebuild_goals", "rebuild_wishes", "rebuild_index", "rebuild_versions"),
    *("rebuild_resources", "rebuild_events"),
)


def remove_everything(session: Session) -> None:
    """Remove what messages, and what was said here, tell again; the projection stands at its beginning then."""
    for query in REMOVALS:
        session.run(query)
    session.run("mark_measured_all")
    session.run("reset_projection", name=NAME)


def is_outdated(session: Session, as_read: Row, *names: str) -> bool:
    """Whether everything was removed since the projection was read so; or one of the values under these names has
    changed."""
    now = session.one("projection", name=NAME)
    return now is None or any(now[name] != as_read[name] for name in ("removals", *names))
