"""Any two products, verbs and quantities in one message: exactly these facts, or a question."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.bot.cases import Shop, build

NAMES = {
    "MUG-B": "blue mug",
    "MUG-R": "red mug",
    "VASE": "glass vase",
    "TEA-G": "green tea",
    "TASSE": "weiße tasse",
    "KERZE-W": "weiße kerze",
    "PLATE": "dinner plate",
}
VERBS = {
    "en": {"sold": "sell", "received": "receive", "counted": "count", "broke": "write-off"},
    "de": {"verkauft": "sell", "bekommen": "receive", "gezählt": "count"},
}
JOINED = (" and ", ", ", " + ", " & ", " plus ", " with ", "\n", "; ", " und ", " samt ", " mit ")
SHAPES = (
    "{v} {n} {p}{c}{m} {q}",
    "{v} {p} {n}{c}{q} {m}",
    "{n} {p}{c}{m} {q} {v}",
    "{n} {p} {v}{c}{m} {q}",
    "{v} {n} {p}{c}{w} {m} {q}",
    "{n} {p} {v}{c}{m} {q} {w}",
)


@dataclass(frozen=True)
class Said:
    """A message and what it says."""

    text: str
    facts: frozenset[str]
    german: bool


@st.composite
def messages(draw: st.DrawFn) -> Said:
    """Make a message of two facts."""
    language = draw(st.sampled_from(["en", "de"]))
    verbs = VERBS[language]
    v, w = draw(st.sampled_from(sorted(verbs))), draw(st.sampled_from(sorted(verbs)))
    p, q = draw(st.permutations(sorted(NAMES)).map(lambda names: names[:2]))
    n, m = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    shape = draw(st.sampled_from(SHAPES))
    second = verbs[w] if "{w}" in shape else verbs[v]
    text = shape.format(v=v, w=w, n=n, m=m, p=NAMES[p], q=NAMES[q], c=draw(st.sampled_from(JOINED)))
    facts = frozenset({f"{verbs[v]} {p} {n}", f"{second} {q} {m}"})
    return Said(text, facts, language == "de")


@pytest.fixture(scope="module")
def templates() -> Iterator[tuple[Path, Path, Path]]:
    """Make the shop of the cases once."""
    with tempfile.TemporaryDirectory() as folder:
        english, german = build(Path(folder))
        yield english, german, Path(folder) / "one.db"


TWICE = frozenset({"write-off MUG-R 1", "write-off MUG-B 1"})


@pytest.mark.slow
@given(said=messages())
@example(said=Said("1 red mug broke plus 1 blue mug broke", TWICE, german=False))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_exactly_these_facts_or_a_question(templates: tuple[Path, Path, Path], said: Said) -> None:
    """What is recorded is what was said; where it is not all of it, the rest is asked about."""
    english, german, path = templates
    shutil.copy(german if said.german else english, path)
    shop = Shop(path, german=said.german)
    try:
        head = shop.head()
        answer = asyncio.run(shop.say(said.text))
        recorded = shop.recorded(head)
    finally:
        shop.close()
    found = {" ".join(fact.split()[:3]) for fact in recorded}
    assert found <= said.facts, said
    if found != said.facts:
        assert "✗" in answer or "?" in answer or "nicht verstanden" in answer, (said, answer)
