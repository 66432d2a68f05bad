"""Reading a file in a process of its own, with limits of time and memory.

A kilobyte may unpack to gigabytes, and a sheet may hold one cell a million rows away. Whatever a
file does, it does it to the process that reads it, and whoever sent it gets a sentence.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import msgspec

from jitledger.domain.errors import Refused
from jitledger.service.importers.files.packed import Rows
from jitledger.service.importers.files.tables import (
    MOST_BYTES,
    MOST_CELLS,
    Table,
    parse_table,
    read_table,
)

TOO_LARGE = "it is too large to be read here; leave out what is no row, or save it as CSV"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader may use: seconds, bytes of data beside its programs, cells of the table."""

    seconds: float
    memory: int
    cells: int


IN_THE_CHAT = Limits(4.0, 280 * 1024 * 1024, MOST_CELLS)
"""Somebody waits for an answer, and others are answered meanwhile."""

AT_THE_TERMINAL = Limits(180.0, 2 * 1024 * 1024 * 1024, 60_000_000)
"""Years of sales, by whoever runs the machine."""

PLAIN = (".csv", ".tsv", ".txt")
SMALL = 2 * 1024 * 1024
"""Bytes: a plain text of so many holds no more than it shows, and is read here."""


def read_apart(path: Path) -> Table:
    """Read a file as ``read_table`` does; what may unpack to more than it shows, by itself."""
    if path.name.casefold().endswith(PLAIN) or not path.is_file():
        return read_table(path)
    if path.stat().st_size > MOST_BYTES:
        return read_table(path)  # Which refuses it.
    return parse_apart(path.name, path.read_bytes(), MOST_BYTES, AT_THE_TERMINAL)


def parse_apart(name: str, data: bytes, most: int, limits: Limits = IN_THE_CHAT) -> Table:
    """Read a table as ``parse_table`` does; what takes too long or too much is ``bad-file``."""
    if name.casefold().endswith(PLAIN) and len(data) <= SMALL:
        return parse_table(name, data, most)
    asked = msgspec.msgpack.encode((name, most, astuple(limits)))
    told = len(asked).to_bytes(4, "big") + asked + data
    command = [sys.executable, "-m", "jitledger.service.importers.files.apart"]
    try:
        done = subprocess.run(
            command, input=told, capture_output=True, timeout=limits.seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise _too_much(name) from None
    if done.returncode != 0:
        raise _too_much(name)
    answer: dict[str, Any] = msgspec.msgpack.decode(done.stdout)
    if "error" in answer:
        raise Refused("bad-file", answer["error"], **answer["fields"])
    rows = Rows()
    for line, cells in answer["rows"]:
        rows.append(line, cells)
    return Table(answer["header"], rows, answer["delimiter"])


def _too_much(name: str) -> Refused:
    return Refused("bad-file", f"{name}: {TOO_LARGE}.", file=name, why=TOO_LARGE)


def _limit(limits: Limits) -> None:
    """Let this process hold so much and work so long, where the system knows such limits."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        seconds = int(limits.seconds) + 1
        resource.setrlimit(resource.RLIMIT_DATA, (limits.memory, limits.memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def main() -> None:
    """Read (name, most) and a file from the standard input; write its table, or why it is none."""
    told = sys.stdin.buffer.read()
    size = int.from_bytes(told[:4], "big")
    name, most, given = msgspec.msgpack.decode(told[4 : 4 + size])
    limits = Limits(*given)
    _limit(limits)
    try:
        table = parse_table(name, told[4 + size :], most)
        if sum(len(row.cells) for row in table.rows) > limits.cells:
            raise _too_much(name)
        rows = [(row.line, row.cells) for row in table.rows]
        answer: dict[str, Any] = {"header": table.header, "rows": rows}
        answer["delimiter"] = table.delimiter
    except Refused as error:
        answer = {"error": error.message, "fields": error.fields}
    except MemoryError:
        raise SystemExit(1) from None
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))


if __name__ == "__main__":
    main()
