"""What two readers that agree may still have read wrongly: the last look at each fact of a line.

Each check is small, knows the line's words and the fact, and returns why the line is asked, or
None. What a check asks about was recorded wrongly once; it stands for its class.
"""

from __future__ import annotations

from collections.abc import Callable

from jitledger_bot.desk import Desk
from jitledger_bot.reading import Places, Reading
from jitledger_bot.reading.phrases import plain
from jitledger_bot.recording.found import find
from jitledger_bot.recording.guard.counted import (
    a_price_for_a_number,
    beside_its_pack,
    half_a_pair,
    part_payment,
)
from jitledger_bot.recording.guard.happened import (
    a_sum,
    asks_back,
    both_ways,
    none_at_all,
    now_as_before,
    of_a_day,
    on_condition,
    taken_back,
    there_is_a_delivery,
)
from jitledger_bot.recording.guard.kind import another_kind
from jitledger_bot.recording.guard.looked import Looked
from jitledger_bot.recording.guard.whose import (
    another_branch,
    another_shop,
    back_to_somebody,
    for_somebody,
    got_by,
    in_passing,
    others_goods,
    others_sale,
    taken_away,
)
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import recorded

__all__ = ["doubt"]

CHECKS: tuple[Callable[[Looked], str | None], ...] = (
    taken_back,
    asks_back,
    a_sum,
    in_passing,
    half_a_pair,
    of_a_day,
    others_goods,
    others_sale,
    got_by,
    taken_away,
    back_to_somebody,
    none_at_all,
    on_condition,
    both_ways,
    now_as_before,
    another_branch,
    another_shop,
    a_price_for_a_number,
    part_payment,
    there_is_a_delivery,
    for_somebody,
    another_kind,
)

PLAIN = 3
"""Words of a line that holds a verb, a number and a product, and nothing to look at again."""


def doubt(
    fact: Reading, line: str, desk: Desk, places: Places, kinds: tuple[str, ...]
) -> str | None:
    """Return why a fact must be asked about before it is recorded; None where nothing says so.

    ``kinds`` is what all facts of its line say that happened.
    """
    if not fact.is_fact:
        return None
    found, pack, read = find(fact, desk)
    if found.exact is None:
        return None
    words = line.split()
    norm = [plain(word) for word in words]
    looked = Looked(read, found.exact.sku, norm, words, kinds, desk, places)
    plainly = len(words) <= PLAIN and fact.under is None and pack is None
    for check in (a_price_for_a_number,) if plainly else CHECKS:
        problem = check(looked)
        if problem is not None:
            return _(problem)
    return _(recorded.WHICH_PACKS) if pack and not beside_its_pack(looked, pack) else None
