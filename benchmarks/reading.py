"""Reading: how much of the corpus is read right, and how much of it would be recorded wrongly.

``messages.txt``, ``more.txt`` and ``never.txt`` (of which nothing may be recorded) were used to
develop the reading; ``untouched.txt`` was written by somebody else beforehand and never tuned on.
All are put through the bot's own reading against a real catalog.
"""

from __future__ import annotations

import sys
from pathlib import Path

from common import Result, machine, show

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.bot.corpus import judge_file

LIMITS = {"messages.txt": 0.98, "more.txt": 0.98, "never.txt": 0.98, "untouched.txt": 0.95}


def run() -> list[Result]:
    """Judge both files."""
    found = []
    for name, limit in (
        ("messages.txt", 0.98),
        ("more.txt", 0.95),
        ("never.txt", 0.98),
        ("untouched.txt", 0.95),
    ):
        results = judge_file(name)
        right = sum(r.right for r in results) / len(results)
        wrong = sum(r.wrong for r in results)
        found.append(
            Result(f"messages read right, {name}", f"{right:.1%}", f"{limit:.0%}", right >= limit)
        )
        found.append(Result(f"recorded wrongly, {name}", str(wrong), "0", wrong == 0))
    return found


if __name__ == "__main__":
    print(machine())
    show(run())
