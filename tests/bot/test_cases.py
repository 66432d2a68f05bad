"""The cases: what people type, in a fresh shop each, and what the first tap then records.

`cases.txt` was there when the reading was made. The unseen sets were written by people who did not
know it, and were mended after they had been measured: a new set tells how good the reading is.
`once-*.txt` holds what a reader recorded wrongly who looked for such: it must be asked.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.cases import CASES, run

OFFERED = {
    "mugs, 3 sold",
    "sold 4 white candles",
    "3 pesto sold",
    "2 bottles of olive oil sold just now",
    "honey 2 sold",
    "2 Senf verkauft",
    "1 mittelscharfer Senf verkauft",
    "sold 2 kg gouda",
    "sold 2 olive oil",
    "3 chocolates sold",
    "sold a jam",
    "sold 6 glasses",
    "sold 1 bottle olive oil 21 eur",
    "2 olivenöl verkauft",
    "sold 19 m garden hose",
    "received 4 cartons dog treats",
    "sold 2 led bulbs",
    "sold 10 m rope",
    "3 brushes sold",
    "3 LED bulb verkauft",
    "2 kg nails verkauft",
    "sold 4 sunflower",
    "sold 3 blue mugs and a tea",
    "sold 3 clay pots",
    "hi! quick summary 😊\n- 2 x small building blocks sold\n- 1 x notebook sold",
}
"""Words that fit several products: whoever taps has chosen one."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cases", "at_once"),
    [
        ("cases", 240, 95),
        ("unseen", 150, 81),
        ("unseen2", 150, 98),
        ("unseen3", 300, 204),
        ("unseen4", 300, 201),
        ("unseen5", 300, 204),
        ("unseen6", 300, 187),
        ("unseen7", 300, 187),
        ("unseen8", 300, 181),
        ("unseen9", 200, 116),
        ("unseen10", 200, 89),
        ("unseen11", 200, 44),
        ("unseen12", 150, 24),
        ("unseen13", 200, 110),
        ("once-bike", 244, 0),
        ("once-mug", 93, 0),
        ("once-toy", 24, 17),
    ],
)
def test_every_case_is_read_rightly(name: str, cases: int, at_once: int) -> None:
    """None is recorded wrongly, by itself or by a tap; so many as best read, and it only rises."""
    results = run(Path(CASES.parent) / f"{name}.txt")
    assert len(results) == cases
    assert [came.case.text for came in results if came.wrong and came.recorded] == []
    assert {came.case.text for came in results if came.tap_wrong} <= OFFERED
    if name == "cases":
        assert [came.case.text for came in results if came.wrong] == []
    assert sum(came.best for came in results if came.case.best) >= at_once
