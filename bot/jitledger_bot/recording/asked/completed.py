"""A message with the products' whole names in place of a part of them: "2 rioja for 20".

A part of a name that only one product has, or one a letter away, is a guess: nothing is recorded
from it. But when the message with the whole name is understood to its last word, all it says is
offered with one button, instead of a question about words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from jitledger.domain.names import split_entry
from jitledger.domain.state.shop import Shop
from jitledger.service.recording.submission import Answer
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.memory.aliases import confirm
from jitledger_bot.memory.proposals import store_proposal
from jitledger_bot.memory.resolve import Candidate
from jitledger_bot.reading import Places, Reading
from jitledger_bot.reading.phrases import phrases, plain
from jitledger_bot.reading.tails import CURRENCIES
from jitledger_bot.recording.asked.far import most_moved
from jitledger_bot.recording.left_over import DOUBTS, SMALL, all_named, kind_of, may_be_a_name
from jitledger_bot.recording.lines import Line
from jitledger_bot.recording.meaning import read
from jitledger_bot.recording.said import say_fact
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import recorded as say
from jitledger_bot.texts.say import shared
from jitledger_bot.texts.say import words as say_words
from jitledger_bot.turn import Outgoing, Turn

LONGEST = 4
"""Words of a part of a name."""

MOST_LETTERS, MOST_LINES = 400, 12
"""What is longer is no line at a counter."""

SHORTEST_WORD = 3

_NO_NAME = (*SMALL, *DOUBTS, "small_talk", "people", "customers", "there_is", "each", "totals",
            "times", "price", "taken_back", "polite", "documents", "sellers")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Completed:
    """A text with whole names, and {words as they were typed: SKU}."""

    text: str
    names: dict[str, str]


def offer_completed(
    text: str,
    sent_at: datetime,
    prefix: str,
    turn: Turn,
    desk: Desk,
    shop: Shop,
    into: Callable[[Sequence[Reading]], list[Line]],
    lines: Sequence[Line],
) -> bool:
    """Offer all a message says with whole names in it; False when that does not read well.

    A line whose product alone is asked keeps its own question.
    """
    whole = completed(text, desk, desk.places(shop))
    if whole is None:
        return False
    if lines and all(_asks_its_product(line, whole) for line in lines if line.ask is None):
        return False
    local = desk.said_at(sent_at, desk.app.queries.present(shop), shop)
    meant = into(read(whole.text, local, desk, shop))
    return offer_meant(whole, meant, sent_at, prefix, turn, desk)


def offer_meant(
    whole: Completed,
    meant: Sequence[Line],
    sent_at: datetime,
    prefix: str,
    turn: Turn,
    desk: Desk,
) -> bool:
    """Offer what was understood, to be recorded with one button; False where a part is open."""
    if not meant or any(one.ask is None or most_moved(one, desk) for one in meant):
        return False
    listed = [f"• {say_fact(one)}" for one in meant]
    body = {
        "text": whole.text,
        "sent": int(sent_at.timestamp()),
        "prefix": prefix,
        "said": "meant",
        "names": whole.names,
    }

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        stored = store_proposal(tx, turn.chat_id, turn.member, "again", body, now)
        keys = [(_(say.YES_RECORD_IT), f"y.{stored}"), (_(shared.NO), f"n.{stored}")]
        return [turn.message(texts.clip("\n".join([_(say.IS_IT_THIS), *listed])), [keys])]

    turn.render.append(render)
    return True


def ask_unsure(lines: Sequence[Line]) -> None:
    """Ask about lines that take something back, where they cannot be offered as a whole."""
    for line in lines:
        if line.reading.unsure and line.ask is not None:
            line.ask = None
            line.problem = _(say.A_PART_IS_NOT_CLEAR, words=line.reading.raw[:60])


def _asks_its_product(line: Line, whole: Completed) -> bool:
    """Return whether all that is asked of a line is which product a part of a name means."""
    typed = " ".join(plain(word) for word in line.reading.product.split())
    chosen = whole.names.get(typed)
    return line.problem is None and chosen in [sku for sku, _title in line.nearest]


def learn_names(names: dict[str, str], turn: Turn) -> None:
    """Note that a tap took these words for these products; two such taps make a name."""

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        entries = {split_entry(e)[0]: e for answer in answers if answer.ok for e in answer.entries}
        known = [
            words
            for words, sku in names.items()
            if sku in entries and may_be_a_name(words) and confirm(tx, words, sku, entries[sku])
        ]
        said = [_(say_words.LEARNED, name=texts.safe(words)) for words in known]
        return [turn.message("\n".join(said))] if said else []

    turn.render.append(render)


def completed(text: str, desk: Desk, places: Places) -> Completed | None:
    """Return a text with whole names in it; None when nothing in it is a part of one."""
    lines = text.split("\n")
    if len(text) > MOST_LETTERS or len(lines) > MOST_LINES:
        return None
    names: dict[str, str] = {}
    made = [_line(line.split(), desk, places, names) for line in lines]
    return Completed("\n".join(made), names) if names else None


def _line(words: Sequence[str], desk: Desk, places: Places, names: dict[str, str]) -> str:
    norm = [plain(word) for word in words]
    free = _free(norm, desk, places)
    made: list[str] = []
    place = 0
    while place < len(words):
        size, found = _longest(norm, place, _run(free, words, place), desk)
        if found is None:
            made.append(words[place])
            place += 1
            continue
        names[" ".join(norm[place : place + size])] = found.sku
        mark = words[place + size - 1][-1:]
        made.append(found.title + (mark if mark in ",;:.!" else ""))
        place += size
    return " ".join(made)


def _longest(
    norm: Sequence[str], place: int, length: int, desk: Desk
) -> tuple[int, Candidate | None]:
    """Return the longest run from a place on that is a part of one name, and whose."""
    for size in range(length, 0, -1):
        found = desk.resolver.partly(" ".join(norm[place : place + size]))
        if found is not None and set(norm).isdisjoint(_numbers_of(found.title)):
            return size, found
    return 0, None


def _numbers_of(title: str) -> set[str]:
    """Return the numbers in a name: "40" beside "Compost 40 l" may be its size."""
    return {plain(word) for word in title.split() if any(c.isdigit() for c in word)}


def _run(free: Sequence[bool], words: Sequence[str], place: int) -> int:
    """Return how many words from a place on may be of one name."""
    size = 0
    while size < LONGEST and place + size < len(words) and free[place + size]:
        size += 1
        if words[place + size - 1][-1:] in ",;:.!":
            break
    return size


def _free(norm: Sequence[str], desk: Desk, places: Places) -> list[bool]:
    """Return for each word whether it may be a part of a product's name, and of nothing else."""
    taken = set[int]()
    named = {tuple(map(plain, name.split())) for name in all_named([*norm, ""], desk).values()}
    for name in named:
        for at in range(len(norm) - len(name) + 1):
            if tuple(norm[at : at + len(name)]) == name:
                taken.update(range(at, at + len(name)))
    suppliers = {word for name in places.suppliers for word in name.split()}
    checks: list[Callable[[int], object]] = [
        lambda at: at in taken or len(norm[at]) < SHORTEST_WORD or not _is_word(norm[at]),
        lambda at: norm[at] in suppliers or places.location([norm[at]]) is not None,
        lambda at: kind_of(norm, at) is not None or norm[at] in CURRENCIES,
        partial(_is_said, norm),
    ]
    return [not any(check(at) for check in checks) for at in range(len(norm))]


def _is_word(word: str) -> bool:
    return word.replace("-", "").replace("'", "").isalpha()


def _is_said(norm: Sequence[str], at: int) -> bool:
    """Return whether a word is of the language, and no name: a verb, a day, small talk."""
    known = phrases()
    return bool(
        known.spoken.at(norm, at)
        or known.days.at(norm, at)
        or known.units.at(norm, at)
        or any(known.is_(kind, norm, at) for kind in _NO_NAME)
    )
