"""What was told about a state that lasts, so that it is told once and its end is told too."""

from __future__ import annotations

from jitledger.domain.names import ALERT_STREAM
from jitledger.store.codec import decode
from jitledger.store.database import Tx


def told_since(tx: Tx, kind: str, since: int) -> set[str]:
    """Return the subjects of a kind that were told since a moment."""
    rows = tx.all("SELECT subject FROM notices WHERE kind = ? AND told_at >= ?", (kind, since))
    return {row[0] for row in rows}


def told_at(tx: Tx, subject: str) -> int | None:
    """Return when a subject was told last."""
    row = tx.one("SELECT told_at FROM notices WHERE subject = ?", (subject,))
    return None if row is None else int(row[0])


def note_told(tx: Tx, subject: str, kind: str, now: int) -> None:
    """Note that a subject is told now."""
    tx.execute(
        "INSERT INTO notices VALUES (?, ?, ?) ON CONFLICT (subject) DO UPDATE SET "
        "told_at = excluded.told_at",
        (subject, kind, now),
    )


def watch_list(tx: Tx, subject: str, now: int, since: int) -> None:
    """Watch a list from now on, and no more those told before ``since``."""
    tx.execute("DELETE FROM notices WHERE kind = 'list' AND told_at < ?", (since,))
    tx.execute(
        "INSERT INTO notices VALUES (?, 'list', ?) ON CONFLICT (subject) DO NOTHING",
        (subject, now),
    )


def forget_told(tx: Tx, subject: str) -> None:
    """Forget that a subject was told: its end was."""
    tx.execute("DELETE FROM notices WHERE subject = ?", (subject,))


def raised_alerts(tx: Tx) -> set[tuple[str, str]]:
    """Return (SKU, location, empty for the whole shop) of the alerts that stand."""
    rows = tx.all("SELECT sku, location FROM alerts WHERE state = 'raised'")
    return {(str(sku), str(location)) for sku, location in rows}


def was_retracted(tx: Tx, sku: str, location: str) -> bool:
    """Return whether the last end of an alert says that it was never true."""
    rows = tx.all(
        "SELECT topic, state FROM stored_events WHERE originator_id = ? "
        "AND topic IN ('reorder-alert-resolved', 'reorder-alert-retracted') "
        "ORDER BY originator_version DESC LIMIT 20",
        (ALERT_STREAM + sku,),
    )
    for name, body in rows:
        event = decode(name, bytes(body))
        if (getattr(event, "location", None) or "") == location:
            return bool(name == "reorder-alert-retracted")
    return False


def is_raised(tx: Tx, sku: str, location: str) -> bool:
    """Return whether an alert stands."""
    found = tx.one("SELECT state FROM alerts WHERE sku = ? AND location = ?", (sku, location))
    return found is not None and found[0] == "raised"
