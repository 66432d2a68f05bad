"""Every push can be acted upon where it is read."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from jitledger_bot.access import PUSHES, Receiver, Wishes
from jitledger_bot.memory.proposals import load_proposal
from jitledger_bot.press import ACTIONS
from jitledger_bot.telling.pushes import pushed
from jitledger_bot.texts.language import Voice, speaking
from tests.bot.conftest import OWNER, Chat

MUG = {"sku": "MUG", "name": "Blue mug", "location": "main", "quantity": "3"}
OTHER = {**MUG, "sku": "RED-MUG", "name": "Red mug"}
DATA: dict[str, dict[str, Any]] = {
    "alert": {**MUG, "inventory_position": "3", "reorder_point": "5"},
    "runout": {
        "items": [
            {**MUG, "on_hand": "3", "likely": "2026-03-09"},
            {**OTHER, "on_hand": "1", "likely": "2026-03-08"},
        ]
    },
    "late": {"orders": [{"po": "PO-1", "supplier": "Acme", "days": 2, "waiting": "3 × MUG"}]},
    "promise": {"promises": [{**MUG, "order": "W-1", "due": None}]},
    "phantom": {"items": [{**MUG, "on_hand": "3", "days": 12}]},
    "drift": {"items": [{**MUG, "before": "2.0", "recent": "6.1"}]},
    "margin": {
        "items": [
            {
                **MUG,
                "cost": "4",
                "price": "5",
                "margin": "20.0%",
                "restoring": "5.80",
                "currency": "EUR",
                "orders": [],
            }
        ]
    },
    "buy-ahead": {
        "items": [
            {
                **MUG,
                "supplier": "ACME",
                "cost": "4",
                "new_cost": "5",
                "starts": "2026-04-01",
                "saves": "3.00",
                "currency": "EUR",
            }
        ]
    },
    "exception": MUG,
    "expiry": {"lots": [{**MUG, "expiry": "2026-03-09"}, {**MUG, "expiry": "2026-03-10"}]},
    "digest": {
        "day": "2026-03-06",
        "reorder": [{**MUG, "suggested_qty": "24", "supplier": "ACME"}],
        "reorder_count": 1,
        "run_out": [{**MUG, "earliest": "2026-03-09"}],
        "run_out_count": 1,
        "exceptions": [{**OTHER, "code": "negative-stock", "quantity": "-1"}],
        "exceptions_count": 1,
        "seal": None,
    },
    "import-summary": {"count": 1, "skus": ["MUG"]},
}
ROWS = {"runout": 2, "expiry": 1, "digest": 3}
"""A row for each product; in the digest for each supplier, both lists, what is below zero."""


@pytest.mark.parametrize("kind", PUSHES)
async def test_a_push_has_buttons_that_stand_for_something(chat: Chat, kind: str) -> None:
    """Its buttons are known actions with a stored proposal, in every language."""
    to = Receiver(OWNER, Voice(), Wishes(frozenset()))
    for language in ("en", "de"):
        with speaking(Voice(language)), chat.app.database.transaction() as tx:
            chat.app.database.lock(tx)
            body = pushed(tx, kind, DATA[kind], to, chat.clock.at)
            rows = orjson.loads(orjson.dumps(body["reply_markup"]))["inline_keyboard"]
            assert len(rows) == ROWS.get(kind, len(rows))
            for button in (button for row in rows for button in row):
                action, stored = button["callback_data"].split(".")[:2]
                assert action in ACTIONS
                assert load_proposal(tx, stored) is not None
                assert button["text"].strip()
