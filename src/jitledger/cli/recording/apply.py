"""``apply``: one JSON object a line in, one a line out, in order."""

from __future__ import annotations

import codecs
import os
import queue
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, BinaryIO

import click
import orjson

from jitledger.cli.output import opened
from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError, Malformed
from jitledger.service.recording.submission import Answer, Ask, Outcome, Submission

if TYPE_CHECKING:
    from jitledger.bootstrap import App

LONGEST_LINE = 1_000_000

AT_ONCE = 256


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Decide each line alone and record nothing.")
@click.option("--channel", default="cli", hidden=True)
@click.pass_context
def apply(ctx: click.Context, file: BinaryIO, dry_run: bool, channel: str) -> None:
    """Record commands given as JSON lines (- reads standard input).

    Example: echo '{"do": "sell", "sku": "MUG", "qty": "1"}' | jitledger apply -
    """
    code = 0
    lines: queue.Queue[bytes | None] = queue.Queue(AT_ONCE)
    threading.Thread(target=_read, args=(file, lines), daemon=True).start()
    with opened(ctx, create=True) as app:
        ended = False
        while not ended:
            taken = [lines.get()]
            while len(taken) < AT_ONCE and taken[-1] is not None:
                try:
                    taken.append(lines.get_nowait())
                except queue.Empty:
                    break
            ended = taken[-1] is None
            asked = [_ask(app, line, dry_run, channel) for line in taken if line is not None]
            for pending in asked:
                answer = _wait(pending)
                if answer.error is not None:
                    code = max(code, answer.error.exit_code)
                sys.stdout.buffer.write(orjson.dumps(answer.as_dict(), default=str) + b"\n")
                sys.stdout.buffer.flush()
    raise SystemExit(code)


def _read(file: BinaryIO, lines: queue.Queue[bytes | None]) -> None:
    """Feed lines as they come; a blank line is no command."""
    try:
        for number, line in enumerate(_unbuffered(file)):
            if number == 0:
                line = line.removeprefix(codecs.BOM_UTF8)
            if line.strip():
                lines.put(line)
    finally:
        lines.put(None)


def _unbuffered(file: BinaryIO) -> Iterator[bytes]:
    """Yield lines without holding the lock of a buffered stream while waiting for more."""
    try:
        number = file.fileno()
    except (OSError, ValueError):
        yield from file
        return
    rest = b""
    while chunk := os.read(number, 65536):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    yield rest


def _ask(app: App, line: bytes, dry_run: bool, channel: str) -> Future[Outcome] | Answer:
    try:
        if len(line) > LONGEST_LINE:
            raise Malformed("bad-json", "The line is longer than 1,000,000 bytes.")
        try:
            data = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise Malformed("bad-json", f"The line is no JSON: {error}.") from None
        command = parse(data)
    except LedgerError as error:
        return Answer(False, error=error)
    return app.ledger.submit(
        Submission([Ask(command, command.key)], channel=channel, dry_run=dry_run)
    )


def _wait(pending: Future[Outcome] | Answer) -> Answer:
    if isinstance(pending, Answer):
        return pending
    try:
        return pending.result().answers[0]
    except LedgerError as error:
        return Answer(False, error=error)
