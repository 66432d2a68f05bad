"""Run every benchmark and print one table: measured, limit, met or missed.

``run_all.py --json FILE`` also writes the figures; ``--against FILE`` shows them beside those of an
earlier run. Names choose some programs: ``run_all.py start rebuild``.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from common import Result, as_json, compare, machine, show

PROGRAMS = (
    "start",
    "reading",
    "durable_commands",
    "import_sales",
    "long_file",
    "rebuild",
    "big_shop",
    "messages",
    "sweep",
    "backtest",
    "sets",
)


def main() -> None:
    """Run them one after the other; nothing else should run beside them."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("programs", nargs="*", default=PROGRAMS, metavar="PROGRAM")
    asked.add_argument("--json", type=Path, metavar="FILE")
    asked.add_argument("--against", type=Path, metavar="FILE")
    given = asked.parse_args()
    print(machine())
    results: list[Result] = []
    for name in given.programs:
        program = import_module(name)
        print(f"\n== {(program.__doc__ or name).splitlines()[0]}", flush=True)
        results += program.run()
    show(results)
    if given.json is not None:
        given.json.write_text(as_json(results) + "\n", encoding="utf-8")
    if given.against is not None:
        compare(results, given.against)


if __name__ == "__main__":
    main()
