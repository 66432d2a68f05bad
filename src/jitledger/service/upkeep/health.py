"""How the ledger is doing, for ``doctor`` and for the owner's answers."""

from __future__ import annotations

from jitledger.domain.events import EVENTS
from jitledger.domain.json import Json
from jitledger.service.clock import Clock
from jitledger.service.recording.jumps import describe_clock
from jitledger.service.streams import load_shop
from jitledger.service.upkeep.letters import names_set_aside
from jitledger.service.upkeep.witness import Witness, older_than_told
from jitledger.service.views.driver import Driver
from jitledger.service.views.standing import all_standings, describe
from jitledger.store.database import Database, Tx, read_clock


def health(
    database: Database,
    driver: Driver,
    clock: Clock | None = None,
    *,
    whole: bool = False,
    witness: Witness | None = None,
) -> Json:
    """Return positions and errors of the views, the newest seal, and what waits."""
    with database.snapshot() as tx:
        head = database.head(tx)
        standings = list(all_standings(tx).values())
        seal = tx.one("SELECT seal FROM seals ORDER BY ordinal DESC LIMIT 1")
        letters = tx.all("SELECT id, error FROM inbox WHERE state = 'dead' ORDER BY id LIMIT 100")
        waiting = tx.one("SELECT COUNT(*) FROM inbox WHERE state = 'new'")[0]
        sending = tx.one("SELECT COUNT(*) FROM outbox WHERE state = 'new'")[0]
        exceptions = tx.one("SELECT COUNT(*) FROM exceptions")[0]
        events = tx.one("SELECT COUNT(*) FROM stored_events")[0]
        aside = names_set_aside(tx)
        told = _clock(database, tx, clock)
    versions = {p.name: p.version for p in driver.projections}
    ok = not aside and all(s.status == "live" for s in standings)
    ok = ok and all(versions.get(s.name, s.version) == s.version for s in standings)
    damage = database.damage() if whole else None
    older = older_than_told(database, witness)
    newer = _newer_kinds(database) if whole else []
    ok = ok and not newer
    ok = ok and told["wrong"] is None and damage is None and older is None
    return {
        "ok": ok,
        "events": events,
        "head": head,
        "seal": bytes(seal[0]).hex() if seal is not None else None,
        "projections": [describe(s, head) for s in standings],
        "stopped": [s.name for s in standings if s.status != "live"],
        "exceptions": exceptions,
        "inbox_waiting": waiting,
        "outbox_waiting": sending,
        "damage": damage,
        "older": older,
        "newer_kinds": newer,
        "clock": told,
        "set_aside": aside,
        "dead_letters": [{"id": row[0], "error": row[1]} for row in letters],
    }


def _newer_kinds(database: Database) -> list[str]:
    """Return the kinds of entries that this program does not know: a newer one recorded them."""
    with database.snapshot() as tx:
        rows = tx.all("SELECT DISTINCT topic FROM stored_events")
    return sorted(str(row[0]) for row in rows if row[0] not in EVENTS)


def _clock(database: Database, tx: Tx, clock: Clock | None) -> Json:
    """Return how the machine's clock stands to the log; a simulated shop's is told, not read."""
    if clock is None or load_shop(database, tx).clock == "simulated":
        return {"wrong": None}
    return describe_clock(tx, read_clock(tx)[0], clock.now())
