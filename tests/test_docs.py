"""What is written beside the code: the gallery of errors, the site, the templates."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import click

from jitledger.cli import cli

ROOT = Path(__file__).parents[1]


def test_the_gallery_shows_every_error() -> None:
    """Each code that is raised has its cause and its cure, and no other has."""
    made = runpy.run_path(str(ROOT / ".ci" / "gallery.py"))
    page, wrong = made["gallery"]()
    assert wrong == []
    assert page == (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert len(made["raised"]()) > 50


def test_what_the_cures_name_is_there() -> None:
    """A command that a cure names is a command of the command line, with that option."""
    causes = tomllib.loads((ROOT / "docs" / "errors.toml").read_text(encoding="utf-8"))
    named = [
        words.split()
        for _cause, cure in causes.values()
        for words in re.findall(r"`jitledger ([^`]+)`", cure)
    ]
    assert len(named) > 5
    context = click.Context(cli)
    for words in named:
        command: click.Command | None = cli
        for word in words:
            if isinstance(command, click.Group):
                command = command.get_command(context, word)
                assert command is not None, words
            elif word.startswith("--"):
                assert command is not None
                assert any(word in option.opts for option in command.params), words


def test_every_page_of_the_site_is_there() -> None:
    """What the site's menu names exists, and what it quotes does."""
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = re.findall(r": (\w+\.md)$", menu, re.MULTILINE)
    assert len(pages) >= 8
    for page in pages:
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for quoted in re.findall(r'--8<-- "([^"]+)"', text):
            assert (ROOT / quoted).exists(), quoted
