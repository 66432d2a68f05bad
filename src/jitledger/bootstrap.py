"""The only module that knows every room: it wires one shop into one frozen ``App``."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jitledger.config import Settings
from jitledger.domain.errors import Refused
from jitledger.domain.json import Json
from jitledger.domain.moments import local_date, show_moment
from jitledger.service.alerts.reorder_alerts import ReorderAlerts
from jitledger.service.clock import Clock, SystemClock
from jitledger.service.ledger import Ledger
from jitledger.service.queries import Queries
from jitledger.service.views.contract import Projection
from jitledger.service.views.driver import Driver
from jitledger.store.database import Database
from jitledger.store.open import open_database
from jitledger_projections.views.demand_rate import DemandRate
from jitledger_projections.views.exceptions import Exceptions
from jitledger_projections.views.on_hand import OnHand
from jitledger_projections.views.on_order import OnOrder
from jitledger_projections.views.products import Products, catalog_row, products
from jitledger_projections.views.supply import Supply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from jitledger.service.people import Person
    from jitledger.service.upkeep.rekeying import Rekeyed
    from jitledger_projections.reports.look import Look
    from jitledger_projections.reports.ordering.reorder_line import ReorderLine

GARBAGE_AT = 10_000
"""How many more objects there must be before garbage is searched for."""


@dataclass(frozen=True, slots=True)
class App:
    """Everything a front end needs of one shop."""

    settings: Settings
    database: Database
    clock: Clock
    driver: Driver
    ledger: Ledger
    queries: Queries

    def look(self) -> Look:
        """Return a look at the shop as it is now, to ask reports with (imports numpy)."""
        from jitledger_projections.reports.look import Look

        return Look.at_present(self.database, self.queries)

    def reorder(self) -> list[ReorderLine]:
        """Return what needs reordering now, most urgent first."""
        from jitledger_projections.reports.ordering.reorder import reorder

        return reorder(self.look())

    def uncounted(self) -> list[tuple[str, str]]:
        """Return (SKU, name) of what can be reordered only after it was counted."""
        from jitledger_projections.views.on_hand import uncounted

        with self.database.snapshot() as tx:
            return uncounted(tx)

    def explained(self, sku: str) -> list[ReorderLine]:
        """Return what one item's reorder point is made of and where it stands, due or not."""
        from jitledger_projections.reports.ordering.reorder import explained

        return explained(self.look(), sku)

    def today(self) -> date:
        """Return the shop's local day."""
        shop = self.queries.shop()
        return local_date(self.queries.present(shop), shop.tz)

    def sweep(self) -> int:
        """Fold the demand state through yesterday and store every reorder point."""
        from jitledger.domain.commands import parse
        from jitledger.service import people
        from jitledger.service.alerts.summary import resume_alerts
        from jitledger.service.recording.submission import Ask, Submission
        from jitledger_projections.planning.sweep import sweep

        shop = self.queries.shop()
        self.driver.catch_up()

        def note(what: str, value: float, takes: Mapping[float, float]) -> None:
            evidence = {f"{way:g}": f"{stock:.2f}" for way, stock in takes.items()}
            field = {"memory": "days", "lots": "scale"}[what]
            command = {"do": what, field: f"{value:g}", "takes": evidence}
            answer = self.ledger.commit(Submission([Ask(parse(command))], channel="system"))
            if answer.answers[0].error is not None:
                raise answer.answers[0].error

        people.clear(self.database)
        points = sweep(self.database, shop, self.queries.present(shop), note)
        resume_alerts(self.database, self.ledger, self.reorder)
        return points

    def forget(
        self, person: Person, *, dry_run: bool = False, rekeying: bool = True
    ) -> Rekeyed | None:
        """Erase what is kept of a person; where seals were made anew, the witness is, too."""
        from jitledger.service import people
        from jitledger.service.upkeep.witness import note, witness_file

        shop = self.queries.shop()
        done = people.forget(self.ledger, shop, person, dry_run=dry_run, rekeying=rekeying)
        file = witness_file(self.settings.database, self.settings.witness)
        if done is not None and file is not None:
            note(file, self.database, show_moment(self.clock.now())[:10])
        return done

    def exported(self, name: str, sku: str | None = None) -> list[dict[str, Any]]:
        """Return a list for a table: stock, items, history (of a SKU), reorder or log."""
        match name:
            case "history":
                return self._flat(self.queries.history(sku or ""))
            case "log":
                return self._flat(self.queries.log())
            case "reorder":
                from jitledger_projections.reports.ordering.reorder_line import as_shape

                shapes = [as_shape(line) for line in self.reorder()]
                return [{k: v for k, v in row.items() if k != "runs_out"} for row in shapes]
        with self.database.snapshot() as tx:
            found = products(tx, self.today())
        if name == "items":
            return [catalog_row(p) for p in found]
        return [
            {k: v for k, v in row.items() if not isinstance(v, (dict, list))}
            for row in self.queries.stocks([p.sku for p in found])
        ]

    def _flat(self, rows: list[Json]) -> list[Json]:
        """Return entries with their details in one cell."""
        from jitledger.service.entry_details import in_words

        own = self.queries.shop().currency
        return [row | {"details": in_words({"details": row["details"]}, own)} for row in rows]

    def stay(self) -> None:
        """Prepare for many commands: a process that stays for long calls this when it is ready.

        What was imported stays for good: the search for garbage need not walk through it again;
        and most of what is made for one command is gone before so many more objects are.
        """
        self.database.stay()
        gc.collect()
        gc.freeze()
        gc.set_threshold(GARBAGE_AT)

    def close(self) -> None:
        """Finish what waits and close the database."""
        self.ledger.close()
        self.database.close()


def all_views() -> list[Projection]:
    """Return a fresh projection of each kind."""
    return [OnHand(), DemandRate(), Exceptions(), Products(), Supply(), OnOrder()]


def open_app(
    settings: Settings,
    clock: Clock | None = None,
    lock_timeout: float = 5.0,
    *,
    create: bool = True,
) -> App:
    """Open the shop's database, creating what is missing, and wire it.

    Without ``create`` a database that is not there is refused (``no-shop``): whoever only asks, or
    mistypes its name, makes none.
    """
    clock = clock or SystemClock()
    database = open_database(settings.database, lock_timeout)
    if not create and not database.exists():
        database.close()
        raise Refused("no-shop", "There is no shop in this database; run jitledger init first.")
    if settings.seal_key is not None:
        database.seal_key = settings.seal_key.encode()
    database.create()
    driver = Driver(database, all_views())
    driver.create()
    ledger = Ledger(database, driver, clock)
    ledger.watcher = ReorderAlerts()
    return App(settings, database, clock, driver, ledger, Queries(database, clock))
