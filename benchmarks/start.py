"""The start of the command line against the import of the library it is written with."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from common import Result, machine, show


def seconds(*words: str) -> float:
    """Return the wall time of one process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def run() -> list[Result]:
    """Measure both in turns and compare the medians of their pairs."""
    code = "import sys; sys.argv = ['jitledger', '--help']; from jitledger.cli import main; main()"
    pairs = [(seconds("-c", code), seconds("-c", "import click")) for _ in range(31)][1:]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"jitledger --help {mine * 1000:.0f} ms, import click {theirs * 1000:.0f} ms")
    ratio = mine / theirs
    return [
        Result("`jitledger --help` against `import click`", f"{ratio:.2f}×", "1.2×", ratio <= 1.2)
    ]


if __name__ == "__main__":
    print(machine())
    show(run())
