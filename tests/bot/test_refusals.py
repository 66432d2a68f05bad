"""Every refusal has a sentence in every language, and every reason too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from jitledger.domain.errors import bad_value
from jitledger.service.importers.files.apart import TOO_LARGE
from jitledger.service.importers.shops import NO_CODE, profiles
from jitledger_bot.texts.language import Voice, languages, speaking
from jitledger_bot.texts.refusals import REFUSAL, WHYS, problem

ROOT = Path(__file__).resolve().parents[2]
ERRORS = {"Refused", "Malformed", "Conflict", "StoreError"}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield (what is called, the call) of every refusal that is made anywhere."""
    for folder in ("src", "projections", "bot"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    yield node.func.id, node


def test_every_code_has_a_template() -> None:
    """What is refused under a code can be said in words of one's own language."""
    codes = {
        call.args[0].value
        for name, call in calls()
        if name in ERRORS and call.args and isinstance(call.args[0], ast.Constant)
    }
    assert codes - REFUSAL.keys() == set()
    assert len(codes) > 50


def test_every_reason_has_a_template() -> None:
    """A reason is a template and its fields, never a sentence that was put together."""
    said = [call.args[2] for name, call in calls() if name == "bad_value" and len(call.args) > 2]
    assert not [ast.unparse(why) for why in said if isinstance(why, ast.JoinedStr)]
    known = {why.value for why in said if isinstance(why, ast.Constant)}
    asked = {why for why in known if isinstance(why, str) and not why.startswith("write ")}
    assert asked - set(WHYS) == set()


def test_every_reason_of_a_file_has_a_template() -> None:
    """What a shop system's file leaves out, and why a file is none, is said in every language."""
    left = {leave.why for one in profiles().values() for leave in one.leave}
    said = [call.args[1] for name, call in calls() if name == "_bad" and len(call.args) > 1]
    told = {why.value for why in said if isinstance(why, ast.Constant)}
    assert len(told) > 3
    assert (told | left | {NO_CODE, TOO_LARGE}) - set(WHYS) == set()


@pytest.mark.parametrize("language", [name for name in languages() if name != "en"])
def test_a_reason_is_said_in_the_persons_language(language: str) -> None:
    """Nothing English stands in it."""
    error = bad_value("qty", "9" * 70, "it is longer than {longest} characters", longest=64)
    assert error.fields["why"] == "it is longer than 64 characters"
    with speaking(Voice(language)):
        assert "64 Zeichen" in problem(error)
        assert "longer" not in problem(error)
