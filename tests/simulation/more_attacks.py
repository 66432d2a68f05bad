"""Attacks on what is told and kept beside the disk: clocks, servers, strangers, copies."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.domain.errors import StoreError
from jitledger.domain.moments import DAY, HOUR, MINUTE
from jitledger.service.people import invite
from jitledger.service.recording.jumps import MOST_QUIET_DAYS
from jitledger.store.copies import back_up, restore
from jitledger.store.open import open_database
from jitledger.store.schema import SCHEMA_VERSION
from jitledger.store.seals import verify
from jitledger_bot.sandbox.rules import BotError
from tests.bot import test_letters, test_retention
from tests.bot.conftest import OWNER, Chat, open_chat
from tests.bot.test_dead_network import Line, address, longest_pause
from tests.conftest import done, open_shop
from tests.service import test_clock_jumps
from tests.simulation.pg_server import Server, programs
from tests.simulation.registry import Found, attack
from tests.store import test_older_shops


@attack
def clock_jumps(scale: int, rng: random.Random, folder: Path) -> Found:
    """Put the clock wrong by days to years: refused, and nothing that follows is dragged along."""
    damage, tries, refused = 0, 40 * scale, 0
    make = test_clock_jumps.dated.__wrapped__  # type: ignore[attr-defined]
    app, right, events = make(folder), 0, 1
    for _ in range(tries):
        wrong = rng.choice((rng.randrange(MOST_QUIET_DAYS * DAY), rng.randrange(20_000) * DAY))
        far = wrong > (MOST_QUIET_DAYS + 1) * DAY
        if far:
            answer = test_clock_jumps.receive(app, right + wrong)
            refused += not answer.ok
            damage += answer.ok
        right += rng.randrange(MINUTE, HOUR)
        answer = test_clock_jumps.receive(app, right)
        events += 1
        damage += not answer.ok
    newest = app.queries.history("MUG")[-1]["recorded_at"]
    stock = app.queries.stock("MUG")["on_hand"]
    damage += not newest.startswith("2026-03") or int(stock) != 4 + events
    app.close()
    return Found(f"{tries} entries between clocks that were wrong", damage, f"{refused} refused")


@attack
def damaged_copies(scale: int, rng: random.Random, folder: Path) -> Found:
    """Cut a copy off or change a byte of it: refused with nothing left behind, or it is whole."""
    damage, tries, refused = 0, 100 * scale, 0
    app = open_shop(f"sqlite:///{folder / 'shop.db'}")
    done(app, do="register", sku="MUG")
    for _ in range(10):
        done(app, do="receive", sku="MUG", qty="2")
    copied = back_up(app.database, folder / "whole.db")
    app.close()
    stored = copied.file.read_bytes()
    filled = [place for place, byte in enumerate(stored) if byte]
    for number in range(tries):
        place = folder / str(number)
        place.mkdir()
        data, at = bytearray(stored), rng.choice(filled)
        if rng.random() < 0.3:
            del data[at:]
        else:
            data[at] ^= rng.randrange(1, 256)
        (place / "copy.db").write_bytes(data)
        try:
            made = restore(place / "copy.db", open_database(f"sqlite:///{place / 'new.db'}"))
            damage += made.seal != copied.seal
        except StoreError as error:
            refused += 1
            damage += error.exit_code != 4 or len(list(place.iterdir())) != 1
        shutil.rmtree(place)
    return Found(f"{tries} copies cut off or changed", damage, f"{refused} refused, the rest whole")


@attack
def other_versions(scale: int, rng: random.Random, folder: Path) -> Found:
    """Open shops of every version before, and of any after: read as they were, or left alone."""
    damage, tries = 0, 0
    for name in ["before-marks", *test_older_shops.NAMES]:
        url, known = test_older_shops.unpacked(name, folder)
        app = open_app(Settings(database=url))
        found = verify(app.database, known["seal"])
        damage += not found.ok or found.events != known["events"]
        app.close()
        tries += 1
    for _ in range(10 * scale):
        url, _known = test_older_shops.unpacked(test_older_shops.NAMES[-1], folder)
        number = SCHEMA_VERSION + rng.randrange(1, 1000)
        test_older_shops.raise_floor(url, number, rng.choice((0, number)))
        before = (folder / "shop.db").read_bytes()
        with suppress(StoreError):
            open_app(Settings(database=url), create=rng.random() < 0.5).close()
            damage += 1
        damage += (folder / "shop.db").read_bytes() != before
        tries += 1
    return Found(f"{tries} shops of other versions", damage)


@attack
def silent_network(scale: int, rng: random.Random, folder: Path) -> Found:
    """Let the line to the database fall silent: the loop turns, and each is recorded once after."""
    found = programs()
    if found is None:
        return Found("no silent lines: PostgreSQL's programs are not here", 0)
    server = Server(found, Path(f"/tmp/jl-pg-{os.getpid()}-{rng.randrange(1000)}"))
    server.make()
    line = Line(f"{server.folder}/.s.PGSQL.5432")
    try:
        return asyncio.run(_silent(scale, rng, line))
    finally:
        line.close()
        server.end()


async def _silent(scale: int, rng: random.Random, line: Line) -> Found:
    chat = await open_chat(address(line, "silent"))
    damage, told, longest = 0, 0, 0.0
    for _ in range(2 * scale):
        line.silent.set()
        for _ in range(3):
            told += 1
            chat.sandbox.say(OWNER, f"received {20 + told} MUG")
        longest = max(longest, await longest_pause(rng.uniform(0.5, 3.0)))
        line.silent.clear()
        expected = str(20 + sum(20 + number for number in range(1, told + 1)))
        for _ in range(600):
            if await asyncio.to_thread(chat.on_hand) == expected:
                break
            await asyncio.sleep(0.02)
        damage += await asyncio.to_thread(chat.on_hand) != expected
    damage += longest > 0.5
    await chat.runner.stop()
    await chat.server.close()
    await asyncio.to_thread(chat.app.close)
    said = f"the loop stood for {longest * 1000:.0f} ms at most"
    return Found(f"{2 * scale} silences over {told} messages", damage, said)


@attack
def refusing_telegram(scale: int, rng: random.Random, folder: Path) -> Found:
    """Let Telegram refuse messages for good or for now: what follows is heard, once."""

    async def tried(chat: Chat) -> int:
        told = 0
        for number in range(5 * scale):
            if rng.random() < 0.6:
                code = rng.choice((413, 429, 500, 502))
                chat.sandbox.fail_next.append(BotError(code, f"refused {code}"))
            told += 21 + number
            await chat.say(f"received {21 + number} MUG")
        chat.sandbox.fail_next.clear()
        said = await chat.say("/stock MUG")
        heard = any("Blue mug" in one.get("text", "") for one in said)
        return (not heard) + (chat.on_hand() != str(20 + told))

    damage = asyncio.run(_in_a_chat(folder, tried))
    return Found(f"{5 * scale} messages while Telegram refused answers", damage)


@attack
def guessed_codes(scale: int, rng: random.Random, folder: Path) -> Found:
    """Let strangers guess codes: none joins, and nothing they write is kept."""

    async def tried(chat: Chat) -> int:
        code, joined = invite(chat.app.ledger, "staff"), 0
        for number in range(20 * scale):
            person = 5000 + number % 20
            chat.sandbox.add_person(person, "Eve")
            guess = code[:-1] + rng.choice("abcXYZ_-") if rng.random() < 0.5 else "guess"
            if guess == code:
                continue
            answers = await chat.say(f"/start {guess}", person)
            joined += any("Welcome" in one.get("text", "") for one in answers)
        kept = b"".join(test_retention.bodies(chat, "inbox", 5000 + n) for n in range(20))
        return joined + (b"guess" in kept)

    damage = asyncio.run(_in_a_chat(folder, tried))
    return Found(f"{20 * scale} guesses of 20 strangers", damage)


@attack
def poison(scale: int, rng: random.Random, folder: Path) -> Found:
    """Let work end its process again and again: the third time it is set aside."""
    return _told_again(
        scale, folder, test_letters.test_what_ends_its_process_is_begun_three_times_and_no_more
    )


@attack
def outages(scale: int, rng: random.Random, folder: Path) -> Found:
    """Let the store be away ten times in a row: the message waits, and that is no try."""
    return _told_again(scale, folder, test_letters.test_an_outage_of_any_length_costs_no_try)


@attack
def starved_answers(scale: int, rng: random.Random, folder: Path) -> Found:
    """Let forty things wait to be told: an answer is not behind them."""

    async def alone(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
        await test_letters.test_an_answer_does_not_wait_behind_what_is_told_by_itself(chat)

    return _told_again(scale, folder, alone)


async def _in_a_chat(folder: Path, tried: Callable[[Chat], Awaitable[int]]) -> int:
    chat = await open_chat(f"sqlite:///{folder / f'chat-{time.monotonic_ns()}.db'}")
    try:
        return await tried(chat)
    finally:
        await chat.runner.stop()
        await chat.server.close()
        chat.app.close()


def _told_again(
    scale: int, folder: Path, story: Callable[[Chat, pytest.MonkeyPatch], Awaitable[None]]
) -> Found:
    """Tell a story so many times; each that does not end as it should is damage."""

    async def tried(chat: Chat) -> int:
        with pytest.MonkeyPatch.context() as patched:
            try:
                await story(chat, patched)
            except AssertionError:
                return 1
        return 0

    damage = sum(asyncio.run(_in_a_chat(folder, tried)) for _ in range(scale))
    return Found(f"{scale} times", damage)
