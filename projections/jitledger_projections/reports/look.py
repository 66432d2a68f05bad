"""What a report is asked with: one shop at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from jitledger.domain.moments import local_date
from jitledger.domain.state.shop import Shop
from jitledger.service.queries import Queries
from jitledger.store.database import Database, Tx
from jitledger_projections.planning.plan import Plan, plan


@dataclass(frozen=True)
class Look:
    """One look at a shop: every report that is asked with it sees the same moment and plan."""

    database: Database
    queries: Queries
    shop: Shop
    now: int
    """The ledger's present, in microseconds."""

    @classmethod
    def at_present(cls, database: Database, queries: Queries) -> Look:
        """Return a look at the shop as it is now."""
        shop = queries.shop()
        return cls(database, queries, shop, queries.present(shop))

    @cached_property
    def today(self) -> date:
        """Return the shop's local day."""
        return local_date(self.now, self.shop.tz)

    @cached_property
    def plan(self) -> Plan:
        """Return the day's plan, made when it is first asked for."""
        return plan(self.database, self.shop, self.today)

    @contextmanager
    def snapshot(self) -> Iterator[Tx]:
        """Yield a transaction that reads one state of the database."""
        with self.database.snapshot() as tx:
            yield tx
