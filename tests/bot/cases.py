"""Cases: one message each to a fresh shop, what it records, what a tap then records.

``python -m tests.bot.cases`` prints what comes out otherwise than it is right. The format of a case
stands at the head of ``tests/corpus/cases.txt``.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from aiogram import Bot, Dispatcher
from aiogram.types import CallbackQuery, Chat, Message, Update, User

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain import events as e
from jitledger.domain.moments import SECOND, from_datetime, to_datetime
from jitledger.domain.quantity import show
from jitledger.service.clock import FixedClock
from jitledger.service.people import invite
from jitledger.service.recording.submission import Answer, Submission
from jitledger.store.codec import decode
from jitledger.store.database import Tx
from jitledger_bot.app import make_bot
from jitledger_bot.desk import Desk
from jitledger_bot.handlers import make_dispatcher
from jitledger_bot.texts.language import speaking
from jitledger_bot.turn import Outgoing, Turn
from tests.conftest import done

CASES = Path(__file__).resolve().parents[1] / "corpus" / "cases.txt"
ZONE = ZoneInfo("Europe/Berlin")
TODAY = datetime(2026, 3, 5, 10, 0, tzinfo=ZONE)
OWNER = 1001
TOKEN = "4242:TEST-TOKEN-OF-THE-SUITE"
WHOLE = ("Yes, record it", "Ja, so buchen")
"""The button below all that a message says, with whole names in it."""
SUMS = ("sell", "receive", "write-off", "return", "adjust")


@dataclass(frozen=True)
class Case:
    """One message, the readings that are right, the best first, and what a tap may record."""

    kind: str
    german: bool
    text: str
    readings: tuple[frozenset[str], ...]
    may_ask: bool
    must_ask: bool
    taps: tuple[frozenset[str], ...] | None
    line: int

    @property
    def best(self) -> frozenset[str]:
        """Return what is recorded in the best reading; empty when it is a question."""
        return self.readings[0]


@dataclass
class Came:
    """What came of a case."""

    case: Case
    recorded: frozenset[str]
    answer: str
    button: str | None = None
    tapped: frozenset[str] | None = None
    wrong: bool = False
    tap_wrong: bool = False
    best: bool = False
    again: list[str] = field(default_factory=list)


def cases(path: Path = CASES) -> list[Case]:
    """Read the cases of a file."""
    found: list[Case] = []
    kind, german = "", False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("class: "):
            kind, german = line[7:], False
        elif line.startswith("chat: "):
            german = line[6:].strip() == "de"
        elif kind and line and not line.startswith("#") and " => " in line:
            text, _arrow, right = line.partition(" => ")
            found.append(_case(kind, german, text, right, number))
    return found


def _case(kind: str, german: bool, text: str, right: str, line: int) -> Case:
    right, _then, tap = right.partition(" then tap: ")
    parts = [[f.strip() for f in alternative.split(";")] for alternative in right.split(" | ")]
    readings = tuple(_facts(f for f in part if f != "ask") for part in parts)
    taps = None
    if tap:
        taps = tuple(
            frozenset() if t.strip() == "nothing" else _facts(x.strip() for x in t.split(";"))
            for t in tap.replace("; ask", "").split(" | ")
        )
    text = re.sub(r"\s*⏎\s*", "\n", text)
    may_ask = any("ask" in part for part in parts)
    return Case(kind, german, text, readings, may_ask, ["ask"] in parts[:1], taps, line)


def _facts(texts: Iterator[str] | list[str]) -> frozenset[str]:
    return frozenset(text for text in texts if text)


def build(folder: Path, cases: Path = CASES) -> tuple[Path, Path]:
    """Make the shop that a file of cases describes, in English and German."""
    made = []
    about = cases.read_text(encoding="utf-8")
    if found := re.search(r"^shop of: (.+)$", about, re.MULTILINE):
        about = (cases.parent / found.group(1)).read_text(encoding="utf-8")
    for locale in ("en", "de"):
        path = folder / f"{locale}.db"
        app = open_app(Settings(database=f"sqlite:///{path}"))
        _fill(app, locale, about)
        app.close()
        shop = Shop(path, german=locale == "de")
        code = invite(shop.app.ledger, "owner")
        asyncio.run(shop.say(f"/start {code}"))
        shop.close()
        made.append(path)
    return made[0], made[1]


def _fill(app: App, locale: str, about: str) -> None:
    early = "2026-03-04T08:00:00Z"
    done(
        app, do="init", name="Cases", timezone="Europe/Berlin", clock="simulated",
        currency="EUR", locale=locale, now=early,
    )  # fmt: skip
    for code, name in re.findall(r"(\w+) = ([\w &]+?)(?= \(|;|$)", _head("places", about)):
        done(app, do="location", code=code, name=name, now=early)
    for code, name in re.findall(r"(\w+) = ([\w &]+)(?:;|$)", _head("suppliers", about)):
        done(app, do="supplier", code=code, name=name, now=early)
    for row in _rows(about):
        sku, name, unit, packs, price, cost, supplier, stock = row
        more = {"precision": 3} if sku in _parted(about) else {}
        done(app, do="register", sku=sku, name=name, unit=unit, **more, now=early)
        done(app, do="price", sku=sku, price=price, now=early)
        done(app, do="terms", supplier=supplier, sku=sku, unit_cost=cost, now=early)
        done(app, do="link", sku=sku, supplier=supplier, now=early)
        for code, factor in re.findall(r"(\w+)=(\d+)", packs):
            done(app, do="pack", sku=sku, code=code, factor=factor, now=early)
    for sku, *_middle, cost, supplier, stock in _rows(about):
        done(
            app, do="receive", sku=sku, qty=stock, unit_cost=cost, supplier=supplier,
            now="2026-03-04T09:00:00Z",
        )  # fmt: skip


def _head(name: str, about: str) -> str:
    found = re.search(rf"^  {name}: (.*)$", about, re.MULTILINE)
    assert found is not None
    return found.group(1)


def _parted(about: str) -> list[str]:
    """Return the products that are kept with three decimals."""
    found = re.search(r"^  # (.*) (?:is|are) kept", about, re.MULTILINE)
    return [] if found is None else re.findall(r"[A-Z0-9][A-Z0-9-]+", found.group(1))


def _rows(about: str) -> list[list[str]]:
    begin = re.search(r"# sku +\| name", about)
    assert begin is not None
    block = about[begin.start() :].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.split("|")]
        for line in block.splitlines()[1:]
        if line.count("|") > 5
    ]


@cache
def _bot() -> Bot:
    """Return the one bot of all shops: it speaks to nobody, and making one takes long."""
    return make_bot(TOKEN, "http://127.0.0.1:1")


class Shop:
    """A shop that hears messages one after the other, without a server between."""

    def __init__(self, path: Path, *, german: bool) -> None:
        self.clock = FixedClock(from_datetime(TODAY.astimezone(UTC)), leads=True)
        settings = Settings(database=f"sqlite:///{path}", bot_token=TOKEN)
        self.app = open_app(settings, self.clock)
        self.desk = Desk(self.app, 4242)
        self.bot = _bot()
        self.user = User(
            id=OWNER, is_bot=False, first_name="Olivia", language_code="de" if german else "en"
        )
        self.number = 0
        self.buttons: list[tuple[str, str]] = []

    def close(self) -> None:
        """Close the shop."""
        self.app.close()

    async def say(self, text: str) -> str:
        """Write a message; return the bot's answer, its buttons kept for a tap."""
        self.number += 1
        message = self._message(text)
        return await self._turn(Update(update_id=self.number, message=message))

    async def tap(self, data: str) -> str:
        """Press a button."""
        self.number += 1
        query = CallbackQuery(
            id=str(self.number), from_user=self.user, chat_instance="1",
            message=self._message("…"), data=data,
        )  # fmt: skip
        return await self._turn(Update(update_id=self.number, callback_query=query))

    def _message(self, text: str) -> Message:
        now = to_datetime(self.clock.now())
        chat = Chat(id=OWNER, type="private", first_name="Olivia")
        return Message(
            message_id=100 + self.number, date=now, chat=chat, from_user=self.user, text=text
        )

    async def _turn(self, update: Update) -> str:
        turn = Turn(OWNER, update.update_id)
        await DISPATCHER.feed_update(self.bot, update, turn=turn, desk=self.desk)
        sent: list[Outgoing] = []

        def then(tx: Tx, answers: list[Answer], now: int) -> None:
            for effect in turn.effects:
                effect(tx, answers, now)
            with speaking(turn.voice):
                for render in turn.render:
                    sent.extend(render(tx, answers, now))

        submission = Submission(
            turn.asks, channel="telegram", member=turn.member,
            correlation=turn.correlation, then=then,
        )  # fmt: skip
        self.app.ledger.commit(submission)
        self.buttons = [
            (button["text"], button["callback_data"])
            for out in sent
            for row in out.body.get("reply_markup", {}).get("inline_keyboard", ())
            for button in row
        ]
        return "\n".join(str(out.body.get("text", "")) for out in sent)

    def head(self) -> int:
        """Return the log's end."""
        with self.app.database.snapshot() as tx:
            return self.app.database.head(tx)

    def names(self) -> dict[str, str]:
        """Return {SKU: title} of the shop's products."""
        with self.app.database.snapshot() as tx:
            return dict(tx.all("SELECT sku, title FROM products"))

    def recorded(self, after: int) -> frozenset[str]:
        """Return what was recorded behind a position, in the words of the cases."""
        with self.app.database.snapshot() as tx:
            rows = [r for batch in self.app.database.scan(tx, after=after) for r in batch]
        sums: dict[tuple[str, str], Decimal] = {}
        voided = {
            (row[1], event.target)
            for row in rows
            if isinstance(event := decode(row[3], row[4]), e.EntryVoided)
        }
        for row in rows:
            event = decode(row[3], row[4])
            if not row[1].startswith("sku/") or (row[1], row[2]) in voided:
                continue
            told = _told(event)
            if told is None:
                continue
            do, quantity, rest = told
            key = (f"{do} {row[1][4:]}", rest)
            sums[key] = sums.get(key, Decimal(0)) + quantity
        return frozenset(f"{what} {show(q)}{rest}" for (what, rest), q in sums.items())


