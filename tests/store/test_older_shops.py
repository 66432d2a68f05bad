"""A shop written by any earlier version opens, verifies, and goes on; its old buttons work.

``tests/history/databases`` has one small file of each schema version, made by the last version of
it (``tests.history.make_shop``), and is kept for ever: a schema that is new adds a file, none is
changed. ``before-marks`` is of the very first program, whose clock had a column less.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.errors import StoreError
from jitledger.service import people
from jitledger.service.clock import FixedClock
from jitledger.service.upkeep.proof import prove
from jitledger.service.views.contract import Projection
from jitledger.service.views.standing import all_standings
from jitledger.store.schema import SCHEMA_VERSION
from jitledger.store.seals import verify
from jitledger_bot.app import BotRunner, make_bot
from jitledger_bot.sandbox.server import Sandbox, make_api, serve
from tests.bot.conftest import START, TOKEN, Chat, hasten
from tests.conftest import done

FOLDER = Path(__file__).parents[1] / "history" / "databases"
NAMES = sorted(path.name.removesuffix(".json") for path in FOLDER.glob("schema-*.json"))
DAY = 86_400 * 10**9


def unpacked(name: str, folder: Path) -> tuple[str, dict[str, Any]]:
    """Return the address of a copy of a stored shop, and what is known of it."""
    path = folder / "shop.db"
    path.write_bytes(gzip.decompress((FOLDER / f"{name}.db.gz").read_bytes()))
    return f"sqlite:///{path}", json.loads((FOLDER / f"{name}.json").read_text())


def rows(app: App, only: Sequence[Projection] | None = None) -> dict[str, list[Any]]:
    """Return the rows of every view, or of some."""
    views = app.driver.projections if only is None else only
    tables = [t for p in views for t in p.definitions("sqlite")]
    with app.database.snapshot() as tx:
        return {t: sorted(tx.all(f"SELECT * FROM {t}"), key=repr) for t in tables}


def test_there_is_a_shop_of_each_schema_version() -> None:
    """No version is without its file."""
    assert [f"schema-{n}" for n in range(1, SCHEMA_VERSION + 1)] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_older_shop_forgets_its_chats(name: str, tmp_path: Path) -> None:
    """Keys with the numbers of chats are written anew; history, views and seals stand."""
    url, _known = unpacked(name, tmp_path)
    app = open_app(Settings(database=url))
    app.driver.catch_up()
    before, history = rows(app), app.queries.history("MUG")
    with app.database.snapshot() as tx:
        plain = [row[0] for row in tx.all("SELECT key FROM command_keys") if row[0][:3] == "tg:"]
        members = tx.all("SELECT member FROM people")
    shop = app.queries.shop()
    person = people.resolve(app.database, shop, next(m for (m,) in members))
    if shop.members.get(person.member) == "owner":
        done(app, do="invite", role="owner", code_hash="5" * 40, minutes=9)
        done(app, do="join", member="m-new", code_hash="5" * 40)
    found = app.forget(person)
    assert (found is None) == (not plain)
    assert prove(app.database).ok
    with app.database.snapshot() as tx:
        text = str(tx.all("SELECT key FROM command_keys"))
        text += str([bytes(row[0]) for row in tx.all("SELECT state FROM stored_events")])
    assert "tg:" not in text
    assert rows(app) == before
    assert [row["entry"] for row in app.queries.history("MUG")] == [r["entry"] for r in history]
    app.driver.rebuild()
    assert rows(app) == before
    app.close()


@pytest.mark.parametrize("name", ["before-marks", *NAMES])
def test_an_older_shop_is_what_it_was(name: str, tmp_path: Path) -> None:
    """Its last seal is the witness; a rebuild gives the rows caught up with; it goes on."""
    url, known = unpacked(name, tmp_path)
    app = open_app(Settings(database=url))
    found = verify(app.database, known["seal"])
    assert (found.ok, found.events, found.seal) == (True, known["events"], known["seal"])
    app.driver.catch_up()
    before = rows(app)
    assert {sku: app.queries.stock(sku)["on_hand"] for sku in known["stock"]} == known["stock"]
    app.driver.rebuild()
    assert rows(app) == before
    done(app, do="sell", sku="MUG", qty="1")
    assert verify(app.database, known["seal"]).ok
    app.close()


def raise_floor(url: str, version: int, floor: int) -> None:
    """Do to a shop what a newer program does to it."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as newer, newer:
        newer.execute("UPDATE clock SET schema_version = ?, floor = ?", (version, floor))


