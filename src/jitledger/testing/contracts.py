"""What every store and every view must keep, as suites that pytest runs on somebody else's.

Subclass one in a test module and say how yours is made::

    class TestMyView(ProjectionContract):
        def projection(self) -> Projection:
            return MyView()
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.domain.json import Json
from jitledger.service.clock import SystemClock
from jitledger.service.ledger import Ledger
from jitledger.service.queries import Queries
from jitledger.service.recording.submission import Answer, Ask, Submission
from jitledger.service.upkeep.proof import prove
from jitledger.service.views.contract import Projection
from jitledger.service.views.driver import Driver
from jitledger.store.database import Database
from jitledger.store.seals import verify
from jitledger.store.sqlite import SQLiteDatabase

OPENING: tuple[Json, ...] = (
    {"do": "init", "name": "Contract", "timezone": "Europe/Berlin", "clock": "simulated"},
    {"do": "location", "code": "back"},
    {"do": "supplier", "code": "ACME", "name": "Acme"},
    {"do": "register", "sku": "MUG", "name": "Blue mug", "category": "kitchen"},
    {"do": "register", "sku": "CUP", "name": "Cup"},
    {"do": "terms", "supplier": "ACME", "sku": "MUG", "unit_cost": "4"},
)
STORY: tuple[Json, ...] = (
    {"do": "receive", "sku": "MUG", "qty": "10", "unit_cost": "4"},
    {"do": "sell", "sku": "MUG", "qty": "3"},
    {"do": "order", "po": "P1", "supplier": "ACME", "lines": [{"sku": "MUG", "qty": "20"}]},
    {"do": "receive", "sku": "MUG", "qty": "5", "po": "P1"},
    {"do": "transfer", "sku": "MUG", "qty": "4", "from": "main", "to": "back"},
    {"do": "sell", "sku": "CUP", "qty": "2"},
    {"do": "count", "sku": "CUP", "qty": "6"},
    {"do": "reserve", "reservation": "R1", "lines": [{"sku": "MUG", "qty": "1"}]},
    {"do": "receive", "sku": "CUP", "qty": "4", "lot": "A7", "expiry": "2026-09-01"},
    {"do": "unmet", "sku": "CUP", "qty": "1"},
    {"do": "rename", "sku": "CUP", "name": "Small cup"},
    {"do": "order-cancel", "po": "P1", "sku": "MUG", "qty": "5"},
    {"do": "release", "reservation": "R1"},
    {"do": "retire", "sku": "CUP"},
)
"""One of most things that happen, three days apart from its beginning."""
LATE: tuple[Json, ...] = (
    {"do": "sell", "sku": "MUG", "qty": "2", "occurred_at": "2026-03-01T12:00:00Z"},
    {"do": "void", "entry": "MUG/4"},
    {"do": "correct", "entry": "CUP/3", "with": {"qty": "7"}},
)
"""Facts that come late, an entry that is taken back, one that is corrected."""


def record(ledger: Ledger, commands: Sequence[Json], first_day: int = 1) -> list[Answer]:
    """Record commands, each a day later than the one before, and return their answers."""
    asks = []
    for number, command in enumerate(commands):
        now = f"2026-03-{first_day + number:02}T10:00:00Z"
        asks.append(Ask(parse({**command, "now": now}), command.get("key")))
    return [ledger.commit(Submission([ask])).answers[0] for ask in asks]


def told(ledger: Ledger, commands: Sequence[Json], first_day: int = 1) -> None:
    """Record commands that must be accepted."""
    for command, answer in zip(commands, record(ledger, commands, first_day), strict=True):
        assert answer.ok, f"{command}: {answer.error}"


class ProjectionContract:
    """A view shows the same however it came about: event by event, caught up, or rebuilt."""

    def projection(self) -> Projection:
        """Return the view; to be said by the suite of each."""
        raise NotImplementedError

    def database(self, folder: Path) -> Database:
        """Return an empty database; SQLite where the suite does not say otherwise."""
        return SQLiteDatabase(str(folder / "contract.db"))

    def rows(self, database: Database) -> dict[str, list[tuple[object, ...]]]:
        """Return the rows of the view's tables, sorted."""
        with database.snapshot() as tx:
            return {
                table: sorted(map(tuple, tx.all(f"SELECT * FROM {table}")), key=repr)
                for table in self.projection().definitions(database.dialect)
            }

    @pytest.fixture
    def opened(self, tmp_path: Path) -> tuple[Database, Driver, Ledger]:
        """Open a shop that shows its events to this view alone."""
        database = self.database(tmp_path)
        database.create()
        driver = Driver(database, [self.projection()])
        driver.create()
        ledger = Ledger(database, driver, SystemClock())
        told(ledger, OPENING)
        return database, driver, ledger

    def test_a_rebuild_gives_what_the_appends_gave(
        self, opened: tuple[Database, Driver, Ledger]
    ) -> None:
        """In order, and after facts that came late, were taken back and corrected."""
        database, driver, ledger = opened
        for commands, first_day in ((STORY, 8), (LATE, 24)):
            told(ledger, commands, first_day)
            before = self.rows(database)
            driver.rebuild()
            assert self.rows(database) == before

    def test_a_view_that_came_later_catches_up(
        self, opened: tuple[Database, Driver, Ledger]
    ) -> None:
        """Rows of a view that is new in an old shop are those it would have had."""
        database, _driver, ledger = opened
        told(ledger, STORY, 8)
        told(ledger, LATE, 24)
        before = self.rows(database)
        with database.transaction() as tx:
            for table in before:
                tx.execute(f"DROP TABLE {table}")
            tx.execute("DELETE FROM projections")
        later = Driver(database, [self.projection()])
        later.create()
        assert later.catch_up() == []
        assert self.rows(database) == before

    def test_several_commands_of_one_append_are_shown_at_once(
        self, opened: tuple[Database, Driver, Ledger]
    ) -> None:
        """A group of commands leaves the rows that one after the other leaves."""
        database, driver, ledger = opened
        asks = [
            Ask(parse({**command, "now": f"2026-03-{8 + n:02}T10:00:00Z"}))
            for n, command in enumerate(STORY)
        ]
        assert all(answer.ok for answer in ledger.commit(Submission(asks)).answers)
        before = self.rows(database)
        driver.rebuild()
        assert self.rows(database) == before


