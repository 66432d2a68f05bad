"""How a person is answered: in which language, and in which zone's time.

Texts are gettext catalogs, one ``locale/<language>.po`` each; English is the source. A further
language is one more file; no code knows which there are. The voice belongs to the turn: handlers,
and whatever renders their answers, speak with it.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

SOURCE = "en"


@dataclass(frozen=True, slots=True)
class Voice:
    """A language and a time zone."""

    language: str = SOURCE
    zone: str = "UTC"


DEFAULT = Voice()
_spoken: ContextVar[Voice] = ContextVar("spoken", default=DEFAULT)


def _(message: str, **fields: object) -> str:
    """Return a message in the language of the turn, with its fields filled in."""
    said = _catalog(_spoken.get().language).gettext(message)
    return said.format(**fields) if fields else said


def plural(one: str, many: str, count: int, **fields: object) -> str:
    """Return the form of a message that its count asks for; ``{n}`` is the count."""
    return _catalog(_spoken.get().language).ngettext(one, many, count).format(n=count, **fields)


def mark(message: str) -> str:
    """Mark a message for translation where it is defined; ``_`` translates it where it is said."""
    return message


def several(one: str, many: str) -> tuple[str, str]:
    """Mark a message that has a form for one and one for many, to be said by ``plural``."""
    return one, many


def local(moment: datetime) -> datetime:
    """Return a moment in the zone of the turn."""
    return moment.astimezone(ZoneInfo(_spoken.get().zone))


def spoken() -> Voice:
    """Return the voice of the turn."""
    return _spoken.get()


def speak(voice: Voice) -> None:
    """Speak with a voice for the rest of the turn."""
    _spoken.set(voice)


@contextmanager
def speaking(voice: Voice) -> Iterator[None]:
    """Speak with a voice within a block."""
    before = _spoken.set(voice)
    try:
        yield
    finally:
        _spoken.reset(before)


@cache
def languages() -> tuple[str, ...]:
    """Return the languages there are, the source first."""
    folder = resources.files("jitledger_bot") / "locale"
    names = (entry.name for entry in folder.iterdir())
    return (SOURCE, *sorted(n.removesuffix(".po") for n in names if n.endswith(".po")))


@cache
def name_of(language: str) -> str:
    """Return what a language calls itself.

    >>> name_of("de"), name_of("fr")
    ('Deutsch', 'Français')
    """
    from babel import Locale

    return (Locale.parse(language).get_display_name() or language).capitalize()


def choose(*tags: str | None) -> str:
    """Return the first language that is known of some tags like "de-AT"; else English.

    >>> choose(None, "xx", "de-AT")
    'de'
    """
    for tag in tags:
        language = (tag or "").replace("_", "-").partition("-")[0].casefold()
        if language in languages():
            return language
    return SOURCE


@cache
def _catalog(language: str) -> gettext.NullTranslations:
    if language == SOURCE or language not in languages():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    path = resources.files("jitledger_bot") / "locale" / f"{language}.po"
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(path.read_bytes()), locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
