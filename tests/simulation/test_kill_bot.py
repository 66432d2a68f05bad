"""The bot killed with kill -9 over a stream of messages: nothing lost, nothing twice."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.simulation.kill_bot import run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
async def test_killed_over_a_stream_of_messages(tmp_path: Path, webhook: bool) -> None:
    """Every message is recorded exactly once and answered at least once; the seals are clean."""
    port = 0
    if webhook:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    outcome = await run(2, 60, seed=11, folder=tmp_path, hook=port)
    assert outcome.kills == 2
    assert (outcome.lost, outcome.doubled, outcome.unanswered) == (0, 0, 0), outcome
    assert outcome.clean
