"""Every block of the README is executed, in the order in which a newcomer meets them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_every_block_runs(tmp_path: Path) -> None:
    """Each shell block ends without an error; what it prints is what the text promises."""
    blocks = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(blocks) >= 5
    env = {k: v for k, v in os.environ.items() if not k.startswith("JITLEDGER_")}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    env["JITLEDGER_DATABASE"] = "sqlite:///readme.db"
    printed = ""
    for block in blocks:
        make = block.startswith("make ")
        # The recipes of make demo and make test are started by the browser tests and by CI.
        command = block.replace("make ", "make --dry-run ") if make else block
        done = subprocess.run(
            ["sh", "-ec", command],
            cwd=ROOT if make else tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        printed += done.stdout
    assert "/start " in printed
    assert "= 20 on hand" in printed
    assert "nothing was altered" in printed
    assert '"repeat":true' in printed
    assert "1 rows: 1 recorded" in printed


def test_the_readme_names_no_command_that_is_not_there() -> None:
    """Each jitledger command in the text exists."""
    from jitledger.cli import COMMANDS

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"jitledger ([a-z][a-z-]+)", text)) - {"holds"}
    assert named <= set(COMMANDS) | {"bot"}
