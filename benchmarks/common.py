"""What the benchmark programs share: a table of results, temporary shops, CPU time."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.service.clock import Clock

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
