"""File cases: small tables that shops send, and what they may record.

``python -m tests.service.file_cases`` prints what comes out otherwise. A case is a table in
``tests/corpus/files`` with what is right beside it in ``NAME.expect.json``.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain import events as e
from jitledger.domain.errors import LedgerError
from jitledger.domain.moments import from_datetime, to_datetime
from jitledger.domain.quantity import show
from jitledger.service.clock import FixedClock
from jitledger.service.importers.files.tables import parse_table
from jitledger.service.importers.rows import import_rows
from jitledger.service.importers.shops import format_named
from jitledger.store.codec import decode
from tests.conftest import done

FOLDER = Path(__file__).resolve().parents[1] / "corpus" / "files"


@dataclass
class Came:
    """What came of a file."""

    name: str
    recorded: list[str] = field(default_factory=list)
    wanted: list[str] | str = ""
    bad: list[int] = field(default_factory=list)
    said: str = ""
    faults: list[str] = field(default_factory=list)


def names() -> list[str]:
    """Return the files that have an expectation."""
    return sorted(p.name.removesuffix(".expect.json") for p in FOLDER.glob("*.expect.json"))


class Shop:
    """A shop as a case describes it."""

    def __init__(self, folder: Path, spec: dict[str, Any]) -> None:
        self.zone = ZoneInfo(spec["timezone"])
        opened = spec["opened"] or "2026-01-05T09:00"
        self.clock = FixedClock(self.moment(opened), leads=True)
        (folder / "shop.db").unlink(missing_ok=True)
        self.app: App = open_app(Settings(database=f"sqlite:///{folder / 'shop.db'}"), self.clock)
        self.told(
            opened, do="init", name="Files", timezone=spec["timezone"], clock="simulated",
            currency=spec["currency"], locale=spec["locale"].replace("_", "-"),
        )  # fmt: skip
        for place in spec["places"]:
            self.told(opened, do="location", code=place)
        for supplier in spec["suppliers"]:
            self.told(opened, do="supplier", code=supplier)
        for p in spec["products"]:
            self._product(p, opened)
        for p in spec["products"]:
            if spec["opened"] and p.get("stock"):
                self.told(
                    opened, do="receive", sku=p["sku"], qty=p["stock"], unit_cost=p["cost"],
                    supplier="ACME",
                )  # fmt: skip

    def _product(self, p: dict[str, Any], opened: str) -> None:
        more = {"barcodes": p["barcodes"]} if p.get("barcodes") else {}
        self.told(
            opened, do="register", sku=p["sku"], name=p["name"], unit=p["unit"],
            precision=p["precision"], **more,
        )  # fmt: skip
        if p.get("price"):
            self.told(opened, do="price", sku=p["sku"], price=p["price"])
        for code, factor in p["packs"].items():
            self.told(opened, do="pack", sku=p["sku"], code=code, factor=str(factor))
        if p.get("supplier") and p.get("cost"):
            self.told(opened, do="terms", supplier=p["supplier"], sku=p["sku"], unit_cost=p["cost"])

    def moment(self, text: str) -> int:
        """Return a moment of the shop's zone."""
        return from_datetime(datetime.fromisoformat(text).replace(tzinfo=self.zone))

    def told(self, now: str, **fields: Any) -> None:
        """Record a command at a moment."""
        moment = datetime.fromisoformat(now).replace(tzinfo=self.zone)
        self.last = max(getattr(self, "last", moment), moment) + timedelta(microseconds=1)
        done(self.app, **fields, now=self.last.isoformat())

    def take(self, name: str, form: str, data: bytes) -> tuple[list[str], list[int], str]:
        """Import a file; return what it recorded, its bad lines, and what was said."""
        with self.app.database.snapshot() as tx:
            head = self.app.database.head(tx)
        try:
            table = parse_table(name, data)
            summary = import_rows(self.app.ledger, format_named(form), table, skip_bad=True)
        except LedgerError as error:
            return [], [], f"{error.code}: {error.message}"
        with self.app.database.snapshot() as tx:
            rows = [r for batch in self.app.database.scan(tx, after=head) for r in batch]
        told = [fact for r in rows if (fact := self.fact(r[1], decode(r[3], r[4])))]
        return told, [bad.line for bad in summary.bad], "; ".join(b.reason for b in summary.bad)

    def fact(self, stream: str, event: e.Event) -> str | None:
        """Return an event in the words of the cases."""
        sku = stream.partition("/")[2]
        match event:
            case e.StockSold():
                return f"sell {sku} {show(event.quantity)}" + self._rest(event, event.unit_price)
            case e.StockReceived():
                price = None if event.cost_assumed else event.unit_cost
                return f"receive {sku} {show(event.quantity)}" + self._rest(
                    event, price, event.supplier
                )
            case e.StockCounted():
                return f"count {sku} {show(event.quantity)}" + self._rest(event, None)
            case e.SaleReturned():
                return f"return {sku} {show(event.quantity)}" + self._rest(event, None)
            case e.PriceSet():
                return f"price {sku} {show(event.price)}"
            case e.ItemRegistered():
                codes = "".join(f" barcode:{code}" for code in event.barcodes or ())
                name = (event.title or sku).replace('"', '""')
                return f'register {sku} "{name}"{codes}'
            case e.TermsAgreed():
                cost = "" if event.unit_cost is None else f" @{show(event.unit_cost)}"
                return f"terms {sku} {event.sku}{cost}"
            case _:
                return None

    def _rest(self, event: Any, price: Decimal | None, supplier: str | None = None) -> str:
        text = "" if price is None else f" @{show(price)}"
        text += f" from {supplier}" if supplier else ""
        if event.occurred_on is not None:
            text += f" on:{event.occurred_on.isoformat()}"
        elif event.recorded_at - event.effective_at > 120_000_000_000:
            local = to_datetime(event.effective_at).astimezone(self.zone)
            text += f" on:{local:%Y-%m-%dT%H:%M}"
        return text + ("" if event.location == "main" else f" at:{event.location}")


