"""Trading hours: which part of a day's trade is over at a moment.

Stated hours share the trade evenly. Where none are stated they are learned from the moments of the
shop's newest sales, so that a night counts as time without customers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from jitledger.domain.events import StockSold
from jitledger.domain.moments import HOUR, MINUTE, to_datetime
from jitledger.domain.state.shop import Shop
from jitledger.store.codec import decode
from jitledger.store.database import Database, Tx

Floats = npt.NDArray[np.float64]

Ints = npt.NDArray[np.int64]

ENTRIES_AT_ONCE, MOST_TURNS, ENOUGH_SALES = 4_000, 6, 1_000

PRIOR_LINES = 2.0
"""With no sale to learn from, a day is 24 equal hours; a few sales outweigh that."""

CLOCK_CHANGES_BY = 3 * HOUR
"""Clocks change before three in the morning, nearly everywhere."""

MINUTES = 24 * 60


class TradingHours(NamedTuple):
    """A day's trade: evenly from opening to closing (hours), and as sales were seen."""

    opens: float = 0.0
    closes: float = 24.0
    evenly: float = 1.0
    """The share of the trade that is spread evenly; the rest lies as in ``seen``."""
    seen: tuple[float, ...] = ()
    """The share of the sales seen until the end of each minute of the day; empty without any."""

    def over(self, at: Ints, begins: Ints, ends: Ints) -> Floats:
        """Return the share of its day's trade that is over at each moment.

        A day runs from where it begins to where it ends. Of 24 equal hours a quarter is over at six
        in the morning, also when the clock changed.
        """
        since = np.clip(at, begins, ends) - begins
        late = since > CLOCK_CHANGES_BY
        clock = since + np.where(late, 24 * HOUR - (ends - begins), 0)
        over = np.interp(clock / HOUR, (self.opens, self.closes), (0.0, 1.0))
        if not self.seen:
            return over
        seen = np.array((*self.seen, 1.0))[np.clip(clock // MINUTE, 0, MINUTES)]
        begun = clock > 0  # A sale in the first minute of a day is not over when the day begins.
        return np.asarray(self.evenly * over + (1.0 - self.evenly) * seen * begun)


def trading_hours(database: Database, tx: Tx, shop: Shop) -> TradingHours:
    """Return the stated hours of a shop, else those of its newest sales."""
    if (shop.opens, shop.closes) != ("00:00", "24:00"):
        return TradingHours(_hours(shop.opens), _hours(shop.closes))
    return learned_hours(_lines_by_minute(database, tx, shop))


def learned_hours(lines: Floats) -> TradingHours:
    """Return the hours from order lines by minute of the day, shape (1440,).

    The share over at a moment is (lines until then + 2 × the share of the 24 hours) ÷ (all lines +
    2): of 98 lines, all from nine to ten, (0 + 0.75) ÷ 100 are over at nine, (98 + 0.83) ÷ 100 at
    ten.
    """
    count = float(lines.sum())
    if count <= 0:
        return TradingHours()
    return TradingHours(
        evenly=PRIOR_LINES / (PRIOR_LINES + count), seen=tuple((np.cumsum(lines) / count).tolist())
    )


def _hours(clock: str) -> float:
    hour, minute = map(int, clock.split(":"))
    return hour + minute / 60


def _lines_by_minute(database: Database, tx: Tx, shop: Shop) -> Floats:
    """Count the newest sales by local time; those of which only the day is known say nothing.

    Reads back from the log's end until there are enough, at most some thousand entries.
    """
    lines = np.zeros(MINUTES)
    upto, tz = database.head(tx), shop.tz
    for _ in range(MOST_TURNS):
        if upto <= 0 or lines.sum() >= ENOUGH_SALES:
            break
        after = max(0, upto - ENTRIES_AT_ONCE)
        for rows in database.scan(tx, after, upto):
            for _, _, _, name, body in rows:
                if name != StockSold.name:
                    continue
                event = decode(name, body)
                if event.occurred_on is None:
                    local = to_datetime(event.effective_at).astimezone(tz)
                    lines[local.hour * 60 + local.minute] += 1
        upto = after
    return lines
