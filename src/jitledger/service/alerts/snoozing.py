"""Alerts that were put off: told again when that is over, or when the shelf would be empty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

from jitledger.domain.json import Json
from jitledger.service.alerts.reported import as_reported
from jitledger.service.announce import push
from jitledger.store.database import Tx

Lines = Mapping[tuple[str, str | None], Json]
"""The reorder report's lines by SKU and location, in its JSON shape."""


def runs_out_within_lead(available: Decimal, inputs: Mapping[str, str]) -> bool:
    """Return whether what is there lasts less than a delivery takes, by the sweep's figures.

    8 left, 2 a day, 5 days to deliver: 4 days, so the shelf would be empty.

    >>> runs_out_within_lead(Decimal(8), {"demand_per_day": "2", "lead_time_days": "5"})
    True
    """
    rate = Decimal(inputs.get("demand_per_day", "0"))
    return rate > 0 and available < rate * Decimal(inputs.get("lead_time_days", "0"))


def end_snooze(tx: Tx, sku: str, location: str, now: int) -> bool:
    """End the snooze of an alert; returns whether there was one."""
    row = tx.one(
        "SELECT 1 FROM alerts WHERE sku = ? AND location = ? AND snoozed_until > ?",
        (sku, location, now),
    )
    if row is not None:
        _ended(tx, sku, location)
    return row is not None


def _ended(tx: Tx, sku: str, location: str) -> None:
    tx.execute(
        "UPDATE alerts SET snoozed_until = 0 WHERE sku = ? AND location = ?", (sku, location)
    )


def wake_snoozed(tx: Tx, now: int, lines: Lines, today: date) -> int:
    """Tell again of alerts that still stand and whose snooze is over or cannot hold; how many.

    It cannot hold where the shelf is likely to be empty before a delivery of today would come.
    """
    rows = tx.all(
        "SELECT sku, location, snoozed_until FROM alerts "
        "WHERE state = 'raised' AND snoozed_until > 0"
    )
    woken = 0
    for sku, location, until in rows:
        line = lines.get((sku, location or None))
        if until > now and (line is None or not _empty_before(line, today)):
            continue
        _ended(tx, sku, location)
        woken += 1
        if line is not None:
            push(tx, "alert", as_reported(line), now, subject=f"alert/{sku}/{location}")
    return woken


def _empty_before(line: Json, today: date) -> bool:
    likely = line["runs_out"]["likely"]
    arrives = today + timedelta(days=ceil(line["lead_time_days"]))
    return likely is not None and date.fromisoformat(likely) < arrives


def is_snooze_over(tx: Tx, now: int) -> bool:
    """Return whether an alert that was put off is to be told again."""
    due = tx.one(
        "SELECT 1 FROM alerts WHERE state = 'raised' AND snoozed_until > 0 AND snoozed_until <= ?",
        (now,),
    )
    return due is not None


def is_any_snoozed(tx: Tx) -> bool:
    """Return whether any alert is put off."""
    return tx.one("SELECT 1 FROM alerts WHERE state = 'raised' AND snoozed_until > 0") is not None
