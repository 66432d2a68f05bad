"""Import of the 541,909 real rows, all projections up to date, beside a writer that never stops.

CPU and memory are those of the importing process; the longest lock is measured around every
transaction of the importing process, from the lock to the end of the commit.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from common import DATA, Result, in_loops, loop, machine, show

IMPORT = """
import json, resource, sys, time
from pathlib import Path
from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.service.importers.online_retail import import_online_retail
app = open_app(Settings(database=sys.argv[1]))
holds = []
real_transaction = app.database.transaction
from contextlib import contextmanager
@contextmanager
def transaction():
    with real_transaction() as tx:  # It begins with the lock.
        began = time.perf_counter()
        yield tx
    holds.append(time.perf_counter() - began)
app.database.transaction = transaction
began = time.process_time()
summary = import_online_retail(app.ledger, app.database, app.clock, Path(sys.argv[2]))
assert app.driver.catch_up() == []
cpu = time.process_time() - began
holds.sort()
print(json.dumps({"cpu": cpu, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                  "lock": holds[-1] * 1000, "lock99": holds[int(len(holds) * .99)] * 1000,
                  "rows": summary.rows, "behind": app.driver.behind()}))
"""

BOT = """
import sys, time
from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
app = open_app(Settings(database=sys.argv[1]), lock_timeout=30)
print("ready", flush=True)
while True:
    began = time.perf_counter()
    app.ledger.record(parse({"do": "receive", "sku": "BESIDE", "qty": "1"}))
    print(time.perf_counter() - began, flush=True)
    time.sleep(0.05)
"""


def measure(*, beside: bool) -> tuple[dict[str, float], list[float]]:
    """Import into a new shop, beside a busy writer or alone; return its figures."""
    waits: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'shop.db'}"
        run = [sys.executable, "-m", "jitledger.cli.run", "--database", url]
        subprocess.run(
            [*run, "init", "--timezone", "Europe/London"], check=True, stdout=subprocess.DEVNULL
        )
        subprocess.run(
            [*run, "register", "BESIDE", "--name", "Beside"], check=True, stdout=subprocess.DEVNULL
        )
        bot = None
        if beside:
            bot = subprocess.Popen(
                [sys.executable, "-c", BOT, url], stdout=subprocess.PIPE, text=True
            )
            assert bot.stdout is not None
            said = bot.stdout
            said.readline()
            reader = threading.Thread(target=lambda: waits.extend(map(float, said)))
            reader.start()
        done = subprocess.run(
            [sys.executable, "-c", IMPORT, url, str(DATA)],
            check=True,
            capture_output=True,
            text=True,
        )
        if bot is not None:
            time.sleep(0.1)
            bot.kill()
            bot.wait()
            reader.join()
        return json.loads(done.stdout), waits


def run() -> list[Result]:
    """Measure alone for CPU, and beside a writer for the lock."""
    if not DATA.exists():
        print("Left out: the real sales are not on this machine.")
        return []
    core = loop()
    alone, _ = measure(beside=False)
    core = min(core, loop())
    both, waits = measure(beside=True)
    waits.sort()
    print(
        f"{alone['rows']:,.0f} rows; beside the import {len(waits)} commands of another process, "
        f"the slowest answered in {waits[-1] * 1000:.0f} ms; the 99th percentile of the lock is "
        f"{both['lock99']:.0f} ms"
    )
    return [
        in_loops("import of the real sales, CPU with all views", alone["cpu"], core, 800),
        Result(
            "import of the real sales, memory",
            f"{alone['memory']:.0f} MB",
            "600 MB",
            alone["memory"] < 600,
        ),
        Result(
            "longest write lock beside a running bot",
            f"{both['lock']:.0f} ms",
            "50 ms",
            both["lock"] <= 50,
        ),
    ]


if __name__ == "__main__":
    print(machine())
    show(run())
