"""Reading: how much of the corpus is read right, and how much of it would be recorded wrongly.

``messages.txt``, ``more.txt`` and ``never.txt`` (of which nothing may be recorded) were used to
develop the reading; ``untouched.txt`` was written by somebody else beforehand and never tuned on,
but for one message, the only one of it that was read wrongly before.
``traps.txt`` and ``fresh.txt`` hold what readers get wrong: what is not understood must be asked.
All are put through the bot's own reading against a real catalog.
"""

from __future__ import annotations

import sys
from pathlib import Path

from common import Result, machine, show

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.bot.corpus import judge_file

DEVELOPED_WITH = ("messages.txt", "more.txt", "never.txt")
UNTOUCHED = ("untouched.txt",)
TRAPS = ("traps.txt", "fresh.txt")


def run() -> list[Result]:
    """Judge what the reading was developed with, and what nobody tuned on."""
    found = []
    for what, names, limit in (
        ("developed with", DEVELOPED_WITH, 0.98),
        ("untouched", UNTOUCHED, 0.95),
    ):
        results = [result for name in names for result in judge_file(name)]
        right = sum(r.right for r in results) / len(results)
        wrong = sum(r.wrong for r in results)
        title = f"of {len(results)} messages {what}"
        found.append(Result(f"{title}, read right", f"{right:.1%}", f"{limit:.0%}", right >= limit))
        found.append(Result(f"{title}, recorded wrongly", str(wrong), "0", wrong == 0))
    traps = [result for name in TRAPS for result in judge_file(name)]
    wrong = sum(r.wrong for r in traps)
    found.append(Result(f"of {len(traps)} traps, recorded wrongly", str(wrong), "0", wrong == 0))
    return found


if __name__ == "__main__":
    print(machine())
    show(run())
