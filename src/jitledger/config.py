"""Settings, read once from the environment or a ``.env`` file; flags win."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jitledger.domain.errors import StoreError

TELEGRAM = "https://api.telegram.org"
WEBHOOK_LISTEN = "0.0.0.0:8080"
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}", re.ASCII)
SHORTEST_KEY = 32
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the program was told; the token never appears in its ``repr``."""

    database: str = "sqlite:///jitledger.db"
    bot_api: str = TELEGRAM
    log: str = "INFO"
    log_format: str = "text"
    webhook_url: str | None = None
    webhook_listen: str = WEBHOOK_LISTEN
    bot_token: str | None = field(default=None, repr=False)
    webhook_secret: str | None = field(default=None, repr=False)
    seal_key: str | None = field(default=None, repr=False)
    witness: str | None = None


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
        **_webhook(values),
        seal_key=_seal_key(values.get("JITLEDGER_SEAL_KEY") or None),
        witness=values.get("JITLEDGER_WITNESS") or None,
        log=level,
        log_format=form,
    )


def _seal_key(key: str | None) -> str | None:
    """Check the key that signs seals: one that can be guessed protects nothing."""
    if key is not None and len(key) < SHORTEST_KEY:
        raise StoreError(
            "bad-setting",
            f"JITLEDGER_SEAL_KEY must have at least {SHORTEST_KEY} characters; "
            "`openssl rand -base64 33` makes one.",
        )
    return key


def _webhook(values: dict[str, str]) -> dict[str, Any]:
    """Check where updates are taken: an address needs a secret, and a port to listen on."""
    url = values.get("JITLEDGER_WEBHOOK_URL") or None
    secret = values.get("JITLEDGER_WEBHOOK_SECRET") or None
    listen = values.get("JITLEDGER_WEBHOOK_LISTEN") or WEBHOOK_LISTEN
    if url is not None and not url.startswith(("http://", "https://")):
        raise StoreError("bad-setting", "JITLEDGER_WEBHOOK_URL must begin with https://.")
    if url is not None and (secret is None or not _SECRET.fullmatch(secret)):
        raise StoreError(
            "bad-setting",
            "JITLEDGER_WEBHOOK_SECRET is needed with JITLEDGER_WEBHOOK_URL: 1 to 256 letters, "
            "digits, _ and -.",
        )
    if not re.fullmatch(r"[^\s]+:\d{1,5}", listen) or int(listen.rpartition(":")[2]) > 65_535:
        raise StoreError(
            "bad-setting", "JITLEDGER_WEBHOOK_LISTEN must be host:port, like 0.0.0.0:8080."
        )
    return {"webhook_url": url, "webhook_secret": secret, "webhook_listen": listen}


def _env_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        return {k: v for k, v in dotenv_values(path).items() if v is not None}
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError("bad-setting", f"The file {path} cannot be read as text.") from error
