"""The machine's clock, judged by the log: a jump that is not likely is asked about first.

One entry stamped a year ahead would drag every later stamp along, for a log's stamps only grow. So
when the clock stands further beyond the newest entry than shops are usually closed, commands are
refused until somebody who may says that the clock is right.
"""

from __future__ import annotations

from jitledger.domain.errors import Refused
from jitledger.domain.json import Json
from jitledger.domain.moments import DAY, SKEW, show_moment
from jitledger.store.database import Tx

MOST_QUIET_DAYS = 45
"""Longer than most shops close; whoever does is asked once."""

SUBJECT = "the clock is right"


def jump_of(tx: Tx, last: int, now: int) -> Refused | None:
    """Return why nothing is recorded now: the clock stands far beyond the newest entry."""
    if last == 0 or now - last <= MOST_QUIET_DAYS * DAY:
        return None
    trusted = tx.one("SELECT told_at FROM notices WHERE subject = ?", (SUBJECT,))
    if trusted is not None and now - trusted[0] <= MOST_QUIET_DAYS * DAY:
        return None
    days = round((now - last) / DAY)
    return Refused(
        "clock-jump",
        f"The clock of this machine says {show_moment(now)[:16]}, {days} days after the newest "
        f"entry ({show_moment(last)[:16]}); nothing is recorded before somebody looks. Is "
        "it right: jitledger clock --right. Else set it.",
        now=show_moment(now),
        newest=show_moment(last),
        days=days,
    )


def trust(tx: Tx, now: int) -> None:
    """Note that somebody looked at the clock and found it right."""
    tx.execute(
        "INSERT INTO notices VALUES (?, 'clock', ?) ON CONFLICT (subject) DO UPDATE SET "
        "told_at = excluded.told_at",
        (SUBJECT, now),
    )


def describe_clock(tx: Tx, last: int, now: int) -> Json:
    """Return how the clock stands to the log: both moments, and what is wrong with it, if it is.

    Behind the newest entry by more than the skew that is let pass, new entries get stamps that are
    not the time of day.
    """
    jump = jump_of(tx, last, now)
    wrong = None
    if jump is not None:
        wrong = jump.message
    elif last - now > SKEW:
        wrong = (
            f"The newest entry is stamped {show_moment(last)[:16]}, ahead of this machine's clock "
            f"({show_moment(now)[:16]}): until it is past that, new entries are stamped after it."
        )
    return {"now": show_moment(now), "newest": show_moment(last) if last else None, "wrong": wrong}