@pytest.mark.parametrize(("version", "floor"), [(99, 0), (99, 99), (SCHEMA_VERSION + 1, 99)])
def test_a_newer_shop_is_left_alone(tmp_path: Path, version: int, floor: int) -> None:
    """Its number is said; nothing is read or changed, not even its tables are completed."""
    url, _known = unpacked(NAMES[-1], tmp_path)
    raise_floor(url, version, floor)
    before = (tmp_path / "shop.db").read_bytes()
    for create in (True, False):
        with pytest.raises(StoreError) as refused:
            open_app(Settings(database=url), create=create)
        assert refused.value.code == "newer-ledger"
        assert f"number {version}" in refused.value.message
    assert (tmp_path / "shop.db").read_bytes() == before


def test_a_newer_shop_that_lets_us_write_is_written(tmp_path: Path) -> None:
    """A newer program that adds only what we need not know keeps the floor where we stand."""
    url, known = unpacked(NAMES[-1], tmp_path)
    raise_floor(url, SCHEMA_VERSION + 1, SCHEMA_VERSION)
    app = open_app(Settings(database=url), create=False)
    done(app, do="sell", sku="MUG", qty="1")
    assert verify(app.database, known["seal"]).ok
    app.close()


def test_a_program_that_became_too_old_while_it_runs_records_nothing_more(tmp_path: Path) -> None:
    """Under the lock each writer looks; what it would have written is not there."""
    url, known = unpacked(NAMES[-1], tmp_path)
    app = open_app(Settings(database=url))
    done(app, do="sell", sku="MUG", qty="1")
    raise_floor(url, SCHEMA_VERSION + 1, SCHEMA_VERSION + 1)
    with pytest.raises(StoreError) as refused:
        done(app, do="sell", sku="MUG", qty="1")
    assert refused.value.code == "newer-ledger"
    app.close()
    raise_floor(url, SCHEMA_VERSION, SCHEMA_VERSION)
    app = open_app(Settings(database=url))
    assert app.queries.stock("MUG")["on_hand"] == str(int(known["stock"]["MUG"]) - 1)
    app.close()


def test_the_newest_shops_views_need_no_rebuild(tmp_path: Path) -> None:
    """The rows that the version before wrote are those that this one would, of the same view.

    A view of an older version is built anew as soon as it is caught up with.
    """
    url, _known = unpacked(NAMES[-1], tmp_path)
    app = open_app(Settings(database=url))
    with app.database.snapshot() as tx:
        standings = all_standings(tx)
    same = [p for p in app.driver.projections if standings[p.name].version == p.version]
    kept = {table for p in same for table in p.definitions("sqlite")}
    assert same
    before = rows(app, same)
    assert app.driver.catch_up() == []
    assert app.driver.behind() == []
    caught_up = rows(app)
    app.driver.rebuild()
    assert rows(app) == caught_up
    assert all(caught_up[table] == before[table] for table in kept)
    app.close()


@pytest.fixture(params=NAMES)
async def old_chat(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[Chat, dict[str, Any]]]:
    """Start today's bot over an older shop."""
    url, known = unpacked(request.param, tmp_path)
    clock = FixedClock(START + DAY, leads=True)
    app = open_app(Settings(database=url, bot_token=TOKEN), clock)
    sandbox = Sandbox(TOKEN, lambda: clock.now() / 10**9)
    sandbox.add_person(known["owner"], "Olivia")
    server = await serve(make_api(sandbox))
    runner = BotRunner(app, make_bot(TOKEN, server.url))
    hasten(runner)
    await runner.start()
    yield Chat(url, clock, sandbox, server, app, runner), known
    await runner.stop()
    await server.close()
    app.close()


async def test_buttons_of_an_older_version_still_work(
    old_chat: tuple[Chat, dict[str, Any]],
) -> None:
    """Undo below a message of an earlier version takes back; a name that was near is chosen."""
    chat, known = old_chat
    owner, before = known["owner"], chat.on_hand("MUG")
    for kind, left in (("undo", 24), ("choose", 2)):
        button = known[kind]
        shown = {
            "message_id": button["message_id"],
            "date": 1,
            "chat": {"id": owner, "type": "private", "first_name": "Olivia"},
            "from": chat.sandbox.bot_user,
            "text": "…",
            "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": button["data"]}]]},
        }
        chat.sandbox.messages[owner].append(shown)
        await chat.press_data(shown, button["data"], owner)
        assert int(before) - int(chat.on_hand("MUG")) == left
        before = chat.on_hand("MUG")
    await asyncio.to_thread(chat.app.driver.catch_up)
    assert verify(chat.app.database, known["seal"]).ok
