"""Settings, read once from the environment or a ``.env`` file; flags win."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from jitledger.domain.errors import StoreError

TELEGRAM = "https://api.telegram.org"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the program was told; the token never appears in its ``repr``."""

    database: str = "sqlite:///jitledger.db"
    bot_api: str = TELEGRAM
    log: str = "INFO"
    log_format: str = "text"
    webhook_url: str | None = None
    bot_token: str | None = field(default=None, repr=False)
    webhook_secret: str | None = field(default=None, repr=False)


def read_settings(database: str | None = None, env_file: Path | None = None) -> Settings:
    """Return the settings; raises ``StoreError`` naming the one that is wrong."""
    values = _env_file(env_file or Path(".env"))
    values.update({k: v for k, v in os.environ.items() if k.startswith("JITLEDGER_")})
    level = values.get("JITLEDGER_LOG", "INFO").upper()
    if level not in _LEVELS:
        raise StoreError("bad-setting", f"JITLEDGER_LOG must be one of {', '.join(_LEVELS)}.")
    form = values.get("JITLEDGER_LOG_FORMAT", "text")
    if form not in ("text", "json"):
        raise StoreError("bad-setting", "JITLEDGER_LOG_FORMAT must be text or json.")
    api = values.get("JITLEDGER_BOT_API") or TELEGRAM
    if not api.startswith(("http://", "https://")):
        raise StoreError("bad-setting", "JITLEDGER_BOT_API must begin with http:// or https://.")
    return Settings(
        database=database or values.get("JITLEDGER_DATABASE") or "sqlite:///jitledger.db",
        bot_token=values.get("JITLEDGER_BOT_TOKEN") or None,
        bot_api=api.rstrip("/"),
        webhook_url=values.get("JITLEDGER_WEBHOOK_URL") or None,
        webhook_secret=values.get("JITLEDGER_WEBHOOK_SECRET") or None,
        log=level,
        log_format=form,
    )


def _env_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    return {k: v for k, v in dotenv_values(path).items() if v is not None}
