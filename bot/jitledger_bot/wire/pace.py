"""Telegram's pace for what is sent unasked."""

from __future__ import annotations

from collections import defaultdict, deque

OVERALL_PER_SECOND = 30
GROUP_PER_MINUTE = 20


class Pace:
    """Telegram's pace for pushes."""

    def __init__(self) -> None:
        self.pause = 1.0
        """Seconds between two pushes to one chat."""
        self._overall: deque[float] = deque(maxlen=OVERALL_PER_SECOND)
        self._chats: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=GROUP_PER_MINUTE))

    def wait_for(self, chat_id: int, now: float) -> float:
        """Return how many seconds a push to a chat has to wait."""
        waits = [0.0]
        if len(self._overall) == OVERALL_PER_SECOND:
            waits.append(self._overall[0] + 1.0 - now)
        sent = self._chats[chat_id]
        if sent:
            waits.append(sent[-1] + self.pause - now)
        if chat_id < 0 and len(sent) == GROUP_PER_MINUTE:
            waits.append(sent[0] + 60.0 - now)
        return max(waits)

    def sent(self, chat_id: int, now: float) -> None:
        """Note that a push went out."""
        self._overall.append(now)
        self._chats[chat_id].append(now)
