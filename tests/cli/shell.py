"""A shell in a folder of its own, for the tests of the command line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jitledger.cli import main

Run = subprocess.CompletedProcess[str]


class Shell:
    """Runs jitledger in a folder of its own, in this process: as main() does, without its start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"JITLEDGER_DATABASE": "sqlite:///shop.db", "COLUMNS": "160"}

    def run(self, *words: str, stdin: str | bytes = "", check: bool = True) -> Run:
        """Run one command."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        streams = [io.TextIOWrapper(io.BytesIO(given), "utf-8") for given in (data, b"", b"")]
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for key in [k for k in os.environ if k.startswith("JITLEDGER_")]:
                patch.delenv(key)
            for key, value in self.env.items():
                patch.setenv(key, value)
            for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
                patch.setattr(sys, name, stream)
            with pytest.raises(SystemExit) as ended:
                main(list(words))
        for stream in streams[1:]:
            stream.flush()
        out, err = (stream.buffer.getvalue().decode() for stream in streams[1:])
        code = ended.value.code
        found = subprocess.CompletedProcess(list(words), int(code or 0), out, err)
        if check:
            assert found.returncode == 0, found.stderr
        return found

    def json(self, *words: str) -> Any:
        """Run one query and return its JSON."""
        return json.loads(self.run(*words, "--json").stdout)


def apply(
    shell: Shell, *lines: dict[str, object] | str, check: bool = True
) -> list[dict[str, Any]]:
    """Apply lines and return the answers."""
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    done = shell.run("apply", "-", stdin=text + "\n", check=check)
    return [json.loads(line) for line in done.stdout.splitlines()]
