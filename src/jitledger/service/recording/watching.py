"""Who looks at what an append changed, under the lock, and adds what follows (alerts)."""

from __future__ import annotations

from typing import Protocol

from jitledger.domain.decisions import Draft
from jitledger.domain.errors import LedgerError
from jitledger.service.cache import Cache
from jitledger.service.recording.recorder import given_of
from jitledger.service.recording.submission import Append
from jitledger.store.codec import encode_given
from jitledger.store.database import Tx, savepoint

ALERTS = "alerts"
"""Under this name alerts that failed stand among the projections, until the next sweep."""


class Watcher(Protocol):
    """Looks at the items an append changed, under the lock (reorder alerts)."""

    def drafts(self, tx: Tx, cache: Cache, append: Append) -> list[Draft]:
        """Return the drafts of alerts that follow from an append; may write rows."""

    def forget(self) -> None:
        """Forget what was read in a transaction that did not end well."""


class WatcherFailed(Exception):
    """The watcher raised during an append that was not prepared for it."""


def watch(watcher: Watcher, tx: Tx, cache: Cache, append: Append) -> None:
    """Let the watcher add its alerts; its failure costs the alert, never the entry."""
    drafts: list[Draft] = []
    try:
        if append.careful:
            with savepoint(tx, "watcher"):
                drafts = watcher.drafts(tx, cache, append)
        else:
            drafts = watcher.drafts(tx, cache, append)
    except LedgerError:
        raise
    except Exception as error:
        if not append.careful:
            raise WatcherFailed from error
        text = f"{type(error).__name__}: {error}"[:500]
        tx.execute(
            "INSERT INTO projections VALUES (?, 0, 0, 'stopped', ?) "
            "ON CONFLICT (name) DO UPDATE SET status = 'stopped', error = excluded.error",
            (ALERTS, text),
        )
        return
    versions = append.alert_versions
    for draft in drafts:
        version = 1 + (versions.get(draft.stream) or cache.version_of(draft.stream))
        versions[draft.stream] = version
        body = encode_given(draft.event, given_of(draft, append.stamp, {"channel": "system"}))
        append.events.append((draft.stream, version, draft.event.name, body))
