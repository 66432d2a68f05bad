"""Alerts that wait are told with the figures of the reorder report at that moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import orjson

from jitledger.bootstrap import App
from jitledger.domain.errors import LedgerError
from jitledger.service.alerts.reported import as_reported
from jitledger_bot.memory.outgoing import Waiting

log = logging.getLogger(__name__)

ALERT = "alert"


async def with_the_reports_figures(app: App, pushes: Sequence[Waiting]) -> list[Waiting]:
    """Return pushes, the alerts among them as the report has them; one it knows not stays.

    Computed beside the event loop and outside of any lock. Should the report fail, the alerts are
    told as they were raised.
    """
    if not any(push.kind == ALERT for push in pushes):
        return list(pushes)
    try:
        return await asyncio.to_thread(_reported, app, pushes)
    except LedgerError:
        raise
    except Exception:
        log.exception("alerts are told without the report")
        return list(pushes)


def _reported(app: App, pushes: Sequence[Waiting]) -> list[Waiting]:
    from jitledger_projections.reports.ordering.reorder_line import as_shape

    lines = {(line.sku, line.location): as_shape(line) for line in app.reorder()}
    found = []
    for push in pushes:
        body = orjson.loads(push.body) if push.kind == ALERT else {}
        line = lines.get((str(body.get("sku")), body.get("location")))
        if line is not None:
            push = push._replace(body=orjson.dumps(as_reported(line, body)).decode())
        found.append(push)
    return found
