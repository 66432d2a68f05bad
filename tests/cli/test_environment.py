"""The command line where the machine is not as it should be: a sentence and exit code 4."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.shell import Shell


def _folder(path: Path) -> None:
    path.mkdir()


def _text(path: Path) -> None:
    path.write_text("no database at all\n" * 100)


def _cut(path: Path) -> None:
    found = Shell(path.parent)
    found.run("init", "--name", "Corner")
    path.write_bytes(path.read_bytes()[:30_000])


def _foreign(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE products (x)")
    other.commit()
    other.close()


@pytest.mark.parametrize("make", [_folder, _text, _cut, _foreign])
@pytest.mark.parametrize("words", [("stock",), ("sell", "MUG", "1"), ("verify",), ("doctor",)])
def test_what_is_no_shops_database(
    tmp_path: Path, make: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    """A folder, a text, a cut file, another program's database: named, and left as it is."""
    path = tmp_path / "shop.db"
    make(path)
    before = None if path.is_dir() else path.read_bytes()
    found = Shell(tmp_path).run(*words, check=False)
    assert (found.returncode, found.stdout) == (4, "")
    assert found.stderr.strip().count("\n") == 0
    assert "Traceback" not in found.stderr
    if before is not None:
        assert path.read_bytes() == before


@pytest.mark.parametrize("words", [("stock",), ("verify",), ("doctor",), ("reorder",), ("log",)])
def test_a_question_makes_no_database(tmp_path: Path, words: tuple[str, ...]) -> None:
    """A mistyped name is no empty shop, and none is healthy."""
    found = Shell(tmp_path).run(*words, check=False)
    assert found.returncode != 0
    assert found.stderr.startswith("no-shop: ")
    assert list(tmp_path.iterdir()) == []


def test_settings_that_cannot_be_read(tmp_path: Path) -> None:
    """A .env that is no text is named."""
    (tmp_path / ".env").write_bytes(b"JITLEDGER_LOG=\xff\xfe\n")
    found = Shell(tmp_path).run("stock", check=False)
    assert (found.returncode, found.stderr.count("\n")) == (4, 1)
    assert found.stderr.startswith("bad-setting: ")


@pytest.mark.parametrize(
    "words",
    [
        ("invite", "--role", "staff", "--minutes", "-5"),
        ("invite", "--role", "staff", "--minutes", "999999999999"),
        ("demo", "--port", "99999"),
    ],
)
def test_numbers_out_of_range_are_wrong_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    """They are refused before anything is done."""
    shell = Shell(tmp_path)
    shell.run("init", "--name", "Corner")
    assert shell.run(*words, check=False).returncode == 2


def test_a_locale_that_is_none_is_refused(tmp_path: Path) -> None:
    """It would make the first import with a local number fail."""
    shell = Shell(tmp_path)
    found = shell.run("init", "--name", "Corner", "--locale", "xx", check=False)
    assert (found.returncode, found.stderr[:10]) == (1, "bad-value:")
    shell.run("init", "--name", "Corner", "--locale", "de-DE")


def test_a_first_line_may_begin_with_a_mark_of_its_bytes(tmp_path: Path) -> None:
    """Files of some editors begin with a byte order mark; the first command is read."""
    shell = Shell(tmp_path)
    shell.run("init", "--name", "Corner")
    line = b'\xef\xbb\xbf{"do": "register", "sku": "MUG", "name": "Mug"}\n'
    assert '"ok":true' in shell.run("apply", "-", stdin=line).stdout


def test_dry_runs_of_people_and_shop(tmp_path: Path) -> None:
    """Nothing is opened, nobody invited or forgotten; two of one name are told apart by id."""
    shell = Shell(tmp_path)
    assert (
        shell.run("init", "--name", "Corner", "--dry-run").stdout
        == "Would open the shop 'Corner'.\n"
    )
    assert shell.run("stock", check=False).returncode in (0, 1)
    shell.run("init", "--name", "Corner")
    shell.run("register", "MUG", "--name", "Mug")
    for actor in ("Bob", "bob"):
        shell.run("sell", "MUG", "1", "--actor", actor)
    entries = shell.json("log")
    assert shell.run("invite", "--role", "staff", "--dry-run").stdout.startswith("Would invite")
    assert shell.run("forget", "Bob", "--dry-run").stdout.startswith("Would forget Bob (m-")
    assert shell.json("log") == entries
    found = shell.run("forget", "BOB", check=False)
    assert found.stderr.count("m-") == 2
    shell.run("forget", "Bob", stdin="y\n")
    assert [row["actor"] for row in shell.json("log")][-1] == "bob"
