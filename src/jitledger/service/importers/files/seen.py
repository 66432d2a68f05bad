"""What a long file said before, kept in a file of its own that is gone with the process."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from typing import Any

import msgspec

IN_MEMORY = 4 * 1024 * 1024


class Seen:
    """{key: value} of any number of rows; a million of them hold a few megabytes of memory."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")  # A private file on the disk, deleted when it is closed.
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")

    def count(self, key: bytes) -> int:
        """Return how often a key was counted, this time included."""
        row = self._db.execute(
            "INSERT INTO seen VALUES (?, 1) "
            "ON CONFLICT (key) DO UPDATE SET value = value + 1 RETURNING value",
            (key,),
        ).fetchone()
        return int(row[0])

    def put(self, key: bytes, value: bytes) -> bytes | None:
        """Keep a value; return the one that was there before."""
        row = self._db.execute("SELECT value FROM seen WHERE key = ?", (key,)).fetchone()
        self._db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (key, value))
        return None if row is None else bytes(row[0])

    def close(self) -> None:
        """Let the file go."""
        self._db.close()


class Spool:
    """Values written one after the other, and read again in that order."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder()
        self.count = 0

    def append(self, value: Any) -> None:
        """Add a value of plain types."""
        data = self._encoder.encode(value)
        self._file.write(len(data).to_bytes(4, "big") + data)
        self.count += 1

    def __iter__(self) -> Iterator[Any]:
        self._file.seek(0)
        for _ in range(self.count):
            size = int.from_bytes(self._file.read(4), "big")
            yield self._decoder.decode(self._file.read(size))

    def close(self) -> None:
        """Let the file go."""
        self._file.close()
