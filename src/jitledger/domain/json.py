"""Objects of JSON whose shape is another's: what is stored, told or shown as it is."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
"""An object of JSON; its keys are said where it is made and read."""
