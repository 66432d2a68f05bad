"""The examples do what they say."""

from __future__ import annotations

import runpy
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def main_of(name: str, folder: Path) -> object:
    """Run an example on a database of its own."""
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"](f"sqlite:///{folder}/example.db")


def test_a_projection(tmp_path: Path) -> None:
    """24 came and 3 were sold; asked again, nothing is recorded twice."""
    assert main_of("projection", tmp_path) == [("MUG", "kitchen", "21")]
    assert main_of("projection", tmp_path) == [("MUG", "kitchen", "21")]


def test_a_channel(tmp_path: Path) -> None:
    """Lines are recorded once, and one bad line leaves the others alone."""
    told = main_of("channel", tmp_path)
    assert isinstance(told, list)
    assert told[:2] == ["recorded, 8 left", "recorded, 9 left"]
    assert "JUG" in told[2]
    assert told[3:5] == ["known already", "known already"]
    assert "JUG" in told[5]


def test_they_are_short() -> None:
    """An example is read at one sitting."""
    for path in EXAMPLES.glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 60, path.name
