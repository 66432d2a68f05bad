"""The corpus of messages: read from text files, put through the bot's own reading, compared.

``python -m tests.bot.corpus`` prints what is read otherwise than expected.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.domain.quantity import show
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.asking.plain import stock_asked
from jitledger_bot.reading import asks_reorder, asks_stock
from jitledger_bot.recording.lines import Line, read_fact
from jitledger_bot.recording.meaning import read

FOLDER = Path(__file__).resolve().parents[1] / "corpus"

REASONED = ("adjust", "write-off")


@dataclass(frozen=True)
class Block:
    """One message and what must come of it."""

    text: str
    expected: list[str]
    line: int


@dataclass(frozen=True)
class Result:
    """What came of a block; ``wrong`` means recorded otherwise than expected, without asking."""

    block: Block
    found: list[str]
    right: bool
    wrong: bool


def blocks(path: Path) -> list[Block]:
    """Read the blocks of a file."""
    found: list[Block] = []
    said: list[str] = []
    expected: list[str] = []
    begin = 0
    for number, raw in enumerate([*path.read_text(encoding="utf-8").split("\n"), ""], start=1):
        if raw.startswith(">"):
            begin = begin if said else number
            said.append(raw[2:])
        elif raw.strip() and not raw.startswith("#"):
            expected.append(" ".join(raw.split()))
        elif not raw.strip() and said:
            found.append(Block("\n".join(said), expected, begin))
            said, expected = [], []
    return found


def open_shop(folder: Path) -> tuple[Desk, datetime]:
    """Open the shop of ``shop.txt``; return its desk and the moment of writing."""
    now, zone = datetime(2026, 1, 1), "Europe/Berlin"
    rows: list[tuple[str, list[str]]] = []
    for raw in (FOLDER / "shop.txt").read_text(encoding="utf-8").splitlines():
        kind, _, rest = raw.partition(" ")
        if kind == "now":
            day, clock, zone = rest.split()
            now = datetime.fromisoformat(f"{day}T{clock}")
        elif kind in ("location", "supplier", "product"):
            rows.append((kind, [cell.strip() for cell in rest.split("|")]))
    now = now.replace(tzinfo=ZoneInfo(zone))
    app = open_app(Settings(database=f"sqlite:///{folder / 'shop.db'}"))
    commands: list[dict[str, object]] = [
        {"do": "init", "name": "Corpus", "timezone": zone, "clock": "simulated"}
    ]
    commands[0]["now"] = now.isoformat()
    for kind, cells in rows:
        commands += _commands(kind, cells)
    for command in commands:
        answer = app.ledger.record(parse(command))
        assert answer.ok, (command, answer.error)
    return Desk(app, 1), now


def _commands(kind: str, cells: list[str]) -> list[dict[str, object]]:
    if kind == "location":
        return [{"do": "location", "code": cells[0], "name": cells[1]}]
    if kind == "supplier":
        return [{"do": "supplier", "code": cells[0], "name": cells[1]}]
    cells += [""] * (5 - len(cells))
    register: dict[str, object] = {"do": "register", "sku": cells[0], "name": cells[1]}
    if cells[2] not in ("", "-"):
        register["barcodes"] = [cells[2]]
    if cells[4]:
        register["precision"] = int(cells[4])
    packs = [part.split("=") for part in cells[3].split()]
    return [register] + [
        {"do": "pack", "sku": cells[0], "code": code, "factor": factor} for code, factor in packs
    ]


def outcome(text: str, desk: Desk, now: datetime) -> list[str]:
    """Return what the bot makes of a text, in the notation of ``FORMAT.txt``."""
    shop = desk.app.queries.shop()
    readings = [r for r in read(text, now, desk, shop) if r.do or r.problem]
    if not readings:
        if asks_reorder(text):
            return ["question reorder"]
        words = stock_asked(text, desk)
        if words is not None:
            exact = desk.resolver.resolve(words).exact
            assert exact is not None
            return [f"question stock {exact.sku}"]
        asked = bool(asks_stock(text)) and text.rstrip().endswith("?")
        return ["ask"] if asked else ["nothing"]
    stamp = desk.app.queries.present(shop)
    lines = [
        read_fact(reading, number, "tg:1:1:1", None, now, stamp, desk, shop)
        for number, reading in enumerate(readings)
    ]
    return [_shown(line, desk, now) for line in lines]


def _shown(line: Line, desk: Desk, now: datetime) -> str:
    if line.ask is None or line.reading.unsure:  # It is offered, and recorded after a tap.
        return "ask"
    command = line.ask.command
    reading = line.reading
    fields = command.model_dump(exclude_none=True, by_alias=True)
    if reading.do == "adjust":
        delta = fields["delta"]
        quantity = ("+" if delta > 0 else "") + show(delta)
    else:
        quantity = show(fields["qty"])
    shown = [str(reading.do), quantity, line.sku or "?"]
    if line.pack is not None:
        shown.append(f"pack={line.pack}")
    if reading.price is not None:
        shown.append(f"price={show(reading.price)}")
    if reading.supplier is not None and reading.do == "receive":
        shown.append(f"supplier={desk.supplier(reading.supplier) or reading.supplier}")
    if reading.do == "transfer":
        shown += [f"from={fields['from']}", f"to={fields['to']}"]
    elif reading.location is not None:
        shown.append(f"at={reading.location}")
    if reading.occurred is not None:
        shown.append(f"when={reading.occurred[:16]}")
    if reading.condition == "damaged":
        shown.append("condition=damaged")
    if reading.do == "adjust":
        shown.append(f"reason={fields['reason']}")
    if reading.do == "write-off" and fields.get("reason") not in (None, "damage"):
        shown.append(f"reason={fields['reason']}")
    return " ".join(shown)


def _same(expected: str, found: str, now: datetime) -> bool:
    if expected == "unrecorded":
        return found in ("ask", "nothing") or found.startswith("question")
    return _parts(expected, now) == _parts(found, now) or (
        # A reason that is not told is not asked for.
        "reason=" not in expected
        and _parts(expected, now) == _parts(re.sub(r" reason=\S+", "", found), now)
    )


def _parts(text: str, now: datetime) -> tuple[list[str], set[str]]:
    words = text.split()
    plain = [w for w in words if "=" not in w]
    if len(plain) > 1 and re.fullmatch(r"[+-]?\d+(\.\d+)?", plain[1]):
        plain[1] = show(abs(Decimal(plain[1]))) + ("-" if plain[1].startswith("-") else "")
    named = set()
    for word in (w for w in words if "=" in w):
        name, _, value = word.partition("=")
        if name == "price":
            value = show(Decimal(value))
        # Today needs no date; goods leave the first location unless another is named.
        if (name, value) in (("when", now.date().isoformat()), ("from", "main")):
            continue
        named.add(f"{name}={value}")
    return plain, named


def judge(block: Block, desk: Desk, now: datetime) -> Result:
    """Put one message through the bot's reading and compare."""
    found = outcome(block.text, desk, now)
    if block.expected == ["unrecorded"]:
        found = [f for f in found if not _same("unrecorded", f, now)] or ["ask"]
    right = len(found) == len(block.expected) and all(
        _same(e, f, now) for e, f in zip(block.expected, found, strict=True)
    )
    recorded = [f for f in found if f.split()[0] not in ("ask", "nothing", "question")]
    wrong = any(not any(_same(e, f, now) for e in block.expected) for f in recorded)
    return Result(block, found, right, wrong)


def judge_file(name: str) -> list[Result]:
    """Judge every message of a file."""
    with tempfile.TemporaryDirectory() as folder:
        desk, now = open_shop(Path(folder))
        results = [judge(block, desk, now) for block in blocks(FOLDER / name)]
        app: App = desk.app
        app.close()
    return results


def main() -> None:
    """Print how much is read right, and what is not."""
    for name in sys.argv[1:] or ["messages.txt"]:
        results = judge_file(name)
        for r in results:
            if not r.right:
                mark = "WRONG" if r.wrong else "other"
                print(f"{name}:{r.block.line} {mark} {r.block.text!r}\n   {r.block.expected}")
                print(f"   {r.found}")
        right, wrong = sum(r.right for r in results), sum(r.wrong for r in results)
        print(
            f"{name}: {right} of {len(results)} right ({right / len(results):.1%}), {wrong} wrong"
        )


if __name__ == "__main__":
    main()