class StoreContract:
    """A store keeps what it acknowledged, once, in one order that everybody sees."""

    def open(self, folder: Path) -> Database:
        """Return a database, the same one each time it is asked for; said by the suite of each."""
        raise NotImplementedError

    def opened(self, folder: Path) -> tuple[Database, Ledger, Queries]:
        """Open the shop on it, as one more process would."""
        database = self.open(folder)
        database.create()
        driver = Driver(database, [])
        driver.create()
        clock = SystemClock()
        return database, Ledger(database, driver, clock), Queries(database, clock)

    def test_what_is_acknowledged_is_there_after_reopening(self, tmp_path: Path) -> None:
        """The history of each item, and the seal over all."""
        database, ledger, queries = self.opened(tmp_path)
        told(ledger, OPENING)
        told(ledger, STORY, 8)
        before, sealed = queries.history("MUG"), verify(database)
        assert sealed.ok
        database.close()
        again, _ledger, later = self.opened(tmp_path)
        assert later.history("MUG") == before
        assert verify(again) == sealed
        again.close()

    def test_what_fails_leaves_nothing(self, tmp_path: Path) -> None:
        """A transaction that raises is as if it had never begun."""
        database, ledger, _queries = self.opened(tmp_path)
        told(ledger, OPENING)
        with database.snapshot() as tx:
            head = database.head(tx)

        def fail() -> None:
            with database.transaction() as tx:
                database.lock(tx)
                tx.insert_events([("sku/NEW", 1, "item-registered", b"{}")], head)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        with database.snapshot() as tx:
            assert database.head(tx) == head
        assert prove(database).ok
        database.close()

    def test_two_processes_see_each_other_at_once(self, tmp_path: Path) -> None:
        """What another appended is known before the next decision, and no key counts twice."""
        database, ledger, queries = self.opened(tmp_path)
        told(ledger, OPENING)
        other, second, _ = self.opened(tmp_path)
        once = {"do": "receive", "sku": "MUG", "qty": "5", "key": "delivery-1"}
        told(ledger, [once], 8)
        (repeat,) = record(second, [once], 9)
        assert repeat.repeat
        told(second, [{"do": "sell", "sku": "MUG", "qty": "2"}], 10)
        (answer,) = record(ledger, [{"do": "sell", "sku": "MUG", "qty": "1"}], 11)
        assert answer.on_hand == "2"
        assert queries.stock("MUG")["on_hand"] == "2"
        other.close()
        database.close()

    def test_a_view_of_the_past_does_not_move(self, tmp_path: Path) -> None:
        """Who reads sees one state, whatever is committed meanwhile."""
        database, ledger, _queries = self.opened(tmp_path)
        told(ledger, OPENING)
        other, second, _ = self.opened(tmp_path)
        with database.snapshot() as tx:
            head = database.head(tx)
            told(second, [{"do": "receive", "sku": "MUG", "qty": "5"}], 8)
            assert database.head(tx) == head
        with database.snapshot() as tx:
            assert database.head(tx) > head
        other.close()
        database.close()

    def test_what_is_altered_is_found(self, tmp_path: Path) -> None:
        """A changed body, and a tail that is cut off, no longer fit their seals."""
        database, ledger, _queries = self.opened(tmp_path)
        told(ledger, OPENING)
        told(ledger, STORY, 8)
        with database.transaction() as tx:
            tx.execute(
                "UPDATE stored_events SET state = ? WHERE originator_id = ? "
                "AND originator_version = 2",
                (b'{"altered":1}', "sku/MUG"),
            )
        with suppress(LedgerError):  # It may be that it cannot even be read.
            assert not verify(database).ok
        database.close()