DISPATCHER: Dispatcher = make_dispatcher()


def _told(event: e.Event) -> tuple[str, Decimal, str] | None:
    """Return (kind, quantity, the rest) of an event."""
    match event:
        case e.StockSold():
            return (
                "sell",
                event.quantity,
                _at(event.location) + _price(event.unit_price) + _on(event),
            )
        case e.StockReceived():
            rest = f" from {event.supplier}" if event.supplier else ""
            price = None if event.cost_assumed else event.unit_cost
            return (
                "receive",
                event.quantity,
                rest + _at(event.location) + _price(price) + _on(event),
            )
        case e.StockCounted():
            return "count", event.quantity, _at(event.location) + _on(event)
        case e.StockWrittenOff():
            return "write-off", event.quantity, _at(event.location) + _on(event)
        case e.SaleReturned():
            rest = "" if event.condition == "resellable" else " damaged"
            return "return", event.quantity, rest + _at(event.location) + _on(event)
        case e.StockAdjusted():
            return "adjust", event.delta, _at(event.location) + _on(event)
        case e.ReturnedToSupplier():
            return "return-to-supplier", event.quantity, f" to {event.supplier}" + _on(event)
        case e.TransferDispatched():
            way = f" from {event.from_location} to {event.to_location}"
            return "transfer", event.quantity, way + _on(event)
        case e.DemandUnmet():
            return "unmet", event.quantity, _on(event)
        case _:
            return None


