"""The witness: the newest seal that was told, kept in a file outside the database.

A database that was put back from an older copy, or lost its newest entries in another way, verifies
by itself: its seals are in order. Only what was seen later shows that it is older.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import orjson

from jitledger.domain.errors import StoreError
from jitledger.store.database import Database

SUFFIX = ".witness"


@dataclass(frozen=True, slots=True)
class Witness:
    """A seal that was told: the number of its append, the seal in hexadecimal, and when."""

    ordinal: int
    seal: str
    told: str


def witness_file(address: str, given: str | None = None) -> Path | None:
    """Return where the witness is kept: where ``JITLEDGER_WITNESS`` says, else beside the file.

    >>> witness_file("sqlite:///shop.db")
    PosixPath('shop.db.witness')
    """
    if given is not None:
        return Path(given)
    file = address.removeprefix("sqlite:///")
    return None if file == address else Path(file + SUFFIX)


def note(file: Path, database: Database, told: str) -> None:
    """Keep the newest seal as the witness, readable by its owner only; raises ``StoreError``."""
    with database.snapshot() as tx:
        row = tx.one("SELECT ordinal, seal FROM seals ORDER BY ordinal DESC LIMIT 1")
    if row is None:
        return
    kept = {"ordinal": row[0], "seal": bytes(row[1]).hex(), "told": told}
    part = file.with_name(file.name + ".part")
    try:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(orjson.dumps(kept))
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except OSError as error:
        raise StoreError(
            "witness-unwritable",
            f"The witness {file} cannot be written: {error.strerror}.",
            file=str(file),
            why=str(error.strerror),
        ) from error


def seen(file: Path | None) -> Witness | None:
    """Return the witness; None where none was ever kept, or what is there is none."""
    if file is None or not file.is_file():
        return None
    try:
        kept = orjson.loads(file.read_bytes())
        return Witness(int(kept["ordinal"]), str(kept["seal"]), str(kept["told"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def older_than_told(database: Database, witness: Witness | None) -> str | None:
    """Return what is wrong where a ledger does not hold the seal that was told; None in order."""
    if witness is None:
        return None
    with database.snapshot() as tx:
        row = tx.one("SELECT seal FROM seals WHERE ordinal = ?", (witness.ordinal,))
        newest = tx.one("SELECT COALESCE(MAX(ordinal), 0) FROM seals")[0]
    if row is not None and bytes(row[0]).hex() == witness.seal:
        return None
    how = (
        f"it ends at append {newest}, {witness.ordinal} were told"
        if row is None
        else f"append {witness.ordinal} is another one"
    )
    return (
        f"This ledger is not the one whose seal was told on {witness.told}: {how}. It was put back "
        "from an older copy, cut off or rewritten. Look for the newer file; when this one shall go "
        "on, run `jitledger verify --accept`."
    )
