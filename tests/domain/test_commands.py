"""Commands: every event has one, bad input gets a code and a sentence."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitledger.domain import decisions
from jitledger.domain.commands import COMMANDS, NOT_YET, parse, payload_of
from jitledger.domain.errors import LedgerError, Refused
from jitledger.domain.events import EVENTS
from jitledger.domain.quantity import parse_decimal, show

# Events that the ledger makes by itself, and those whose command comes with a later feature.
BY_ITSELF = {"reorder-alert-raised", "reorder-alert-resolved", "reorder-alert-retracted"}
LATER = {"landed-cost-added": "landed-cost", "period-locked": "lock-period"}


def test_every_event_has_its_command() -> None:
    """Each stored name is made by a decision, by alerts, or by a command named as not built."""
    folder = Path(next(iter(decisions.__path__)))
    source = "".join(room.read_text(encoding="utf-8") for room in folder.glob("*.py"))
    for name, event in EVENTS.items():
        if name in BY_ITSELF:
            continue
        if name in LATER:
            assert LATER[name] in NOT_YET
            continue
        assert f"e.{event.__name__}" in source, f"no command makes {name}"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"do": "sell"}, "missing-field"),
        ({"sku": "MUG"}, "missing-field"),
        ({"do": "fly"}, "unknown-command"),
        ({"do": ["sell"]}, "unknown-command"),
        ({"do": "sell", "sku": "MUG", "qty": "1", "colour": "red"}, "unknown-field"),
        ({"do": "sell", "sku": "MUG", "qty": "1e309"}, "bad-value"),
        ({"do": "sell", "sku": "MUG", "qty": "-0"}, "not-positive"),
        ({"do": "sell", "sku": "MUG", "qty": "0"}, "not-positive"),
        ({"do": "sell", "sku": "MUG", "qty": "1" + "0" * 30}, "bad-value"),
        ({"do": "sell", "sku": "MUG", "qty": True}, "bad-value"),
        ({"do": "sell", "sku": "", "qty": "1"}, "bad-value"),
        ({"do": "sell", "sku": "A\x00B", "qty": "1"}, "bad-value"),
        ({"do": "sell", "sku": "M" * 65, "qty": "1"}, "bad-value"),
        ({"do": "adjust", "sku": "MUG", "delta": "-2", "reason": "magic"}, "bad-value"),
        ({"do": "register", "sku": "MUG", "precision": 4}, "bad-value"),
        ({"do": "lock-period"}, "not-built"),
        ({"do": "order", "po": "P1"}, "missing-field"),
        ([], "bad-json"),
        (None, "bad-json"),
    ],
)
def test_a_bad_line_gets_a_code(line: Any, code: str) -> None:
    """What cannot be read is refused with a code and a sentence, never another exception."""
    with pytest.raises(Refused) as refused:
        parse(line)
    assert refused.value.code == code
    assert len(refused.value.message) > 10


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(COMMANDS)), st.data())
def test_no_fields_crash_a_command(do: str, data: st.DataObject) -> None:
    """Any values in any fields: a command or a refusal."""
    names = [f.alias or n for n, f in COMMANDS[do].model_fields.items()]
    fields = data.draw(st.dictionaries(st.sampled_from(names), json_values))
    try:
        parse({"do": do, **fields})
    except LedgerError as error:
        assert error.message


@given(st.text(max_size=30))
def test_any_text_as_a_number(text: str) -> None:
    """A number is read exactly or refused; it never becomes a float."""
    try:
        number = parse_decimal("qty", text)
    except Refused:
        return
    assert Decimal(show(number)) == Decimal(text.strip())


def test_the_payload_is_the_command_without_its_recording() -> None:
    """Field order, key, now and force do not change what a key stands for; the rest does."""
    one = parse({"do": "sell", "sku": "MUG", "qty": "2", "key": "k", "now": "2026-03-01T09:00:00Z"})
    two = parse({"qty": "2.0", "sku": "MUG", "do": "sell", "key": "other", "force": True})
    other = parse({"do": "sell", "sku": "MUG", "qty": "3"})
    assert payload_of(one) == payload_of(two)
    assert payload_of(one) != payload_of(other)
    assert len(payload_of(one)) == 32
    assert orjson.dumps(one.model_dump(mode="json"))


def test_every_command_has_one_decision() -> None:
    """What can be asked can be decided; a fact is decided as a fact, and nothing else is."""
    from jitledger.domain.commands import COMMANDS, Fact
    from jitledger.domain.decisions.decide import ROOMS
    from jitledger.domain.decisions.ground import DECISIONS, FACTS

    assert ROOMS
    assert DECISIONS.keys() | FACTS.keys() == set(COMMANDS.values())
    assert not DECISIONS.keys() & FACTS.keys()
    assert all(issubclass(command, Fact) for command in FACTS)
