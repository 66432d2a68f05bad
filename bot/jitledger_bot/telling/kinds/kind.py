"""A kind of push as one value: what happened, how it reads, what can be done, how it ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from jitledger.bootstrap import App
from jitledger.domain.json import Json
from jitledger.domain.moments import DAY
from jitledger.domain.state.shop import Shop
from jitledger.store.database import Tx
from jitledger_bot.access import PUSHES, Receiver
from jitledger_bot.memory.proposals import store_proposal
from jitledger_bot.texts.language import _
from jitledger_bot.texts.reordering import moving
from jitledger_bot.texts.say import shared
from jitledger_bot.texts.say import told as say
from jitledger_bot.turn import Button

if TYPE_CHECKING:
    from jitledger_projections.reports.morning import Morning

Row = Json
"""What a push says of one thing, as JSON has it."""
Keys = list[list[Button]]
MOST_BUTTONS = 8
KINDS: dict[str, Kind] = {}
"""Every kind that was declared, by its name."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Stores what buttons in one chat stand for."""

    tx: Tx
    receiver: Receiver
    now: int

    def __call__(self, kind: str, body: Row) -> str:
        """Store a proposal and return its id."""
        to = self.receiver
        return store_proposal(self.tx, to.chat_id, to.member, kind, body, self.now)

    def item(self, row: Row) -> str:
        """Return the id of what asks about a row's product."""
        return self("why", {"sku": row["sku"]})


@dataclass(frozen=True, slots=True)
class Since:
    """A row's list as it is looked at again: told then, and now."""

    app: App
    tx: Tx
    shop: Shop
    told_at: int
    now: int


class Kind:
    """One kind of push; everyone whose wishes name it hears of it, else the owners."""

    name: ClassVar[str] = ""
    wish: ClassVar[str] = ""
    """What a chat's settings call it; without one it is told to owners, whatever they wish."""
    like: ClassVar[str] = ""
    """The kind whose wish counts for it, when that is another one."""

    def __init_subclass__(cls) -> None:
        """Enter a kind into the table of all."""
        if cls.name:
            KINDS[cls.name] = cls()
            if cls.wish:
                PUSHES[cls.name] = cls.wish

    def says(self, data: Row) -> str:
        """Return how it reads."""
        raise NotImplementedError

    def buttons(self, data: Row, stored: Stored) -> Keys:
        """Return what can be done about it in place."""
        return []


class Daily(Kind):
    """What is told once a day as a list; what was told is not told again for a while."""

    listed: ClassVar[str] = "items"
    """The name its rows have."""
    again_after: ClassVar[int] = 7 * DAY
    most: ClassVar[int | None] = None
    """So many a day, where somebody has to go and look; the others have their turn later."""
    ends: ClassVar[bool] = False
    """Whether its rows end by themselves (``end``), and its message changes with them."""

    def rows(self, seen: Morning) -> list[Row]:
        """Return what a morning has to tell, each row with its ``subject``."""
        raise NotImplementedError

    def end(self, row: Row, since: Since) -> dict[str, str] | None:
        """Return how a row ended; None while it is as it was told."""
        return None


def once(rows: Sequence[Row]) -> list[Row]:
    """Return the first row of each product, as many as have room for buttons."""
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(row["sku"], row)
    return list(found.values())[:MOST_BUTTONS]


def column(buttons: Iterable[Button]) -> Keys:
    """Return buttons one below the other."""
    return [[button] for button in buttons]


def count_button(row: Row, stored: Stored) -> Button:
    """Return the button that counts a row's product."""
    return _(say.COUNT_NAME, name=row["name"][:30]), f"q.{stored.item(row)}"


def move_button(row: Row, move: Row, stored: Stored) -> Button:
    """Return the button that moves a row's product to its place from another."""
    body = {"sku": row["sku"], "qty": move["qty"], "from": move["from"], "to": row["location"]}
    return moving(body, row["name"]), f"mv.{stored('move', body)}"


def order_or_why(row: Row, stored: Stored) -> list[Button]:
    """Return the buttons that order a row's product, or explain it."""
    one, name = stored.item(row), row["name"][:24]
    return [(_(say.ORDER_NAME, name=name), f"j.{one}"), (_(shared.WHY_NAME, name=name), f"w.{one}")]


COUNTS = {"reorder": "reorder_count", "runout": "run_out_count"}
_LISTS = {"reorder": say.WHAT_NEEDS_REORDERING, "runout": say.WHAT_RUNS_OUT}


def view_of(what: str, stored: Stored) -> Button:
    """Return the button that shows a whole list."""
    return _(_LISTS[what]), f"v.{stored('view', {'what': what})}"
