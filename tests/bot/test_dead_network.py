"""A database behind a network that says nothing any more: the bot goes on hearing, and ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.bot.conftest import open_chat

pytestmark = pytest.mark.slow


class Line:
    """A line to a PostgreSQL server that can fall silent: what is sent is taken, nothing comes."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.silent = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listening.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                while self.silent.is_set():
                    time.sleep(0.01)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Cut every connection."""
        self.silent.clear()
        for end in (self._listening, *self._ends):
            end.close()


@pytest.fixture
def line(postgres_url: str) -> Iterator[Line]:
    """Open a line to the tests' server."""
    folder = parse_qs(urlsplit(postgres_url).query)["host"][0]
    found = Line(f"{folder}/.s.PGSQL.5432")
    yield found
    found.close()


def address(line: Line, schema: str) -> str:
    """Return the address of a shop at the other end of a line."""
    there = f"postgresql://postgres@127.0.0.1:{line.port}/postgres"
    return f"{there}?sslmode=disable&options=-csearch_path%3D{schema}"


async def longest_pause(seconds: float) -> float:
    """Return how long this loop stood still at most."""
    longest, last = 0.0, time.monotonic()
    end = last + seconds
    while last < end:
        await asyncio.sleep(0.01)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    return longest


async def test_a_silent_database_stops_no_loop(line: Line) -> None:
    """While it says nothing the loop turns; what was said meanwhile is recorded once, after."""
    chat = await open_chat(address(line, "dead_network"))
    (answer,) = await chat.say("sold 2 mug")
    assert "On hand <b>18</b>" in answer["html"] or "On hand 18" in answer["text"]
    line.silent.set()
    for text in ("stock mug", "sold 3 mug", "what needs reordering?"):
        chat.sandbox.say(1001, text)
    assert await longest_pause(3.0) < 0.5
    line.silent.clear()
    for _ in range(1000):
        if await asyncio.to_thread(chat.on_hand) == "15" and await asyncio.to_thread(chat.idle):
            break
        await asyncio.sleep(0.01)
    assert await asyncio.to_thread(chat.on_hand) == "15"
    await chat.runner.stop()
    await chat.server.close()
    chat.app.close()


async def test_a_bot_ends_though_its_database_says_nothing(line: Line) -> None:
    """Asked to end it does so within seconds; nobody waits for a server that is gone."""
    chat = await open_chat(address(line, "dead_end"))
    line.silent.set()
    chat.sandbox.say(1001, "sold 3 mug")
    await asyncio.sleep(0.5)
    began = time.monotonic()
    await chat.runner.stop()
    await chat.server.close()
    await asyncio.to_thread(chat.app.close)
    assert time.monotonic() - began < 20
