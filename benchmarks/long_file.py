"""A file of a million rows, read and checked: how much memory its reader holds.

The file is read and each of its rows decided in a process of its own, in a shop of 200 products;
nothing is recorded. Peak memory is the operating system's figure for that process.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys

from common import Result, machine, shop, show
from history import register

ROWS, PRODUCTS, LIMIT = 1_000_000, 200, 300
READ = """
import json, resource, sys
from pathlib import Path
from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.service.importers.files.tables import read_table
from jitledger.service.importers.formats import FORMATS
from jitledger.service.importers.rows import import_rows
app = open_app(Settings(database=sys.argv[1]))
told = []
summary = import_rows(
    app.ledger, FORMATS["sales"], read_table(Path(sys.argv[2])), dry_run=True,
    checked=lambda done, rows: told.append(done),
)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"peak": peak, "rows": summary.rows, "bad": len(summary.bad), "told": len(told)}))
"""


def run() -> list[Result]:
    """Write a file of a million sales and read it."""
    rng = random.Random(17)
    with shop() as (app, path):
        skus = register(app, PRODUCTS)
        file = path.with_name("sales.csv")
        with file.open("w", encoding="utf-8") as out:
            out.write("sku,qty,date,price\n")
            for _ in range(ROWS):
                day = f"2026-{rng.randrange(1, 9):02d}-{rng.randrange(1, 28):02d}"
                price = rng.randrange(100, 900) / 100
                out.write(f"{rng.choice(skus)},{rng.randrange(1, 5)},{day},{price:.2f}\n")
        command = [sys.executable, "-c", READ, f"sqlite:///{path}", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["rows"] == ROWS
    assert not found["bad"]
    assert found["told"] >= 1000
    peak = found["peak"]
    what = "a file of 1,000,000 rows read and checked, memory"
    return [Result(what, f"{peak:.0f} MB", f"{LIMIT} MB", peak <= LIMIT)]


if __name__ == "__main__":
    print(machine())
    show(run())