def judge(name: str, folder: Path) -> Came:
    """Import a file into the shop of its case and compare."""
    spec = json.loads((FOLDER / f"{name}.expect.json").read_text(encoding="utf-8"))
    came = Came(name)
    shop = Shop(folder, spec["shop"])
    try:
        for before in spec.get("before", ()):
            _earlier(shop, before)
        shop.clock.at = shop.moment(spec["shop"]["now"])
        data = (FOLDER / name).read_bytes()
        came.recorded, came.bad, came.said = shop.take(name, spec["format"], data)
        came.wanted = spec["expect"]["recorded"]
        came.faults = _faults(came, spec["expect"])
        shop.clock.at += 60_000_000_000
        again, _bad, _said = shop.take(name, spec["format"], data)
        if again and not any("again" in fault for fault in came.faults):
            came.faults.append(f"the same file at once again recorded {again}")
    finally:
        shop.app.close()
    return came


def _earlier(shop: Shop, before: dict[str, Any]) -> None:
    if "fact" in before:
        do, sku, quantity = before["fact"].split()[:3]
        shop.told(before["now"], do=do, sku=sku, qty=quantity)
    else:
        shop.clock.at = shop.moment(before["now"])
        name = before["import"]
        form = json.loads((FOLDER / f"{name}.expect.json").read_text(encoding="utf-8"))["format"]
        shop.take(name, form, (FOLDER / name).read_bytes())


def _faults(came: Came, expect: dict[str, Any]) -> list[str]:
    wanted = expect["recorded"]
    if isinstance(wanted, str):
        return [f"recorded {came.recorded}"] if came.recorded else []
    left = [_plain(f) for f in came.recorded]
    faults = []
    optional = [w[1:-1] for w in wanted if w.startswith("(")]
    for row in expect.get("other_rows", ()):
        optional += row.get("or", [])
    for want in (w for w in wanted if not w.startswith("(")):
        hit = next((f for f in left if _same(f, want)), None)
        if hit is None:
            faults.append(f"missing {want}")
        else:
            left.remove(hit)
    more = [fact for fact in left if not any(_same(fact, want) for want in optional)]
    return faults + [f"too much {fact}" for fact in more]


def _plain(fact: str) -> str:
    return re.sub(r"@(\d+\.\d*?)0+(?=\s|$)", r"@\1", fact).replace(". ", " ").rstrip(".")


def _same(found: str, want: str) -> bool:
    """Return whether a fact is one that was wanted; a bracketed price may be left out."""
    want = want.removesuffix(" at:main")
    maybe = re.search(r" \(@[\d.]+\)", want)
    if maybe:
        without = want.replace(maybe[0], "")
        return _same(found, without) or _same(found, want.replace("(", "").replace(")", ""))
    pattern = ".*".join(re.escape(_numbers(part)) for part in want.split("…"))
    return re.fullmatch(pattern, _numbers(found)) is not None


def _numbers(fact: str) -> str:
    return re.sub(
        r"(?<=[ @])(\d+)\.(\d*?)0*(?= |$)",
        lambda m: m[1] + (f".{m[2]}" if m[2] else ""),
        fact,
    )


def run() -> list[Came]:
    """Judge every file."""
    with tempfile.TemporaryDirectory() as folder:
        return [judge(name, Path(folder)) for name in names()]


def main() -> None:
    """Print what is not right."""
    results = run()
    for came in results:
        if came.faults:
            print(
                f"{came.name}: {came.faults}\n   {came.recorded} bad {came.bad} {came.said[:200]}"
            )
    print(f"{sum(not c.faults for c in results)} of {len(results)} files right", file=sys.stdout)


if __name__ == "__main__":
    main()
