"""Where each view stands, and how every process learns that it changed."""

from __future__ import annotations

from dataclasses import dataclass

from jitledger.service.views.contract import Projection, Stopped
from jitledger.store.database import Tx, marked


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one projection stands; without a position it follows the newest event."""

    name: str
    version: int
    position: int | None
    status: str
    error: str | None

    def stands_at(self, head: int) -> int:
        """Return the position up to which its rows are complete."""
        return head if self.position is None else self.position


def all_standings(tx: Tx) -> dict[str, Standing]:
    """Return where every projection stands."""
    rows = tx.all("SELECT name, version, position, status, error FROM projections")
    return {row[0]: Standing(*row) for row in rows}


def follows(tx: Tx, projection: Projection, position: int | None) -> None:
    """Note that a view is complete up to a position; None for one that follows the newest event."""
    tx.execute(
        "UPDATE projections SET version = ?, position = ?, status = 'live', error = NULL "
        "WHERE name = ?",
        (projection.version, position, projection.name),
    )


def stop(tx: Tx, projection: Projection, position: int, stopped: Stopped) -> None:
    """Mark a view stopped at its position, with what it raised; every process reads this anew."""
    error = stopped.error
    text = f"after position {position} at {stopped.stream}: {type(error).__name__}: {error}"
    tx.execute(
        "UPDATE projections SET status = 'stopped', position = ?, error = ? WHERE name = ?",
        (position, text[:500], projection.name),
    )
    marked(tx)


def is_live(projection: Projection, standing: Standing | None) -> bool:
    """An old process must not write rows of a newer shape, nor a new one rows of an older."""
    return (
        standing is not None
        and standing.status == "live"
        and standing.version == projection.version
    )


def describe(standing: Standing, head: int) -> dict[str, object]:
    """Return a standing as ``doctor`` shows it."""
    return {
        "projection": standing.name,
        "version": standing.version,
        "position": standing.stands_at(head),
        "status": standing.status,
        "error": standing.error,
    }