def _at(location: str) -> str:
    return "" if location == "main" else f" at:{location}"


def _price(price: Decimal | None) -> str:
    return "" if price is None else f" @{show(price)}"


def _on(event: e.Event) -> str:
    if event.occurred_on is not None:
        return "" if event.occurred_on == TODAY.date() else f" on:{event.occurred_on.isoformat()}"
    if abs(event.effective_at - event.recorded_at) < 600 * SECOND:
        return ""
    local = to_datetime(event.effective_at).astimezone(ZONE)
    return f" on:{local:%Y-%m-%dT%H:%M}"


def _is(found: frozenset[str], right: frozenset[str]) -> bool:
    """Return whether what was recorded is a reading; who supplied need not be said."""
    return {_norm(f, right) for f in found} == {_norm(f, right) for f in right}


def _norm(fact: str, right: frozenset[str]) -> str:
    words = fact.split()
    head = words[:3]
    rest = words[3:]
    supplied = any(" from " in f and f.startswith("receive") for f in right)
    if head[0] == "receive" and not supplied and "from" in rest:
        place = rest.index("from")
        rest = rest[:place] + rest[place + 2 :]
    pairs: list[str] = []
    while rest:
        if rest[0] in ("from", "to"):
            pairs.append(" ".join(rest[:2]))
            rest = rest[2:]
        else:
            word = rest.pop(0)
            if word.startswith("@"):
                word = f"@{Decimal(word[1:]).normalize():f}"
            if word != "on:2026-03-05":
                pairs.append(word)
    quantity = f"{Decimal(head[2]).normalize():f}"
    return " ".join([head[0], head[1], quantity, *sorted(pairs)])


