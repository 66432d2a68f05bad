"""Run exactly the image's install and start commands in a clean directory, without an engine.

The Dockerfile's RUN, CMD and HEALTHCHECK lines are taken as they stand; only the paths of the
image (/opt/jitledger, /src, /data) become folders of a temporary one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def instructions(text: str) -> list[tuple[str, str]]:
    """Return (instruction, rest) of a Dockerfile, with continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", text)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def main() -> None:
    """Install, start, check health, stop; any failure ends with a sentence."""
    steps = instructions((ROOT / "docker" / "Dockerfile").read_text())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        places = {
            "/opt/jitledger": folder / "opt",
            "/opt/build": folder / "build",
            "/src": folder / "src",
            "/data": folder / "data",
        }
        (folder / "data").mkdir()
        files = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\n")
        for file in filter(None, files):
            target = places["/src"] / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, target)

        def inside(text: str) -> str:
            for place, real in places.items():
                text = re.sub(rf"{place}(?=[/:\s\"$]|$)", str(real), text)
            return text

        env = {k: v for k, v in os.environ.items() if not k.startswith("JITLEDGER_")}
        env["PATH"] = f"{places['/opt/jitledger']}/bin:{env['PATH']}"
        runs = [rest for word, rest in steps if word == "RUN" and "useradd" not in rest]
        for run in runs:
            subprocess.run(
                ["sh", "-ec", inside(run)],
                cwd=places["/src"],
                env=env,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        setting = next(rest for word, rest in steps if word == "ENV")
        for key, value in re.findall(r"(JITLEDGER_\w+)=(\S+)", setting):
            env[key] = inside(value).replace("sqlite:///" + "/" * 2, "sqlite:////")
        start = json.loads(next(rest for word, rest in steps if word == "CMD"))
        health = json.loads(next(rest for w, rest in steps if w == "HEALTHCHECK").split("CMD ")[1])
        data = places["/data"]
        subprocess.run(
            ["jitledger", "init", "--name", "Image"],
            cwd=data,
            env=env,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        env |= {"JITLEDGER_BOT_TOKEN": "1:IMAGE", "JITLEDGER_BOT_API": "http://127.0.0.1:9"}
        bot = subprocess.Popen(start, cwd=data, env=env, stderr=subprocess.PIPE, text=True)
        time.sleep(8)
        if bot.poll() is not None:
            sys.exit(f"The image's start command ended: {bot.communicate()[1]}")
        subprocess.run(health, cwd=data, env=env, check=True, stdout=subprocess.DEVNULL)
        bot.terminate()
        bot.wait(10)
    print("The image's install, start and health commands work.")


if __name__ == "__main__":
    main()
