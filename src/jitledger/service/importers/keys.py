"""Keys of rows: what makes a row a repeat, in this version and in those before."""

from __future__ import annotations

import hashlib
from contextlib import closing

from jitledger.domain.commands import Command, payload_of
from jitledger.domain.errors import LedgerError, Refused
from jitledger.domain.moments import local_date
from jitledger.domain.state.shop import Shop
from jitledger.service.importers.cells import Cells, Choices
from jitledger.service.importers.files.seen import Seen
from jitledger.service.importers.files.tables import Table
from jitledger.service.importers.formats import Format, Row
from jitledger.service.importers.left_out import LeftOut
from jitledger.service.ledger import Ledger, present_of
from jitledger.service.recording.submission import Ask
from jitledger.service.streams import load_shop
from jitledger.store.database import Tx

NEW = (
    "ref",
    "said",
    "time",
    "zone",
    "barcode",
    "name",
    "unit",
    "status",
    "total",
    "less",
    "event",
    "currency",
)
"""Fields that are no part of a row's content as keys have it."""


class Keys:
    """The command keys of the ledger and of the rows before."""

    def __init__(self) -> None:
        self._mine = Seen()

    def of_before(self, tx: Tx, form: Format, fields: Row, command: Command) -> str | None:
        """Return the key that a row had while a paper's number named rows, if it was taken.

        So a file that was imported then is not taken twice. A count without a day is a new one.
        """
        if not fields.get("ref") or (form.name == "counts" and not fields.get("when")):
            return None
        key = f"{form.name}:id:{fields['ref']}:0"
        row = tx.one("SELECT digest FROM command_keys WHERE key = ?", (key,))
        return key if row is not None and bytes(row[0]) == payload_of(command) else None

    def close(self) -> None:
        """Let go what was kept of the rows before."""
        self._mine.close()

    def is_new(self, tx: Tx, ask: Ask) -> bool:
        """Return whether a key is new; raises ``key-conflict`` when it stands for another row."""
        assert ask.key is not None
        digest = payload_of(ask.command)
        before = self._mine.put(ask.key.encode("utf-8", "replace"), digest)
        if before is None:
            row = tx.one("SELECT digest FROM command_keys WHERE key = ?", (ask.key,))
            before = None if row is None else bytes(row[0])
        if before is not None and before != digest:
            raise Refused(
                "key-conflict",
                "A row with this id was recorded, or stands above, with other content; "
                "correct that entry, or give the row an id of its own.",
                key=ask.key,
                field="key",
            )
        return before is None


def key_of(
    form: Format,
    fields: Row,
    ordinals: Seen,
    shop: Shop,
    present: int,
) -> str:
    """Return the key of a row: its own, else its content with an ordinal among equal ones.

    A paper's number belongs to the content.
    """
    if fields.get("key"):
        return f"{form.name}:id:{fields['key']}"
    said = {**fields, "when": fields.get("said", fields.get("when", ""))}
    mine = {name for name in form.fields if name in said and name not in NEW}
    content = "\x1f".join(f"{name}={said[name]}" for name in sorted(mine))
    for name in ("ref", "time"):
        if fields.get(name):
            content += f"\x1f{name}={fields[name]}"
    if not fields.get("when"):
        content += f"\x1f{local_date(present, shop.tz)}"
    digest = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:24]
    return f"{form.name}:{digest}:{ordinals.count(bytes.fromhex(digest))}"


def recorded_lines(ledger: Ledger, form: Format, table: Table, choices: Choices) -> set[int]:
    """Return the lines of rows that were recorded when their system was not known by name."""
    found: set[int] = set()
    with closing(Seen()) as ordinals, ledger.database.snapshot() as tx:
        shop = load_shop(ledger.database, tx)
        present = present_of(ledger.database, ledger.clock, shop)
        try:
            cells = Cells(form, table, shop, choices)
        except LedgerError:
            return found
        for row in table.rows:
            try:
                for fields in cells.rows(row):
                    key = key_of(form, fields, ordinals, shop, present)
                    if tx.one("SELECT 1 FROM command_keys WHERE key = ?", (f"{key}:0",)):
                        found.add(row.line)
            except (LeftOut, LedgerError):
                continue
    return found
