"""Files from the Bot API server: fetched by their id, with every failure as one sentence.

An error of the download names the address it came from, and that address holds the token: it is
told and logged by its kind alone.
"""

from __future__ import annotations

import io

from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiohttp import ClientError

from jitledger.domain.errors import Refused


async def fetch(bot: Bot, file_id: str, what: str) -> bytes:
    """Return a file's bytes; raises ``bad-file``."""
    data = io.BytesIO()
    try:
        file = await bot.get_file(file_id)
        if file.file_path is not None:
            await bot.download_file(file.file_path, data)
            return data.getvalue()
    except (AiogramError, ClientError, OSError):
        pass
    raise Refused("bad-file", f"{what} could not be fetched; send it again.") from None
