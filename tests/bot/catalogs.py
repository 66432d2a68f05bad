"""What the bot says, as gettext catalogs have it: ``python -m tests.bot.catalogs`` updates them."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from jitledger.domain.commands import COMMANDS
from jitledger.domain.events import EVENTS
from jitledger_projections.reports.table import all_reports

ROOT = Path(__file__).resolve().parents[2] / "bot" / "jitledger_bot"
FIXED = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock in the files: they change with what they say alone."""
KEYWORDS = {"_": None, "mark": None, "plural": (1, 2), "several": (1, 2)}


def said() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Yield (file, message or its plural forms) of everything marked for translation."""
    for path in sorted(ROOT.rglob("*.py")):
        for _line, message, _comments, _context in extract_from_file("python", path, KEYWORDS):
            yield str(path.relative_to(ROOT)), message
    for report in all_reports().values():
        if report.chat is not None:
            yield "reports", report.help
            yield "reports", report.nothing
            for column in report.told:
                yield "reports", column.replace("_", " ")
    for command in COMMANDS.values():
        if command.word:
            yield "commands", command.word
    for kind in EVENTS.values():
        if kind.word:
            yield "events", kind.word


def template() -> Catalog:
    """Return the catalog of all messages, untranslated."""
    catalog = Catalog(project="jitledger", charset="utf-8")
    for file, message in said():
        catalog.add(message, locations=[(file, 0)])
    return catalog


def update(path: Path) -> list[str]:
    """Bring a language's file up to date; return what is not translated yet."""
    catalog = read_po(io.BytesIO(path.read_bytes()), locale=path.stem)
    catalog.update(template(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.msgid_bugs_address = catalog.last_translator = "jitledger"
    catalog.language_team = path.stem
    catalog.creation_date = catalog.revision_date = FIXED
    out = io.BytesIO()
    write_po(out, catalog, width=98, sort_output=True, no_location=True, omit_header=False)
    path.write_bytes(out.getvalue())
    return [str(m.id) for m in catalog if m.id and not _translated(m.string)]


def _translated(string: str | tuple[str, ...] | list[str] | None) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    for file in sorted((ROOT / "locale").glob("*.po")):
        for missing in update(file):
            sys.stdout.write(f"{file.name}: {missing!r}\n")
