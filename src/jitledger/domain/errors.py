"""What can go wrong, and how it is said.

    LedgerError
    ├── Refused          a rule said no: shown to the person who asked
    │   └── Malformed    the request itself could not be read
    ├── Conflict         the lock or the key was someone else's
    └── StoreError       the operator's business: disk, schema, settings
        └── StoreAway    it does not answer now; whoever can wait, waits

Every error is built from fields and says what was asked, what is true and what to do.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Remark(NamedTuple):
    """What is to be said beside an answer: recorded, and worth a look. ``code`` is stable."""

    code: str
    template: str
    details: dict[str, str]

    def __str__(self) -> str:
        """Return it in the ledger's own words."""
        return self.template.format(**self.details)


class LedgerError(Exception):
    """Base of all errors; ``code`` is stable, ``message`` is for people."""

    exit_code = 4

    @property
    def passing(self) -> bool:
        """Return whether it may go by itself, so that the very same request is tried again."""
        return False

    def __init__(self, code: str, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = fields
        self.reason: tuple[str, dict[str, object]] | None = None
        """The template of ``why`` and what it is filled with, to be said in other languages."""

    def as_dict(self) -> dict[str, Any]:
        """Return the error as the command line's JSON shape."""
        return {"code": self.code, "message": self.message, **self.fields}


class Refused(LedgerError):
    """A rule said no; nothing was recorded."""

    exit_code = 1


class Malformed(Refused):
    """The request could not be read (bad JSON, unknown field, bad value)."""


class Conflict(LedgerError):
    """The write lock or the command key belongs to someone else."""

    exit_code = 3

    @property
    def passing(self) -> bool:
        """A lock is let go some time; a key belongs to somebody else for ever."""
        return self.code == "lock-timeout"


class StoreError(LedgerError):
    """The store, the settings or the machine are not as they must be."""

    exit_code = 4


class StoreAway(StoreError):
    """The store does not answer now: away, full, read-only. Nothing of the request is at fault."""

    @property
    def passing(self) -> bool:
        """It is tried again."""
        return True


def unknown_sku(sku: str, nearest: list[str] | None = None) -> Refused:
    """Build the refusal for a SKU that is not registered."""
    hint = f" Did you mean {', '.join(nearest)}?" if nearest else ""
    return Refused(
        "unknown-sku",
        f"No product {sku!r} is registered.{hint} Register it first.",
        sku=sku,
    )


def unknown_location(code: str, known: list[str]) -> Refused:
    """Build the refusal for a location the shop has not opened."""
    return Refused(
        "unknown-location",
        f"There is no location {code!r}; known are {', '.join(known) or 'none'}.",
        location=code,
        known=known,
    )


def unknown_entry(entry: str) -> Refused:
    """Build the refusal for an entry name that names nothing."""
    return Refused(
        "unknown-entry",
        f"There is no entry {entry!r}; entries are written like MUG/17.",
        entry=entry,
    )


def already_voided(entry: str, by: str) -> Refused:
    """Build the refusal for voiding what is not effective."""
    return Refused(
        "already-voided",
        f"{entry} is already voided by {by}; void {by} to bring it back.",
        entry=entry,
        by=by,
    )


def not_available(
    sku: str,
    location: str,
    asked: str,
    available: str,
    on_hand: str,
    reserved: str,
    elsewhere: dict[str, str],
) -> Refused:
    """Build the refusal of a promise that the shelf cannot keep.

    Reads like "12 of RED-SPOON asked at shop, 7 available (10 on hand, 3 reserved); 3 at WH".
    """
    others = "".join(f"; {quantity} at {code}" for code, quantity in elsewhere.items())
    return Refused(
        "not-available",
        f"{asked} of {sku} asked at {location}, {available} available "
        f"({on_hand} on hand, {reserved} reserved){others}.",
        sku=sku,
        location=location,
        asked=asked,
        available=available,
        on_hand=on_hand,
        reserved=reserved,
        elsewhere=elsewhere,
    )


def bad_value(field: str, value: object, template: str, **details: object) -> Malformed:
    """Build the refusal of one field's value; ``template`` says why, filled with ``details``."""
    why = template.format(**details) if details else template
    shown = str(value)
    if len(shown) > 80:
        shown = shown[:77] + "..."
    what = f"{field} is missing" if value is None else f"{field} is {shown!r}"
    error = Malformed("bad-value", f"{what}: {why}", field=field, value=shown, why=why)
    error.reason = (template, details)
    return error
