"""Look up what is known of the pinned versions' weaknesses; any of them ends with an error.

A package that the database does not know is named. Where it knows none of them it cannot be
reached: that is said, and is no error, as it says nothing about the packages.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def found(lock: str) -> tuple[str, list[Any]]:
    """Return what pip-audit says of a lock file, and its rows."""
    audit = ["pip_audit", "-r", lock, "--require-hashes", "--disable-pip", "-f", "json"]
    done = subprocess.run(
        [sys.executable, "-m", *audit, "--progress-spinner", "off"],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return done.stderr, json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return done.stderr, []


def main() -> int:
    """Audit each file that is named."""
    weak = 0
    for lock in sys.argv[1:]:
        said, rows = found(lock)
        known = [row for row in rows if "skip_reason" not in row]
        for row in known:
            for one in row["vulns"]:
                weak += 1
                fixed = ", ".join(one["fix_versions"]) or "no version"
                print(f"{row['name']} {row['version']}: {one['id']}, fixed in {fixed}")
        left = [row["name"] for row in rows if "skip_reason" in row]
        if not known:
            print(f"{lock}: not looked up, no database of weaknesses can be reached.")
            print(said.strip().splitlines()[-1] if not rows and said.strip() else "")
        else:
            print(f"{lock}: {len(known)} packages looked up.")
            if left:
                print(f"Not known there: {', '.join(left)}.")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
