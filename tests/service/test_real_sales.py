"""The real sales: imported as its README describes, counted, reordered, explained, rebuilt."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.data
DATA = Path(__file__).parents[3] / "shared" / "data" / "online_retail.csv.gz"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Import the real sales into a shop whose present is the end of its history."""
    if not DATA.exists():
        pytest.skip("the real sales are not on this machine")
    folder = tmp_path_factory.mktemp("real")
    run(folder, "init", "--name", "Real", "--timezone", "Europe/London", "--clock", "simulated")
    summary = json.loads(run(folder, "import", "online-retail", str(DATA), "--json"))
    assert summary["rows"] == 541_909
    assert summary["not_a_product"] == 2_995
    assert summary["adjusted_not_recorded"] == 2_485
    assert (summary["voided_within_24h"], summary["voided_units"]) == (648, 179_933)
    assert (summary["returned_matched"], summary["returned_unmatched"]) == (2_187, 5_869)
    assert (summary["demand_lines"], summary["demand_units"]) == (527_077, 5_397_063)
    return folder


def run(folder: Path, *words: str) -> str:
    """Run the command line in a process of its own."""
    env = {**os.environ, "JITLEDGER_DATABASE": "sqlite:///real.db"}
    done = subprocess.run(
        [sys.executable, "-m", "jitledger.cli.run", *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(folder: Path) -> dict[str, list[Any]]:
    """Return the view rows."""
    import sqlite3

    with sqlite3.connect(folder / "real.db") as db:
        return {
            table: sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
            for table in ("on_hand", "demand_day", "stockout", "exceptions", "products")
        }


def test_the_main_job_on_real_sales(shop: Path) -> None:
    """Count 14 days of cover, ask what to order, explain, rebuild to the same rows, verify."""
    import sqlite3

    with sqlite3.connect(shop / "real.db") as db:
        last = db.execute("SELECT MAX(day) FROM demand_day").fetchone()[0]
        assert db.execute("SELECT COUNT(DISTINCT sku) FROM demand_day").fetchone()[0] == 3_790
        recent = db.execute(
            "SELECT sku, SUM(units) FROM demand_day WHERE day > ? GROUP BY sku", (last - 90,)
        ).fetchall()
    with (shop / "counts.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["SKU", "Counted"])
        writer.writerows((sku, round(units / 90 * 14)) for sku, units in recent)
    counted = json.loads(run(shop, "import", "counts", "counts.csv", "--json"))
    assert counted["recorded"] == len(recent)
    lines = json.loads(run(shop, "reorder", "--json"))
    assert 500 < len(lines) < len(recent)
    for line in lines:
        assert int(line["inventory_position"]) <= int(line["reorder_point"])
        assert int(line["inventory_position"]) + int(line["suggested_qty"]) > int(
            line["reorder_point"]
        )
    dates = [line["order_by"] for line in lines if line["order_by"]]
    assert dates == sorted(dates)
    why = json.loads(run(shop, "why", "85123A", "--json"))
    stock = json.loads(run(shop, "stock", "85123A", "--json"))
    assert sum(int(term["delta"]) for term in why["terms"]) == int(why["on_hand"])
    assert why["on_hand"] == stock["on_hand"]
    before = rows(shop)
    run(shop, "rebuild")
    assert rows(shop) == before
    assert json.loads(run(shop, "verify", "--json"))["ok"] is True


def test_a_second_import_records_nothing(shop: Path) -> None:
    """Run again, the import leaves everything alone."""
    again = json.loads(run(shop, "import", "online-retail", str(DATA), "--json"))
    assert again["recorded"] == 0
    assert again["already_recorded"] == 536_429
