"""The tables beside the library's own ``stored_events``.

Written in the common words of both databases; ``BLOB`` becomes ``BYTEA`` on PostgreSQL and
``/*clustered*/`` becomes ``WITHOUT ROWID`` on SQLite.
"""

from __future__ import annotations

SCHEMA_VERSION = 7
"""2: chats, notices, jobs, attachments; 3: leases of the outbox; 4: the clock beside each seal;
5: the floor; 6: signatures; 7: secrets, and when seals were made anew. What is missing is made when
a shop is opened."""

FLOOR = 7
"""The oldest version whose programs may write beside this one. It stands in the shop, where every
writer looks at it under the lock: a program that is older leaves the shop alone."""

ADDED = (
    ("clock", "marks", "BIGINT NOT NULL DEFAULT 0"),
    ("clock", "floor", "BIGINT NOT NULL DEFAULT 0"),
    ("outbox", "leased_until", "BIGINT NOT NULL DEFAULT 0"),
    ("seals", "last", "BIGINT"),
    ("seals", "present", "BIGINT"),
    ("seals", "highest", "BIGINT"),
)
"""Columns that shops of an older version lack."""

FIRST_CLOCK = (
    "INSERT INTO clock (id, last, present, highest, marks, schema_version, floor) "
    f"VALUES (1, 0, NULL, 0, 0, {SCHEMA_VERSION}, {FLOOR}) ON CONFLICT (id) DO UPDATE "
    "SET schema_version = excluded.schema_version, floor = excluded.floor"
)
"""Makes the clock of a new shop, and notes in an older one that it has all tables now."""

