"""Names that people use for products: confirmed twice by a tap, listed, forgotten, undone.

One tap may be a slip. What two taps agree on is a name of that product for everybody; an Undo of
what a tap recorded takes its confirmation back, and a tap for another product all before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from jitledger.store.database import Tx
from jitledger_bot.memory.conversations import keep, recall

NEEDED = 2
"""So many taps make a name."""

_KEY = "alias:"


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that somebody uses, and the product it is."""

    words: str
    sku: str


def confirm(tx: Tx, words: str, sku: str, entry: str) -> bool:
    """Note that a tap took some words for a product; returns whether they are its name now."""
    _state, kept = recall(tx, _KEY + words)
    entries = list(kept.get("entries", ())) if kept.get("sku") == sku else []
    if kept and kept.get("sku") != sku:
        tx.execute("DELETE FROM aliases WHERE alias = ?", (words,))
    if entry not in entries:
        entries.append(entry)
    _keep(tx, words, sku, entries[-NEEDED:])
    if len(entries) < NEEDED:
        return False
    tx.execute(
        "INSERT INTO aliases VALUES (?, ?) ON CONFLICT (alias) DO UPDATE SET sku = excluded.sku",
        (words, sku),
    )
    return len(entries) == NEEDED


def take_back(tx: Tx, entries: Iterable[str]) -> None:
    """Take the confirmations back that recorded these entries."""
    gone = set(entries)
    for key, data in tx.all(
        "SELECT key, data FROM conversations WHERE key >= ? AND key < ?", (_KEY, "alias;")
    ):
        kept = orjson.loads(data)
        left = [entry for entry in kept["entries"] if entry not in gone]
        if len(left) == len(kept["entries"]):
            continue
        words = key.removeprefix(_KEY)
        _keep(tx, words, kept["sku"], left)
        if len(left) < NEEDED:
            tx.execute("DELETE FROM aliases WHERE alias = ?", (words,))


def known(tx: Tx) -> list[Alias]:
    """Return every name that was learned."""
    return [Alias(*row) for row in tx.all("SELECT alias, sku FROM aliases ORDER BY alias")]


def forget(tx: Tx, words: str) -> bool:
    """Forget a name; returns whether it was known."""
    row = tx.one("SELECT 1 FROM aliases WHERE alias = ?", (words,))
    tx.execute("DELETE FROM aliases WHERE alias = ?", (words,))
    tx.execute("DELETE FROM conversations WHERE key = ?", (_KEY + words,))
    return row is not None


def _keep(tx: Tx, words: str, sku: str, entries: list[str]) -> None:
    keep(tx, _KEY + words, None, {"sku": sku, "entries": entries})
