"""The gallery of errors: every code with what it says, why it comes, and what to do about it.

``python .ci/gallery.py --write`` makes ``docs/errors.md`` from the code and ``docs/errors.toml``;
without it the program says what is missing or out of date and exits with 1.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CAUSES, GALLERY = ROOT / "docs" / "errors.toml", ROOT / "docs" / "errors.md"
EXIT = {"Refused": 1, "Malformed": 1, "Conflict": 3, "StoreError": 4, "StoreAway": 4}
HEAD = """# Errors

Every error says what was asked, what is true and what to do; its code is stable. On the command
line the exit code is 1 when a rule said no, 3 when a lock was somebody else's, 4 when the store, a
setting or the machine is not as it must be. Made by `.ci/gallery.py`; do not edit.
"""


def raised() -> dict[str, tuple[int, str]]:
    """Return {code: (exit code, an example of what it says)} of all that is raised anywhere."""
    found: dict[str, tuple[int, str]] = {}
    for folder in ("src", "projections", "bot"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                    continue
                code = node.args[0] if node.args else None
                if node.func.id in EXIT and isinstance(code, ast.Constant):
                    said = _said(node.args[1]) if len(node.args) > 1 else ""
                    exit_code, before = found.get(str(code.value), (EXIT[node.func.id], ""))
                    found[str(code.value)] = (exit_code, before or said)
    return dict(sorted(found.items()))


def _said(node: ast.expr) -> str:
    """Return a sentence with what is filled in as ``…``."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_said(part) for part in node.values)
    return "…" if isinstance(node, ast.FormattedValue) else ""


def gallery() -> tuple[str, list[str]]:
    """Return the page and what is wrong with the causes."""
    causes = tomllib.loads(CAUSES.read_text(encoding="utf-8"))
    known = raised()
    wrong = [f"{code} has no cause in docs/errors.toml" for code in known if code not in causes]
    wrong += [f"{code} is raised nowhere" for code in causes if code not in known]
    rows = [
        f"\n## `{code}`\n\n*{said}* · exit code {exit_code}\n\n{causes[code][0]} "
        f"**What to do:** {causes[code][1]}\n"
        for code, (exit_code, said) in known.items()
        if code in causes
    ]
    return HEAD + "".join(rows), wrong


def main() -> int:
    """Write or check; return the exit code."""
    page, wrong = gallery()
    if "--write" in sys.argv and not wrong:
        GALLERY.write_text(page, encoding="utf-8")
    elif not GALLERY.exists() or GALLERY.read_text(encoding="utf-8") != page:
        wrong.append("docs/errors.md is out of date: python .ci/gallery.py --write")
    shown = page.count("\n## ")
    print("\n".join(wrong) or f"The gallery shows {shown} errors.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
