"""The views compared with the log: each row against one that was built anew from sealed events.

A byte that changed in a view lies under no seal; only building it again shows it. Done in a copy
beside the shop, so that nobody waits.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from jitledger.domain.errors import Conflict
from jitledger.service.views.contract import Projection
from jitledger.service.views.driver import Driver
from jitledger.store.database import Database, Tx
from jitledger.store.moving import copy_events
from jitledger.store.sqlite import SQLiteDatabase

TRIES = 5

OWN = ("product_words",)
"""Made in another way by each database, and asked for nothing but finding names."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows of one view that are not what the log says."""

    view: str
    rows: int
    first: str

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return asdict(self)


def check_views(database: Database, projections: Sequence[Projection]) -> list[Difference]:
    """Return where views differ from the log; raises ``Conflict`` when others never pause.

    ``projections`` are fresh ones: they are used to build, not to read.
    """
    for _ in range(TRIES):
        with tempfile.TemporaryDirectory(prefix="jitledger-views-") as folder:
            copy = SQLiteDatabase(str(Path(folder) / "copy.db"))
            try:
                copy.create()
                with database.snapshot() as there, copy.transaction() as here:
                    copy.lock(here)
                    copy_events(database, there, here)
                driver = Driver(copy, projections)
                driver.create()
                driver.rebuild()
                found = _compared(database, copy, projections)
            finally:
                copy.close()
        if found is not None:
            return found
    raise Conflict("busy", "Others recorded all the time; try again when it is quieter.")


def _compared(
    database: Database, copy: Database, projections: Sequence[Projection]
) -> list[Difference] | None:
    """Compare all tables; None when the shop went on since the copy was made."""
    differences = []
    with database.snapshot() as live, copy.snapshot() as built:
        same = "SELECT COUNT(*) FROM stored_events"
        if live.one(same)[0] != built.one(same)[0]:
            return None
        for projection in projections:
            for table in projection.definitions(database.dialect):
                if table in OWN:
                    continue
                wrong = _rows(live, table) ^ _rows(built, table)
                if wrong:
                    first = min((str(row[0]) for row in wrong), default="")
                    differences.append(Difference(table, len(wrong), first))
    return differences


def _rows(tx: Tx, table: str) -> set[tuple[object, ...]]:
    return {tuple(row) for row in tx.all(f"SELECT * FROM {table}")}