async def judge(case: Case, template: Path, folder: Path) -> Came:
    """Say a case to a fresh shop; tap the first button that names a product, or says yes to all."""
    path = folder / "case.db"
    shutil.copy(template, path)
    shop = Shop(path, german=case.german)
    try:
        head = shop.head()
        answer = await shop.say(case.text)
        recorded = shop.recorded(head)
        came = Came(case, recorded, answer)
        lines = "\n" in case.text and case.may_ask
        came.wrong = not _right(recorded, case, lines)
        came.best = _is(recorded, case.best) and (bool(case.best) or bool(answer))
        if not recorded and not answer:
            came.wrong = True
        names = shop.names()
        for label, data in shop.buttons:
            product = data.startswith("c.") and any(
                n in label or s in label for s, n in names.items()
            )
            if product or label in WHOLE:
                came.button = label
                await shop.tap(data)
                came.tapped = shop.recorded(head)
                came.tap_wrong = not _tap_right(case, came.tapped, recorded)
                break
        return came
    finally:
        shop.close()


def _right(recorded: frozenset[str], case: Case, lines: bool) -> bool:
    if not recorded:
        return case.may_ask
    if lines and any(_within(recorded, reading) for reading in case.readings):
        return True
    return any(reading and _is(recorded, reading) for reading in case.readings)


def _within(recorded: frozenset[str], reading: frozenset[str]) -> bool:
    return {_norm(f, reading) for f in recorded} <= {_norm(f, reading) for f in reading}


def _tap_right(case: Case, tapped: frozenset[str], before: frozenset[str]) -> bool:
    if tapped == before:
        return True
    if case.taps is not None:
        return any(tap and _is(tapped, tap) for tap in case.taps)
    return any(reading and _is(tapped, reading) for reading in case.readings)


def run(path: Path = CASES, only: str = "") -> list[Came]:
    """Judge every case of a file."""
    with tempfile.TemporaryDirectory() as folder:
        english, german = build(Path(folder), path)
        return [
            asyncio.run(judge(case, german if case.german else english, Path(folder)))
            for case in cases(path)
            if only in case.kind
        ]


def main() -> None:
    """Print what is not right, and how many were recorded at once as they are best read."""
    results = run(only=" ".join(sys.argv[1:]))
    for came in results:
        case = came.case
        if came.wrong or came.tap_wrong:
            kind = "WRONG" if came.wrong else "TAP"
            print(f"{kind} {case.line} [{case.kind}] {case.text!r}")
            print(
                f"    right {[sorted(r) for r in case.readings]} ask={case.may_ask} tap={case.taps}"
            )
            print(f"    found {sorted(came.recorded)} tapped {came.button} {came.tapped}")
            print(f"    said {came.answer[:160]!r}")
    facts = [came for came in results if came.case.best]
    best = sum(came.best for came in facts)
    wrong = sum(came.wrong for came in results)
    taps = sum(came.tap_wrong for came in results)
    print(f"{len(results)} cases: {wrong} wrong, {taps} wrong after a tap; ", end="")
    print(f"{best} of {len(facts)} that hold a fact recorded as best read")


if __name__ == "__main__":
    main()
