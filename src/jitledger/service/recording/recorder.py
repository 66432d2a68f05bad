"""Drafts become entries: made an event, folded into the cache, and what they changed is noted."""

from __future__ import annotations

from jitledger.domain.decisions import Draft
from jitledger.domain.events import ReorderAlertSnoozed
from jitledger.domain.names import ALERT_STREAM, ORDER_STREAM, SHOP_STREAM, SKU_STREAM, entry_name
from jitledger.domain.state.order import Entry
from jitledger.domain.state.quantities import open_exceptions
from jitledger.domain.state.stock_item import StockItem
from jitledger.service.cache import Cache
from jitledger.service.recording.submission import Append
from jitledger.service.streams import Change
from jitledger.store.codec import check_given, encode_given

_PREFIX = len(SKU_STREAM)


class Recorder:
    """Records the drafts of an append."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def record(self, append: Append, draft: Draft, stamp: int, envelope: dict[str, object]) -> str:
        """Make a draft an event, fold it into the cache and remember what changed."""
        stream = draft.stream
        if stream.startswith(SKU_STREAM):
            item = self._cache.item(stream[_PREFIX:])
            entry = self._enter(append, draft, item.version + 1, stamp, envelope)
            self._fold_item(append, stream, item, entry)
            return entry_name(item.sku, entry[0])
        entry = self._enter(append, draft, self._cache.version_of(stream) + 1, stamp, envelope)
        self._fold(append, stream, entry)
        return entry_name(stream, entry[0])

    def _enter(
        self, append: Append, draft: Draft, version: int, stamp: int, envelope: dict[str, object]
    ) -> Entry:
        given = given_of(draft, stamp, envelope)
        event = check_given(draft.event, given)
        append.events.append((draft.stream, version, event.name, encode_given(draft.event, given)))
        if draft.effective_at > append.highest:
            append.highest = draft.effective_at
        return version, event

    def _fold_item(self, append: Append, stream: str, item: StockItem, entry: Entry) -> None:
        changes = append.changes
        change = changes.get(stream)
        if change is None:
            excepted = bool(open_exceptions(item))
            change = changes[stream] = Change(stream, False, was_excepted=excepted)
        change.item, in_order = self._cache.apply_to_item(item.sku, entry)
        change.entries.append(entry)
        if not in_order:
            change.whole = True

    def _fold(self, append: Append, stream: str, entry: Entry) -> None:
        if stream.startswith(ALERT_STREAM):
            if isinstance(entry[1], ReorderAlertSnoozed):
                append.snoozed[stream[len(ALERT_STREAM) :]] = entry[1].until
            return
        before: list[str] = []
        if stream.startswith(ORDER_STREAM):
            known = self._cache.order(stream[len(ORDER_STREAM) :])
            before = [] if known is None else [line.sku for line in known.lines]
        self._cache.apply(stream, entry)
        change = append.changes.get(stream)
        if change is None:
            change = append.changes[stream] = Change(stream, False)
        change.entries.append(entry)
        if stream.startswith(ORDER_STREAM):
            change.order = self._cache.order(stream[len(ORDER_STREAM) :])
            assert change.order is not None
            append.ordered.update(before)  # A draft written anew may have lost some.
            append.ordered.update(line.sku for line in change.order.lines)
        elif stream != SHOP_STREAM:
            change.supplier = self._cache.supplier(stream.partition("/")[2])


def given_of(draft: Draft, stamp: int, envelope: dict[str, object]) -> dict[str, object]:
    """Return a draft's fields as they are recorded; what is absent takes its default."""
    given = {"recorded_at": stamp, "effective_at": draft.effective_at, **envelope}
    given |= {name: value for name, value in draft.fields.items() if value is not None}
    if draft.occurred_on is not None:
        given["occurred_on"] = draft.occurred_on
    return given
