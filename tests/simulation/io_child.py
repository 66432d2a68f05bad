"""Records while calls of the disk fail; says what was acknowledged (see ``attack.io_errors``).

``python -m tests.simulation.io_child SHOP EVERY SEED``, with ``io_faults.c`` preloaded.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError

RECORDS = 120


def main() -> None:
    """Print each acknowledged key, what failed, and whether it goes on when the disk is well."""
    shop, every, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    faults = ctypes.CDLL(None)
    app = open_app(Settings(database=f"sqlite:///{shop}"), create=False)
    faults.io_faults(every, seed)
    for number in range(RECORDS):
        key = f"k{seed}-{number}"
        command = parse({"do": "receive", "sku": "MUG", "qty": "1", "key": key})
        with suppress(LedgerError):
            if app.ledger.record(command).ok:
                print(key, flush=True)
    faults.io_faults(0, 0)
    after = parse({"do": "receive", "sku": "MUG", "qty": "1", "key": f"after{seed}"})
    print("recovered" if app.ledger.record(after).ok else "stuck")
    print(f"failed {faults.io_failed()}")
    app.close()


if __name__ == "__main__":
    main()
