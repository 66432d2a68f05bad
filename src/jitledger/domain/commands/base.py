"""What every command has: a key, who asks, when it holds."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from functools import cache
from typing import ClassVar, Literal

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from jitledger.domain.commands.fields import Code, LongCode, Text
from jitledger.domain.errors import Malformed, bad_value


class Command(BaseModel):
    """What every command may carry beside its own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, strict=True)
    do: ClassVar[str] = ""
    word: ClassVar[str] = ""
    """How the chat begins to say that it was recorded; empty when it is not said like that."""
    needs: ClassVar[Literal["viewer", "staff", "buyer", "owner"]] = "staff"

    key: LongCode | None = None
    now: str | None = None
    actor: Code | None = None
    note: Text | None = None
    force: bool = False

    def given(self, names: frozenset[str]) -> dict[str, object]:
        """Return those of the named fields that were given."""
        values = self.__dict__
        return {name: values[name] for name in names & self.__pydantic_fields_set__}


class Fact(Command):
    """Something that happened, at a stated time or now."""

    sku: Code
    occurred_at: str | None = None


_NOT_IN_THE_PAYLOAD = {"key", "now", "force"}


def build(cls: type[Command], fields: dict[str, object]) -> Command:
    """Validate a command's fields; pydantic's findings become one clear refusal."""
    for field in fields:
        if not isinstance(field, str) or (
            field not in cls.model_fields and field not in _aliases(cls)
        ):
            raise Malformed(
                "unknown-field",
                f"{cls.do} has no field {str(field)[:60]!r}; it has {', '.join(_names(cls))}.",
                field=str(field)[:60],
            )
    try:
        return cls.model_validate(fields)
    except ValidationError as error:
        raise _malformed(cls, error) from None
    except RecursionError:
        raise Malformed("bad-json", "The line is nested too deeply.") from None


def _names(cls: type[Command]) -> list[str]:
    return [field.alias or name for name, field in cls.model_fields.items()]


def _aliases(cls: type[Command]) -> set[str]:
    return {field.alias for field in cls.model_fields.values() if field.alias}


def _malformed(cls: type[Command], error: ValidationError) -> Malformed:
    first = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"][:4] if part != "Decimal")
    if first["type"] == "missing":
        return Malformed("missing-field", f"{cls.do} needs the field {field!r}.", field=field)
    if first["type"] == "extra_forbidden":
        return Malformed("unknown-field", f"{cls.do} has no field {field!r}.", field=field)
    return bad_value(field, first.get("input"), first["msg"][:1].lower() + first["msg"][1:])


def payload_of(command: Command) -> bytes:
    """Return the digest of what was asked: the command without key, ``now`` and ``force``.

    A field that was left out and one that was given its default are the same.
    """
    values, defaults = command.__dict__, _payload_fields(type(command))
    fields: dict[str, object] = {"do": command.do}
    for name in command.__pydantic_fields_set__ & defaults.keys():
        value, default = values[name], defaults[name]
        if value is not default and (default is None or value != default):
            fields[name] = value
    text = orjson.dumps(fields, default=_plain, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).digest()


@cache
def _payload_fields(cls: type[Command]) -> dict[str, object]:
    return {
        name: None if field.is_required() else field.get_default()
        for name, field in cls.model_fields.items()
        if name not in _NOT_IN_THE_PAYLOAD
    }


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError(f"{type(value).__name__} is no part of a command")