TABLES: tuple[str, ...] = (
    # One row: the number of the last change to what an append looks up beside its streams
    # (``marked``); before the first append, and after one of an older version, also what else
    # stands beside each seal: its stamp, the present of a simulated clock, the latest effective
    # time.
    "CREATE TABLE IF NOT EXISTS clock (id BIGINT PRIMARY KEY, last BIGINT NOT NULL, "
    "present BIGINT, highest BIGINT NOT NULL, marks BIGINT NOT NULL, "
    "schema_version BIGINT NOT NULL, floor BIGINT NOT NULL DEFAULT 0)",
    "CREATE TABLE IF NOT EXISTS command_keys (key TEXT PRIMARY KEY, digest BLOB NOT NULL, "
    "ordinal BIGINT NOT NULL, entries TEXT NOT NULL) /*clustered*/",
    "CREATE TABLE IF NOT EXISTS claims (kind TEXT NOT NULL, value TEXT NOT NULL, "
    "owner TEXT NOT NULL, PRIMARY KEY (kind, value)) /*clustered*/",
    "CREATE TABLE IF NOT EXISTS seals (ordinal BIGINT PRIMARY KEY, events BIGINT NOT NULL, "
    "keys BIGINT NOT NULL, seal BLOB NOT NULL, last BIGINT, present BIGINT, highest BIGINT) "
    "/*clustered*/",
    # What a key outside the database made of seals, where one is used.
    "CREATE TABLE IF NOT EXISTS signatures (ordinal BIGINT PRIMARY KEY, mac BLOB NOT NULL) "
    "/*clustered*/",
    # Names and chat ids live here alone, so that a person can be forgotten.
    "CREATE TABLE IF NOT EXISTS people (member TEXT PRIMARY KEY, name TEXT, handle TEXT, "
    "user_id BIGINT, chat_id BIGINT, language TEXT, timezone TEXT)",
    # A position is written while a projection stands behind; NULL follows the newest event.
    "CREATE TABLE IF NOT EXISTS projections (name TEXT PRIMARY KEY, version BIGINT NOT NULL, "
    "position BIGINT, status TEXT NOT NULL, error TEXT)",
    # Reorder points of the last sweep, compared with every movement.
    "CREATE TABLE IF NOT EXISTS reorder_points (sku TEXT NOT NULL, location TEXT NOT NULL, "
    "reorder_point TEXT NOT NULL, quantity TEXT NOT NULL, inputs TEXT NOT NULL, "
    "PRIMARY KEY (sku, location)) /*clustered*/",
    "CREATE TABLE IF NOT EXISTS alerts (sku TEXT NOT NULL, location TEXT NOT NULL, "
    "state TEXT NOT NULL, raised_at BIGINT NOT NULL, snoozed_until BIGINT NOT NULL, "
    "PRIMARY KEY (sku, location)) /*clustered*/",
    # The folded demand state of the last sweep, with its day and log position.
    "CREATE TABLE IF NOT EXISTS demand_state (id BIGINT PRIMARY KEY, day BIGINT NOT NULL, "
    "position BIGINT NOT NULL, body BLOB NOT NULL)",
    # Conversation: what came in, what goes out, what buttons stand for.
    "CREATE TABLE IF NOT EXISTS inbox (id /*serial*/, bot_id BIGINT NOT NULL, "
    "update_id BIGINT NOT NULL, chat_id BIGINT NOT NULL, body BLOB NOT NULL, "
    "received_at BIGINT NOT NULL, tries BIGINT NOT NULL DEFAULT 0, "
    "state TEXT NOT NULL DEFAULT 'new', leased_until BIGINT NOT NULL DEFAULT 0, "
    "owner TEXT, error TEXT)",
    "CREATE INDEX IF NOT EXISTS inbox_update ON inbox (update_id)",
    "CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox (id) WHERE state = 'new'",
    "CREATE TABLE IF NOT EXISTS outbox (id /*serial*/, chat_id BIGINT NOT NULL, "
    "kind TEXT NOT NULL, method TEXT NOT NULL, body TEXT NOT NULL, "
    "created_at BIGINT NOT NULL, state TEXT NOT NULL DEFAULT 'new', "
    "due_at BIGINT NOT NULL DEFAULT 0, tries BIGINT NOT NULL DEFAULT 0, "
    "message_id BIGINT, subject TEXT, error TEXT, leased_until BIGINT NOT NULL DEFAULT 0)",
    "CREATE INDEX IF NOT EXISTS outbox_open ON outbox (state, id)",
    "CREATE INDEX IF NOT EXISTS outbox_subject ON outbox (subject)",
    "CREATE TABLE IF NOT EXISTS proposals (id TEXT PRIMARY KEY, chat_id BIGINT NOT NULL, "
    "member TEXT, kind TEXT NOT NULL, body TEXT NOT NULL, created_at BIGINT NOT NULL, "
    "consumed_at BIGINT)",
    "CREATE TABLE IF NOT EXISTS conversations (key TEXT PRIMARY KEY, state TEXT, "
    "data TEXT NOT NULL)",
    # What a chat wants to be told, and when not; a group also its language and topic.
    "CREATE TABLE IF NOT EXISTS chats (chat_id BIGINT PRIMARY KEY, title TEXT, thread_id BIGINT, "
    "language TEXT, timezone TEXT, wants TEXT, quiet_from BIGINT, quiet_until BIGINT)",
    # What was pushed about a state that lasts, so that it is told once and its end is told too.
    "CREATE TABLE IF NOT EXISTS notices (subject TEXT PRIMARY KEY, kind TEXT NOT NULL, "
    "told_at BIGINT NOT NULL)",
    # Slow work: done step by step beside the conversation, found again after a crash.
    "CREATE TABLE IF NOT EXISTS jobs (id /*serial*/, chat_id BIGINT NOT NULL, member TEXT, "
    "thread_id BIGINT, kind TEXT NOT NULL, body TEXT NOT NULL, created_at BIGINT NOT NULL, "
    "state TEXT NOT NULL DEFAULT 'new', leased_until BIGINT NOT NULL DEFAULT 0, owner TEXT, "
    "tries BIGINT NOT NULL DEFAULT 0, message_id BIGINT, error TEXT)",
    # Photos of delivery notes, named by the hash of their content.
    "CREATE TABLE IF NOT EXISTS attachments (hash TEXT PRIMARY KEY, media_type TEXT NOT NULL, "
    "body BLOB NOT NULL, received_at BIGINT NOT NULL)",
    # What is random and stays: with it the keys of chat messages are made.
    "CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
    # When old keys were written anew and all was sealed again, with the newest seal until then.
    "CREATE TABLE IF NOT EXISTS resealed (at BIGINT PRIMARY KEY, before_seal BLOB NOT NULL, "
    "after_seal BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS aliases (alias TEXT PRIMARY KEY, sku TEXT NOT NULL)",
)
