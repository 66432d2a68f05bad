"""A database by its address."""

from __future__ import annotations

import re

from jitledger.domain.errors import StoreError
from jitledger.store.database import Database


def open_database(url: str, lock_timeout: float = 5.0) -> Database:
    """Open ``sqlite:///file.db`` (relative; four slashes are absolute) or ``postgresql://…``."""
    if url.startswith("sqlite:///"):
        from jitledger.store.sqlite import SQLiteDatabase

        return SQLiteDatabase(url.removeprefix("sqlite:///"), lock_timeout)
    if re.match(r"postgres(ql)?://", url):
        try:
            from jitledger.store.postgres import PostgresDatabase
        except ImportError as error:
            raise StoreError(
                "missing-driver",
                "PostgreSQL needs the extra: pip install 'jitledger[postgres]'.",
            ) from error
        return PostgresDatabase(url, lock_timeout)
    raise StoreError(
        "bad-database",
        "JITLEDGER_DATABASE must look like sqlite:///shop.db or postgresql://user@host/name.",
    )
