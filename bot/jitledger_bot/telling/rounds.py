"""The rounds of the bot: the daily sweep, and looks for what has to be told by itself."""

from __future__ import annotations

import asyncio
from time import time_ns

from jitledger.bootstrap import App
from jitledger.domain.errors import StoreError
from jitledger.domain.moments import local_date
from jitledger.service.alerts.snoozing import is_any_snoozed, is_snooze_over, wake_snoozed
from jitledger.service.recording.submission import Answer, Submission
from jitledger.service.upkeep.retention import let_go
from jitledger.store.database import Tx
from jitledger_bot.telling import digest, notices, told_lists
from jitledger_bot.telling.kinds.kind import Row

MOST_MORNINGS = 5


class Rounds:
    """Sweeps once a local day, and looks every few seconds for what is to be told."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.swept = asyncio.Event()
        self.every = 5.0
        """Seconds between two looks."""
        self.looks = 0
        """How often was looked."""
        self._digested: str | None = None
        self._tried: tuple[str, int] = ("", 0)
        """The subject of a digest, and how often it was tried to make it."""
        self._explained: int | None = None
        """The log's head when exceptions were last looked for."""

    async def run(self) -> None:
        """Fold the demand state once a local day; the first time at the start."""
        swept: object = None
        while True:
            shop = self._app.queries.shop()
            if not shop.opened:
                await asyncio.sleep(1)
                continue
            today = local_date(self._app.queries.present(shop), shop.tz)
            if today != swept:
                await asyncio.to_thread(self._app.sweep)
                swept = today
                self.swept.set()
                await digest.tell_older(self._app)
                await self._tidy()
            await self.wake_snoozed()
            await self._exceptions()
            if local_date(self._app.queries.present(shop), shop.tz) == swept:
                await self._digest()  # Told is what today's sweep says, as the report does.
            self.looks += 1
            await asyncio.sleep(self.every)

    async def _tidy(self) -> None:
        """Let go of what the conversation does not need any more, a part at a time."""
        now = time_ns()

        def tidy(tx: Tx, answers: list[Answer], present: int) -> int:
            return let_go(tx, min(now, present))  # A told clock may stand far behind.

        while (await self._app.ledger.acommit(Submission([], then=tidy))).value:
            await asyncio.sleep(0.1)

    async def _exceptions(self) -> None:
        """Look for exceptions when something was recorded since the last look."""
        with self._app.database.snapshot() as tx:
            head = self._app.database.head(tx)
        if head != self._explained:
            await notices.tell_exceptions(self._app)
            await told_lists.settle(self._app, self._explained)
            self._explained = head

    async def _digest(self) -> None:
        """Send the digest of the day once its hour has come."""
        subject = digest.subject_of(self._app)
        if subject is None or subject == self._digested:
            return
        if self._tried[0] != subject:
            self._tried = (subject, 0)
        self._tried = (subject, self._tried[1] + 1)
        if not digest.is_made(self._app, subject):
            try:
                body, found = await asyncio.to_thread(self._morning)
                await digest.make(self._app, subject, body)
                await notices.tell_day(self._app, found)
                await self.wake_snoozed(morning=True)
            except StoreError:
                self._tried = (subject, 0)  # An outage is no try: it ends.
                raise
            except Exception:
                if self._tried[1] >= MOST_MORNINGS:  # It fails of itself; tomorrow is another day.
                    self._digested = subject
                raise
        self._digested = subject

    def _morning(self) -> tuple[Row, dict[str, list[Row]]]:
        """Return what the digest says, and what else is told, of one look at the shop."""
        from jitledger_projections.reports.morning import Morning

        seen = Morning(self._app.look())
        return digest.gather(self._app, seen), notices.gather_day(self._app, seen)

    async def wake_snoozed(self, *, morning: bool = False) -> None:
        """Tell again of alerts whose snooze is over; in the morning of those that cannot wait."""
        now = self._app.queries.present()
        with self._app.database.snapshot() as tx:
            if not (is_any_snoozed(tx) if morning else is_snooze_over(tx, now)):
                return
        from jitledger_projections.reports.ordering.reorder_line import as_shape

        due = await asyncio.to_thread(self._app.reorder)
        lines = {(x.sku, x.location): as_shape(x) for x in due}
        today = self._app.today()

        def wake(tx: Tx, answers: list[Answer], present: int) -> int:
            return wake_snoozed(tx, now, lines, today)

        await self._app.ledger.acommit(Submission([], then=wake))
