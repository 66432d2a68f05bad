"""The morning's look: reports that are told once a day, all of one moment."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from jitledger.service.views.bunches import without_collector
from jitledger_projections.reports.look import Look
from jitledger_projections.reports.table import all_reports

log = logging.getLogger(__name__)


class Morning:
    """The reports of a morning: each is made when it is first asked for, and once."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self._rows: dict[str, Sequence[object]] = {}

    def rows(self, name: str) -> Sequence[Any]:
        """Return the rows of a report, none while the shop does not want them told.

        The failure of one is logged and leaves the others alone; that of the plan is everybody's.
        """
        found = self._rows.get(name)
        if found is None:
            report = all_reports()[name]
            found = self._rows[name] = self._ask(name) if report.told_if(self.look) else []
        return found

    def _ask(self, name: str) -> Sequence[Any]:
        with without_collector():
            _ = self.look.plan
            try:
                return all_reports()[name].ask(self.look)
            except Exception:
                log.exception("the morning's look at %s failed", name)
                return []
