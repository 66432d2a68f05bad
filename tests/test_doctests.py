"""The worked numbers in the docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import jitledger
import jitledger_bot
import jitledger_projections

MODULES = sorted(
    module.name
    for package in (jitledger, jitledger_projections, jitledger_bot)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_worked_numbers_hold(name: str) -> None:
    """Every example in a docstring gives what it says."""
    found = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for test in finder.find(found, name):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0
