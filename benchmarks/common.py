"""What the benchmark programs share: a table of results, temporary shops, CPU time."""

from __future__ import annotations

import json
import os
import platform
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.service.clock import Clock

LOOP = 1_000_000
"""Turns of the loop that CPU time is told in."""
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "online_retail.csv.gz"


@dataclass(frozen=True)
class Result:
    """One measured figure against its limit."""

    what: str
    measured: str
    limit: str
    met: bool


def show(results: list[Result]) -> None:
    """Print results as a Markdown table."""
    print("\n| what | measured | limit | |\n|---|--:|--:|---|")
    for r in results:
        print(f"| {r.what} | {r.measured} | {r.limit} | {'met' if r.met else 'missed'} |")
    print(flush=True)


def loop() -> float:
    """Return CPU seconds of a loop that always does the same: how fast the core is now.

    The least of five: what else the machine does only ever adds to it.
    """
    found = []
    for _ in range(5):
        total = 0
        with Cpu() as spent:
            for n in range(LOOP):
                total += n & 7
        found.append(spent.cpu)
    return min(found)


def in_loops(what: str, cpu: float, loops: float, most: float) -> Result:
    """Return CPU seconds against a limit in loops of the same run: no bare time is a limit."""
    ratio = cpu / loops
    return Result(what, f"{ratio:.0f} loops ({cpu:.1f} s)", f"{most:g} loops", ratio <= most)


def as_json(results: list[Result]) -> str:
    """Return results as JSON, for the next run to be compared with."""
    rows = [{**asdict(r), "value": _number(r.measured)} for r in results]
    return json.dumps({"machine": machine(), "results": rows}, indent=1)


def compare(results: list[Result], before: Path) -> None:
    """Print each figure beside what an earlier run measured."""
    known = {r["what"]: r["value"] for r in json.loads(before.read_text())["results"]}
    print(f"\n| what | {before.name} | now | change |\n|---|--:|--:|--:|")
    for r in results:
        then, now = known.get(r.what), _number(r.measured)
        if then and now is not None:
            print(f"| {r.what} | {then:g} | {now:g} | {now / then - 1:+.0%} |")
    print(flush=True)


def _number(measured: str) -> float | None:
    found = re.match(r"[\d.]+", measured)
    return None if found is None else float(found[0])


def machine() -> str:
    """Return what the figures were measured on."""
    cores = os.cpu_count()
    return f"{cores} cores, {platform.machine()}, Python {platform.python_version()}"


@contextmanager
def shop(clock: str = "live", port: Clock | None = None) -> Iterator[tuple[App, Path]]:
    """Open a new shop in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="jitledger-bench-") as folder:
        path = Path(folder) / "shop.db"
        app = open_app(Settings(database=f"sqlite:///{path}"), port)
        opened = {"do": "init", "name": "Bench", "timezone": "Europe/London", "clock": clock}
        assert app.ledger.record(parse(opened)).ok
        yield app, path
        app.close()


class Cpu:
    """CPU and wall time of a block."""

    def __enter__(self) -> Cpu:
        """Start."""
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        self.cpu = self.wall = 0.0
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.cpu = time.process_time() - self._cpu
        self.wall = time.perf_counter() - self._wall
