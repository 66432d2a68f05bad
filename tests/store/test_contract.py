"""The store contract: the same suite on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from jitledger.bootstrap import App
from jitledger.domain.commands import parse
from jitledger.service.recording.submission import Ask, Submission
from jitledger.store.database import KEYS_AT_ONCE, read_clock
from jitledger.store.schema import SCHEMA_VERSION
from jitledger.store.seals import verify
from tests.conftest import do, done, open_shop
from tests.store.test_store_properties import seal_as_the_first_builds


def register(app: App, *skus: str) -> None:
    """Register products."""
    for sku in skus:
        done(app, do="register", sku=sku, name=sku.title())


def test_what_is_acknowledged_is_there_after_reopening(store_url: str) -> None:
    """A closed and reopened store answers the same."""
    app = open_shop(store_url)
    register(app, "MUG")
    done(app, do="receive", sku="MUG", qty="10")
    before = app.queries.history("MUG")
    app.close()
    again = open_shop_again(store_url)
    assert again.queries.history("MUG") == before
    again.close()


def test_many_keys_are_looked_up_at_once(store_url: str) -> None:
    """Beside the clock; more than one statement takes, and those that are new are left out."""
    app = open_shop(store_url)
    register(app, "MUG")
    done(app, do="receive", sku="MUG", qty="1", key="first")
    done(app, do="receive", sku="MUG", qty="1", key="last")
    keys = ["first", *(f"new-{n}" for n in range(KEYS_AT_ONCE)), "last"]
    with app.database.transaction() as tx:
        clock, known = app.database.lock_and_look(tx, keys)
        assert clock == read_clock(tx)
    assert {key: entries for key, (_, entries) in known.items()} == {
        "first": '["MUG/2"]',
        "last": '["MUG/3"]',
    }
    app.close()


def test_a_shop_of_an_earlier_version_gets_what_is_new(store_url: str) -> None:
    """Tables that came later are made when the shop is opened; its history stays."""
    app = open_shop(store_url)
    register(app, "MUG")
    done(app, do="receive", sku="MUG", qty="10")
    with app.database.transaction() as tx:
        app.database.lock(tx)
        for table in ("chats", "notices", "jobs", "attachments"):
            tx.execute(f"DROP TABLE {table}")
        tx.execute("ALTER TABLE outbox DROP COLUMN leased_until")
        tx.execute(
            "UPDATE clock SET schema_version = 1, last = (SELECT MAX(last) FROM seals), "
            "highest = (SELECT MAX(highest) FROM seals)"
        )
        seal_as_the_first_builds(app, tx)
        clock = read_clock(tx)
        for column in ("last", "present", "highest"):
            tx.execute(f"ALTER TABLE seals DROP COLUMN {column}")
    app.close()
    again = open_shop_again(store_url)
    with again.database.snapshot() as tx:
        assert tx.all("SELECT chat_id FROM chats") == []
        assert tx.all("SELECT leased_until FROM outbox") == []
        assert tx.one("SELECT schema_version FROM clock")[0] == SCHEMA_VERSION
        assert read_clock(tx) == clock
    done(again, do="sell", sku="MUG", qty="3")
    assert again.queries.stock("MUG")["on_hand"] == "7"
    with again.database.snapshot() as tx:
        assert read_clock(tx)[0] > clock[0]
    assert verify(again.database).ok
    again.close()


def open_shop_again(url: str) -> App:
    """Open an existing shop."""
    from jitledger.bootstrap import open_app
    from jitledger.config import Settings

    return open_app(Settings(database=url))


def test_a_repeated_command_changes_nothing(any_app: App) -> None:
    """P2: same key and payload give the first entries; another payload is refused."""
    register(any_app, "MUG")
    command = {
        "do": "receive",
        "sku": "MUG",
        "qty": "10",
        "key": "k1",
        "now": "2026-03-05T09:00:00Z",
    }
    first = done(any_app, **command)
    done(any_app, do="sell", sku="MUG", qty="3", now="2026-03-06T09:00:00Z")
    again = done(any_app, **{**command, "now": "2026-03-04T09:00:00Z"})
    assert (again.entries, again.repeat, again.on_hand) == (first.entries, True, "7")
    other = do(any_app, **{**command, "qty": "11"})
    assert other.error is not None
    assert other.error.code == "key-conflict"
    assert len(any_app.queries.history("MUG")) == 3


def test_a_refusal_stores_no_key_and_an_empty_acceptance_does(any_app: App) -> None:
    """A refused command may be tried again with its key; one without events may not change."""
    assert not do(any_app, do="sell", sku="MUG", qty="1", key="k").ok
    register(any_app, "MUG")
    assert done(any_app, do="sell", sku="MUG", qty="1", key="k").entries == ("MUG/2",)
    assert done(any_app, do="location", code="main", key="none").entries == ()
    assert done(any_app, do="location", code="main", key="none").repeat


def test_one_refused_command_does_not_touch_the_others(any_app: App) -> None:
    """In one group each caller gets its own result."""
    register(any_app, "MUG")
    submissions = [
        Submission([Ask(parse({"do": "receive", "sku": sku, "qty": "1"}))])
        for sku in ("MUG", "NOPE", "MUG")
    ]
    answers = [any_app.ledger.submit(s) for s in submissions]
    assert [a.result().answers[0].ok for a in answers] == [True, False, True]


def test_recorded_at_rises_and_the_seals_are_clean(any_app: App) -> None:
    """Stamps are strictly increasing in the log's order, whatever the threads do."""
    register(any_app, *(f"S{n}" for n in range(5)))
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda n: done(any_app, do="receive", sku=f"S{n % 5}", qty="1"), range(100)))
    with any_app.database.snapshot() as tx:
        from jitledger.store.codec import decode

        stamps = [
            decode(r[3], r[4]).recorded_at
            for rows in any_app.database.scan(tx, batch=7)
            for r in rows
            if r[1].startswith("sku/")
        ]
    assert stamps == sorted(stamps)
    assert len(set(stamps)) == len(stamps)
    assert verify(any_app.database).ok


