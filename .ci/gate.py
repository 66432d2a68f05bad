"""The house's own rules, which no linter knows: sizes, where SQL stands, how much is untyped.

``python .ci/gate.py`` prints what breaks a rule and exits with 1. What broke one when the rule was
made stands in ``gate.toml`` with its size; an entry that is larger than it need be fails, too, so
that the list only shrinks. ``--write`` lowers the entries to what is true now; it raises none.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("src/jitledger", "bot/jitledger_bot", "projections/jitledger_projections")
KNOWN = ROOT / ".ci" / "gate.toml"
LIMITS = {
    "module": 400,
    "function": 50,
    "class": 200,
    "folder": 12,
    "sql": 0,
    "any": 100,
    "sentence": 0,
}
RULES = {
    "module": "lines in a module",
    "function": "lines in a function",
    "class": "lines in a class whose docstring gives no reason (“Long because …”)",
    "folder": "modules in a folder",
    "sql": "statements outside the rooms where tables live",
    "any": "uses of Any in the packages",
    "sentence": "sentences of the chat outside texts/",
}
TABLE_ROOMS = (
    "src/jitledger/store/",
    "src/jitledger/testing/",
    "src/jitledger/service/",
    "projections/jitledger_projections/views/",
    "bot/jitledger_bot/memory/",
)
SQL = re.compile(r"\btx\.(one|all|execute|executemany)\(")
SAYING, TEXTS = "bot/jitledger_bot/", "bot/jitledger_bot/texts/"
TRANSLATING = ("_", "mark", "plural", "several")
Found = dict[str, dict[str, int]]


def modules() -> Iterator[tuple[str, str, ast.Module]]:
    """Yield (path, text, tree) of every module of the packages."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            yield str(path.relative_to(ROOT)), text, ast.parse(text)


def measure() -> Found:
    """Return {rule: {place: size}} of all that is over a limit."""
    found: Found = {rule: {} for rule in LIMITS}
    untyped = 0
    folders: dict[str, int] = {}
    for path, text, tree in modules():
        found["module"][path] = len(text.splitlines())
        folder = path.rpartition("/")[0]
        folders[folder] = folders.get(folder, 0) + (not path.endswith("__init__.py"))
        for name, size, rule in _parts(tree):
            found[rule][f"{path}:{name}"] = size
        if not path.startswith(TABLE_ROOMS):
            found["sql"][path] = len(SQL.findall(text))
        if path.startswith(SAYING) and not path.startswith(TEXTS):
            found["sentence"][path] = sum(map(_is_sentence, ast.walk(tree)))
        untyped += sum(isinstance(n, ast.Name) and n.id == "Any" for n in ast.walk(tree))
    found["folder"], found["any"]["packages"] = folders, untyped
    return {
        rule: {place: size for place, size in places.items() if size > LIMITS[rule]}
        for rule, places in found.items()
    }


def _parts(tree: ast.Module) -> Iterator[tuple[str, int, str]]:
    """Yield (name, lines, rule) of every function and class, docstrings not counted."""
    stack: list[tuple[ast.AST, str]] = [(tree, "")]
    while stack:
        node, inside = stack.pop()
        for child in ast.iter_child_nodes(node):
            name = inside
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{inside}.{child.name}".lstrip(".")
                words = ast.get_docstring(child) or ""
                size = (child.end_lineno or 0) - child.lineno + 1 - len(words.splitlines())
                if isinstance(child, ast.ClassDef):
                    yield name, 0 if "Long because" in words else size, "class"
                else:
                    yield name, size, "function"
            stack.append((child, name))


def _is_sentence(node: ast.AST) -> bool:
    """Return whether a literal is said where it stands."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in TRANSLATING
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
    )


def main() -> int:
    """Compare with the list; return the exit code."""
    known: Found = {rule: {} for rule in LIMITS}
    known |= tomllib.loads(KNOWN.read_text(encoding="utf-8")) if KNOWN.exists() else {}
    now = measure()
    if "--write" in sys.argv:
        kept = {
            rule: {p: min(size, known[rule].get(p, size)) for p, size in now[rule].items()}
            for rule in LIMITS
        }
        if KNOWN.exists():
            kept = {
                rule: {p: s for p, s in kept[rule].items() if p in known[rule]} for rule in kept
            }
        lines = ["# What is over a limit of .ci/gate.py today. It only shrinks: never add to it.\n"]
        for rule, places in kept.items():
            if places:
                lines += [f"\n[{rule}]\n", *(f'"{p}" = {s}\n' for p, s in sorted(places.items()))]
        KNOWN.write_text("".join(lines), encoding="utf-8")
        return 0
    wrong = []
    for rule, limit in LIMITS.items():
        for place in sorted(now[rule].keys() | known[rule].keys()):
            size, allowed = now[rule].get(place, 0), known[rule].get(place, limit)
            if size > allowed:
                wrong.append(f"{place}: {size} {RULES[rule]}, at most {allowed}")
            elif place in known[rule] and size < allowed:
                wrong.append(f"{place}: {size} {RULES[rule]} by now: python .ci/gate.py --write")
    print("\n".join(wrong) or f"The house keeps its rules ({sum(map(len, now.values()))} left).")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
