"""What is asked of the ledger, what is answered, and what one transaction will write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jitledger.domain.commands import Command
from jitledger.domain.errors import LedgerError, Refused, Remark
from jitledger.domain.moments import Adjusted
from jitledger.service.streams import Change
from jitledger.store.database import EventRow, KnownKeys, Tx


@dataclass(slots=True)
class Ask:
    """One command with its key; ``payload`` overrides what the key stands for."""

    command: Command
    key: str | None = None
    payload: bytes | None = None


SHOWN_ELSEWHERE = frozenset({"linked", "place", "variance"})
"""Remarks for people; a script reads the same as values in ``order show`` and ``why``."""


@dataclass(slots=True)
class Answer:
    """What became of one command."""

    ok: bool
    entries: tuple[str, ...] = ()
    repeat: bool = False
    on_hand: str | None = None
    error: LedgerError | None = None
    uncounted: bool = False
    """Whether the number is below zero only because nobody has said yet what is there."""
    notes: tuple[Adjusted | Remark, ...] = ()
    """What is to be said beside: a time that does not exist, more than ordered, another price."""

    def as_dict(self) -> dict[str, object]:
        """Return the shape of ``apply``'s answers."""
        if self.error is not None:
            return {"ok": False, "error": self.error.as_dict()}
        found: dict[str, object] = {
            "ok": True,
            "entries": list(self.entries),
            "repeat": self.repeat,
            "on_hand": self.on_hand,
        }
        told = [
            str(note) for note in self.notes if getattr(note, "code", "") not in SHOWN_ELSEWHERE
        ]
        return found | ({"notes": told} if told else {})


@dataclass(slots=True)
class Submission:
    """Commands that belong together: one correlation, one transaction, each with its own answer.

    ``then`` runs in the same transaction with the answers (to write a reply and finish an inbox
    row); its value is returned as ``Outcome.value``. ``member`` is an opaque member id whose role
    is checked; None is the machine's operator. ``importing`` exempts from the 400 days and raises
    no alert; ``look`` names items whose alert state is brought up to date without a message each.
    """

    asks: Sequence[Ask]
    channel: str = "cli"
    member: str | None = None
    correlation: str | None = None
    dry_run: bool = False
    importing: bool = False
    look: Sequence[str] = ()
    then: Callable[[Tx, list[Answer], int], object] | None = None


@dataclass(slots=True)
class Outcome:
    """The answers of a submission, and what ``then`` returned."""

    answers: list[Answer]
    value: object = None


class Append:
    """What one transaction will write.

    ``loud``, ``look``, ``ordered`` and ``snoozed`` say what the watcher has not looked at: changed
    streams, items to look at without a message, SKUs whose orders changed, new ends of silence.
    """

    __slots__ = (
        "alert_versions",
        "careful",
        "changes",
        "events",
        "highest",
        "jump",
        "keys",
        "known_keys",
        "look",
        "loud",
        "marks",
        "newest",
        "ordered",
        "present",
        "simulated",
        "snoozed",
        "stamp",
        "stamped",
        "told",
    )

    def __init__(
        self,
        newest: tuple[int, bytes],
        known_keys: KnownKeys,
        stamp: int,
        present: int,
        highest: int,
        marks: int,
        *,
        simulated: bool,
        told: bool,
    ) -> None:
        self.jump: Refused | None = None
        """Why nothing new is recorded now: the clock jumped."""
        self.newest = newest
        """Ordinal and seal of the append before."""
        self.stamp = stamp
        self.present = present
        self.highest = highest
        self.marks = marks
        self.simulated = simulated
        self.told = told
        self.stamped = False
        self.careful = False
        """Whether what failed before is to be contained: each part in a savepoint of its own."""
        self.events: list[EventRow] = []
        self.keys: list[tuple[str, bytes, str]] = []
        self.known_keys = known_keys
        self.changes: dict[str, Change] = {}
        self.loud: set[str] = set()
        self.look: set[str] = set()
        self.ordered: set[str] = set()
        self.snoozed: dict[str, int] = {}
        self.alert_versions: dict[str, int] = {}

    def watched(self) -> None:
        """Forget what was to be looked at."""
        self.loud.clear()
        self.look.clear()
        self.ordered.clear()
        self.snoozed.clear()
