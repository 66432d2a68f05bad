"""The envelope of every event."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """The envelope: who, when it was recorded, when it held, and through which command."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str] = ""
    class_version: ClassVar[int] = 1

    originator_id: str
    originator_version: int
    recorded_at: int
    effective_at: int
    occurred_on: date | None = None
    actor: str | None = None
    channel: str = "cli"
    command_key: str | None = None
    correlation: str | None = None
    reason: str | None = None
    note: str | None = None
    corrects: str | None = None
