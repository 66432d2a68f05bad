"""What is not installed is named, with what to install; the rest works without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jitledger.extras import MODULES

WITHOUT = """
import sys
from importlib.abc import MetaPathFinder
class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
from jitledger.cli import main
sys.argv = ["jitledger", *sys.argv[1:]]
main()
"""


def without(*extras: str, words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line where the modules of some extras cannot be imported."""
    hidden = set().union(*(MODULES[name] for name in extras))
    env = {"PATH": "/usr/bin:/bin", "JITLEDGER_DATABASE": "sqlite:///shop.db"}
    return subprocess.run(
        [sys.executable, "-c", WITHOUT.format(hidden=hidden), *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("extra", "words", "said"),
    [
        ("bot", ["bot"], "The bot needs an extra"),
        ("bot", ["demo", "--no-browser"], "The sample shop needs an extra"),
        ("postgres", ["--database", "postgresql://h/x", "stock"], "PostgreSQL needs the extra"),
    ],
)
def test_what_is_missing_is_named(extra: str, words: list[str], said: str, tmp_path: Path) -> None:
    """Exit code 4, one sentence, the words to install it; no traceback."""
    found = without(extra, words=words, folder=tmp_path)
    assert found.returncode == 4, found.stderr
    assert said in found.stderr
    assert f"pip install 'jitledger[{extra}]'" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.slow
def test_the_core_needs_neither_bot_nor_charts(tmp_path: Path) -> None:
    """A shop is opened, sold from and asked what to order without any extra."""
    for words in (
        ["init", "--name", "Corner"],
        ["register", "MUG", "--name", "Blue mug"],
        ["receive", "MUG", "24", "--cost", "4.20"],
        ["sell", "MUG", "3"],
        ["reorder"],
        ["rebuild"],
        ["verify"],
        ["stock", "MUG"],
    ):
        found = without("bot", "charts", "postgres", words=words, folder=tmp_path)
        assert found.returncode == 0, (words, found.stderr)
    assert "21" in found.stdout
