"""What is installed only when it is asked for, and the sentence where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jitledger.domain.errors import StoreError

MODULES = {
    "bot": frozenset({"aiogram", "aiohttp", "PIL", "rapidfuzz", "zxingcpp", "uvloop"}),
    "charts": frozenset({"matplotlib"}),
    "postgres": frozenset({"psycopg", "psycopg_pool"}),
}
"""The modules that each extra brings (``pyproject.toml``)."""


@contextmanager
def extra(name: str, what: str) -> Iterator[None]:
    """Name the extra that is missing where something of it is imported.

    Raises ``not-installed``: ``The bot needs an extra: pip install 'jitledger[bot]'``.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in MODULES[name]:
            raise
        raise StoreError(
            "not-installed",
            f"{what} needs an extra that is not installed: pip install 'jitledger[{name}]'.",
            extra=name,
        ) from error