def test_two_apps_see_each_other_at_once(store_url: str) -> None:
    """What another process appended is read before the next decision."""
    one = open_shop(store_url)
    two = open_shop_again(store_url)
    register(one, "MUG")
    done(one, do="receive", sku="MUG", qty="5")
    assert done(two, do="sell", sku="MUG", qty="2").on_hand == "3"
    done(two, do="location", code="shop")
    assert done(one, do="receive", sku="MUG", qty="1", at="shop").on_hand == "4"
    refused = do(two, do="register", sku="m-u-g", name="Again")
    assert refused.error is not None
    assert refused.error.code == "duplicate-sku"
    assert verify(one.database).ok
    one.close()
    two.close()


def test_writers_of_the_same_item_in_two_apps(store_url: str) -> None:
    """Four writers on one SKU: nothing lost, nothing twice, versions gap-free."""
    apps = [open_shop(store_url), open_shop_again(store_url)]
    register(apps[0], "MUG")

    def work(app: App) -> None:
        for _ in range(40):
            done(app, do="receive", sku="MUG", qty="1")

    threads = [threading.Thread(target=work, args=(app,)) for app in apps for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert apps[0].queries.stock("MUG")["on_hand"] == "160"
    versions = [int(row["entry"].rpartition("/")[2]) for row in apps[1].queries.history("MUG")]
    assert sorted(versions) == list(range(1, 162))
    assert verify(apps[0].database).ok
    for app in apps:
        app.close()


class TestSeals:
    """P11: given the last witnessed seal, any change to stored history is detected."""

    @pytest.fixture
    def written(self, any_app: App) -> App:
        """Write a little history."""
        register(any_app, "MUG", "CUP")
        for number in range(4):
            done(any_app, do="receive", sku="MUG", qty="5", key=f"k{number}")
        return any_app

    def tamper(self, app: App, sql: str) -> None:
        """Change the store behind the ledger's back."""
        with app.database.transaction() as tx:
            app.database.lock(tx)
            tx.execute(sql)

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE stored_events SET topic = 'stock-sold' WHERE originator_id = 'sku/MUG' "
            "AND originator_version = 2",
            "UPDATE stored_events SET originator_id = 'sku/CUP', originator_version = 2 "
            "WHERE originator_id = 'sku/MUG' AND originator_version = 5",
            "DELETE FROM stored_events WHERE originator_id = 'sku/MUG' AND originator_version = 5",
            "UPDATE command_keys SET entries = '[]' WHERE key = 'k1'",
            "DELETE FROM command_keys WHERE key = 'k2'",
            "DELETE FROM seals WHERE ordinal = 3",
            "UPDATE seals SET events = events + 1 WHERE ordinal = 2",
        ],
    )
    def test_a_change_is_found_and_named(self, written: App, sql: str) -> None:
        """Any edit, deletion or move of a row is found; the first difference is named."""
        assert verify(written.database).ok
        self.tamper(written, sql)
        verdict = verify(written.database)
        assert not verdict.ok
        assert verdict.first_difference

    def test_a_ledger_cut_off_at_its_end_needs_the_witness(self, written: App) -> None:
        """Cutting the last append off with its seal is found by the witness alone."""
        witness = verify(written.database).seal
        with written.database.snapshot() as tx:
            last = tx.one("SELECT MAX(ordinal) FROM seals")[0]
        self.tamper(
            written,
            "DELETE FROM stored_events WHERE originator_id = 'sku/MUG' AND originator_version = 5",
        )
        self.tamper(written, "DELETE FROM command_keys WHERE key = 'k3'")
        self.tamper(written, f"DELETE FROM seals WHERE ordinal = {last}")
        assert verify(written.database).ok
        assert not verify(written.database, witness).ok
        assert verify(written.database, verify(written.database).seal).ok
