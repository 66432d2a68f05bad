"""Makes the stored shop of this schema version: ``python -m tests.history.make_shop``.

Run once for each new version, with the program that has it; a file that is there stays as it is.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from jitledger.store.schema import SCHEMA_VERSION
from jitledger.store.seals import verify
from tests.bot.conftest import OWNER, open_chat
from tests.conftest import done

FOLDER = Path(__file__).parent / "databases"


def _data(message: dict[str, Any], place: int = 0) -> dict[str, Any]:
    row = message["reply_markup"]["inline_keyboard"][place]
    return {"message_id": message["message_id"], "data": row[0]["callback_data"]}


async def _talk(shop: Path) -> dict[str, Any]:
    chat = await open_chat(f"sqlite:///{shop}")
    done(chat.app, do="receive", sku="RED-MUG", qty="12")
    done(chat.app, do="sell", sku="RED-MUG", qty="3")
    done(chat.app, do="supplier", code="ACME", name="Acme", lead_time_days="7")
    done(chat.app, do="terms", supplier="ACME", sku="MUG", unit_cost="4", pack="6")
    (undo,) = await chat.say("received 24 MUG")
    (choose,) = await chat.say("sold 2 blue mugg")
    known = {
        "schema": SCHEMA_VERSION,
        "stock": {sku: chat.on_hand(sku) for sku in ("MUG", "RED-MUG")},
        "undo": _data(undo),
        "choose": _data(choose),
        "owner": OWNER,
    }
    found = verify(chat.app.database)
    await chat.runner.stop()
    await chat.server.close()
    chat.app.close()
    return known | {"seal": found.seal, "events": found.events, "schema_in_file": SCHEMA_VERSION}


def main() -> None:
    """Write the file and what is known of it."""
    target = FOLDER / f"schema-{SCHEMA_VERSION}.db.gz"
    if target.exists():
        raise SystemExit(f"{target} is there and is never changed.")
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder) / "shop.db"
        known = asyncio.run(_talk(shop))
        with sqlite3.connect(shop) as stored:
            stored.execute("PRAGMA journal_mode=DELETE")
            stored.execute("VACUUM")
        target.write_bytes(gzip.compress(shop.read_bytes(), mtime=0))
    target.with_name(f"schema-{SCHEMA_VERSION}.json").write_text(json.dumps(known, indent=1))
    print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
