"""The bot killed with kill -9 over a stream of messages: nothing lost, nothing twice."""

from __future__ import annotations

from pathlib import Path

from tests.simulation.kill_bot import run


async def test_killed_over_a_stream_of_messages(tmp_path: Path) -> None:
    """Every message is recorded exactly once and answered at least once; the seals are clean."""
    outcome = await run(3, 80, seed=11, folder=tmp_path)
    assert outcome.kills == 3
    assert (outcome.lost, outcome.doubled, outcome.unanswered) == (0, 0, 0), outcome
    assert outcome.clean
