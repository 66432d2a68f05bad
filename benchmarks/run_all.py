"""Run every benchmark and print one table: measured, limit, met or missed."""

from __future__ import annotations

import backtest
import big_shop
import durable_commands
import import_sales
import messages
import reading
import rebuild
import start
import sweep
from common import Result, machine, show


def main() -> None:
    """Run them one after the other; nothing else should run beside them."""
    print(machine())
    results: list[Result] = []
    programs = (
        start,
        reading,
        durable_commands,
        import_sales,
        rebuild,
        big_shop,
        messages,
        sweep,
        backtest,
    )
    for program in programs:
        print(f"\n== {program.__doc__.splitlines()[0] if program.__doc__ else program.__name__}")
        results += program.run()
    show(results)


if __name__ == "__main__":
    main()
