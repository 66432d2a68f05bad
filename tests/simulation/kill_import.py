"""Kill -9 an import again and again; then count what is recorded.

The full run is ``python -m tests.simulation.kill_import 50 40000``; the test does it with fewer
rounds. The seed is printed, and given as the third word it is used again.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.store.seals import verify
from tests.conftest import open_shop


@dataclass(frozen=True)
class Outcome:
    """What was found at the end."""

    kills: int
    rows: int
    recorded: int
    demand_lines: int
    clean: bool


def _write_sales(path: Path, rows: int, rng: random.Random) -> None:
    lines = ["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"]
    for n in range(rows):
        code = 10000 + rng.randrange(50)
        when = f"2010-12-{1 + n * 20 // rows:02d} {8 + n % 10:02d}:00:00"
        lines.append(f"{n // 5},{code},THING,{1 + n % 7},{when},1.5,1{n % 90},UK")
    path.write_text("\n".join(lines) + "\n")


def run(rounds: int, rows: int, seed: int, folder: Path) -> Outcome:
    """Start the import and kill it, so many times; then let it end and count."""
    rng = random.Random(seed)
    url = f"sqlite:///{folder / 'shop.db'}"
    open_shop(url).close()
    path = folder / "sales.csv"
    _write_sales(path, rows, rng)
    command = [sys.executable, "-m", "jitledger.cli.run", "--database", url]
    command += ["import", "online-retail", str(path), "--json"]
    kills = 0
    for _ in range(rounds):
        started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            started.wait(0.5 + rng.random() * 1.2)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
            kills += 1
    last = subprocess.run(command, capture_output=True, text=True, check=True)
    summary = json.loads(last.stdout)
    app = open_app(Settings(database=url))
    with app.database.snapshot() as tx:
        sold = tx.one("SELECT COUNT(*) FROM stored_events WHERE topic = 'stock-sold'")[0]
        lines = tx.one("SELECT SUM(lines) FROM demand_day")[0]
    told = summary["already_recorded"] + summary["recorded"] == rows
    clean = told and app.driver.behind() == [] and verify(app.database).ok
    app.close()
    return Outcome(kills, rows, int(sold), int(lines), clean)


def main() -> None:
    """Run with the rounds and rows that were asked for."""
    rounds, rows = (int(word) for word in (sys.argv[1:3] or ("50", "40000")))
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1_000_000)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(rounds, rows, seed, Path(folder))
    print(outcome)
    sys.exit(not (outcome.clean and outcome.recorded == outcome.demand_lines == rows))


if __name__ == "__main__":
    main()
