"""Reading, by the corpus: messages with their expected readings, in files anyone can extend."""

from __future__ import annotations

import pytest

from tests.bot.corpus import FOLDER, blocks, judge_file

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("messages.txt", 0.98),
        ("more.txt", 0.93),
        ("never.txt", 0.98),
        ("traps.txt", 0.99),
        ("fresh.txt", 0.79),
        ("untouched.txt", 0.95),
    ],
)
def test_the_corpus_is_read(name: str, share: float) -> None:
    """So many messages are read right; what is read otherwise is asked, not recorded wrongly."""
    results = judge_file(name)
    unread = [r for r in results if not r.right]
    assert len(unread) <= (1 - share) * len(results), unread[:5]
    assert not [r for r in results if r.wrong]


def test_the_corpus_is_large_enough() -> None:
    """At least 400 messages to develop with and 150 that nobody tuned on, none twice in a file."""
    known = [blocks(FOLDER / name) for name in ("messages.txt", "more.txt")]
    untouched = blocks(FOLDER / "untouched.txt")
    assert sum(map(len, known)) >= 400
    assert len(untouched) >= 150
    for listed in (*known, untouched):
        assert len({block.text for block in listed}) == len(listed)


def test_every_language_orders_its_verbs_alike() -> None:
    """What a line means first is a matter of the kinds of verbs, not of the language."""
    import tomllib
    from pathlib import Path

    import jitledger_bot.reading

    folder = Path(jitledger_bot.reading.__file__).parent / "phrases"
    orders = {
        file.stem: list(tomllib.loads(file.read_text())["verbs"]) for file in folder.iterdir()
    }
    assert len(orders) > 1
    assert len({tuple(order) for order in orders.values()}) == 1
