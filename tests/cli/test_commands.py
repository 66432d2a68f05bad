"""The command line: transcripts, exit codes, every help's example, and a fast start."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import click

from jitledger.cli import COMMANDS, cli
from jitledger_projections.reports.table import all_reports
from tests.cli.shell import Shell, apply


def test_the_contract_shapes(shell: Shell) -> None:
    """apply, stock, history, why and verify answer in the shapes of the contract."""
    answers = apply(
        shell,
        {"do": "register", "sku": "MUG", "name": "Blue mug", "now": "2026-03-01T08:00:00Z"},
        {
            "do": "receive",
            "sku": "MUG",
            "qty": "10",
            "unit_cost": "4",
            "at": "main",
            "occurred_at": "2026-03-02",
            "key": "k1",
            "now": "2026-03-05T09:00:00Z",
            "actor": "ana",
        },
        {"do": "sell", "sku": "MUG", "qty": "3", "occurred_at": "2026-03-03T13:55:00+01:00"},
        {"do": "correct", "entry": "MUG/3", "with": {"qty": "2"}},
    )
    assert answers[1] == {"ok": True, "entries": ["MUG/2"], "repeat": False, "on_hand": "10"}
    assert answers[3]["entries"] == ["MUG/4", "MUG/5"]
    stock = shell.json("stock", "MUG")
    assert isinstance(stock, dict)
    assert set(stock) == {
        "sku",
        "name",
        "on_hand",
        "unsellable",
        "reserved",
        "available",
        "on_order",
        "in_transit",
        "inventory_position",
        "average_cost",
        "value",
        "known",
        "by_location",
        "exceptions",
        "backorders",
        "orders",
    }
    assert (stock["on_hand"], stock["value"], stock["known"]) == ("8", None, True)
    assert stock["by_location"]["main"]["on_hand"] == "8"
    history = shell.json("history", "MUG")
    assert isinstance(history, list)
    assert set(history[0]) == {
        "entry",
        "event",
        "occurred_at",
        "recorded_at",
        "location",
        "delta",
        "balance",
        "actor",
        "channel",
        "voided_by",
        "note",
        "quantity",
        "details",
    }
    received = next(row for row in history if row["entry"] == "MUG/2")
    assert (received["occurred_at"], received["recorded_at"], received["actor"]) == (
        "2026-03-02",
        "2026-03-05T09:00:00Z",
        "ana",
    )
    assert next(row for row in history if row["entry"] == "MUG/3")["voided_by"] == "MUG/4"
    why = shell.json("why", "MUG")
    assert isinstance(why, dict)
    assert [t["delta"] for t in why["terms"]] == ["10", "-2"]
    assert why["on_hand"] == "8"
    verdict = shell.json("verify")
    assert isinstance(verdict, dict)
    assert set(verdict) == {"events", "seals", "seal", "ok", "first_difference"}
    assert verdict["ok"] is True
    early = json.loads(shell.run("stock", "MUG", "--as-at", "2026-03-04", "--json").stdout)
    assert early["on_hand"] == "0"


def test_a_bad_line_is_answered_and_the_rest_goes_on(shell: Shell) -> None:
    """Any bytes in a line: an answer with a code; exit code 1; the others are recorded."""
    lines = [
        '{"do": "register", "sku": "MUG", "name": "🦄 שלום"}'.encode(),
        b"\xff\xfe\x00garbage",
        b'{"do": "sell", "sku": "MUG", "qty": "1e309"}',
        b'{"do": "sell", "sku": "MUG", "qty": "-0"}',
        b'{"do": "sell", "sku": "MUG", "qty": "1' + b"0" * 30 + b'"}',
        b'{"do": "receive", "sku": "MUG", "qty": "1", "occurred_at": "0000-01-01"}',
        b'{"do": "receive", "sku": "MUG", "qty": "1", "occurred_at": "9999-12-31"}',
        b'{"do": "receive", "sku": "MUG", "qty": "1", "note": "' + b"x" * 4096 + b'"}',
        b"[" * 5000,
        b'{"do": "receive", "sku": "MUG", "qty": "5"}',
    ]
    done = shell.run("apply", "-", stdin=b"\n".join(lines) + b"\n", check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [a["ok"] for a in answers] == [True] + [False] * 8 + [True]
    codes = [a["error"]["code"] for a in answers[1:9]]
    assert codes == [
        "bad-json",
        "bad-value",
        "not-positive",
        "bad-value",
        "bad-value",
        "bad-value",
        "bad-value",
        "bad-json",
    ]
    assert answers[-1]["on_hand"] == "5"


def test_exit_codes(shell: Shell) -> None:
    """0 done, 1 refused by a rule, 2 wrong usage, 4 store or environment."""
    assert shell.run("stock", "NOPE", check=False).returncode == 1
    assert shell.run("sell", "NOPE", "1", check=False).returncode == 1
    assert shell.run("sell", check=False).returncode == 2
    assert shell.run("frobnicate", check=False).returncode == 2
    assert shell.run("--database", "mysql://x", "stock", check=False).returncode == 4
    assert shell.run("--database", "sqlite:///no/such/x.db", "stock", check=False).returncode == 4
    assert "not there yet" in shell.run("report", "abc", check=False).stderr


def test_init_again_changes_nothing(shell: Shell) -> None:
    """On the same database init says so; the first one printed the owner's link."""
    assert "open already" in shell.run("init", "--name", "Other").stdout
    assert "/start " not in shell.run("init").stdout


def test_now_is_refused_on_a_live_shop(tmp_path: Path) -> None:
    """A live shop cannot be told the time."""
    shell = Shell(tmp_path)
    assert "/start " in shell.run("init", "--name", "Live").stdout
    (answer,) = apply(
        shell, {"do": "location", "code": "x", "now": "2026-03-01T08:00:00Z"}, check=False
    )
    assert answer["error"]["code"] == "bad-value"


def test_the_simulated_clock_does_not_go_back(shell: Shell) -> None:
    """A new command with an earlier now is refused; a repeat with one is a repeat."""
    line: dict[str, object] = {
        "do": "register",
        "sku": "MUG",
        "name": "Mug",
        "key": "k",
        "now": "2026-03-05T09:00:00Z",
    }
    answers = apply(
        shell,
        line,
        {**line, "now": "2026-03-01T09:00:00Z"},
        {"do": "receive", "sku": "MUG", "qty": "1", "now": "2026-03-01T09:00:00Z"},
        check=False,
    )
    assert [a.get("repeat") for a in answers[:2]] == [False, True]
    assert answers[2]["error"]["code"] == "clock-backwards"


def test_people_are_named_outside_the_ledger(shell: Shell) -> None:
    """An actor becomes an opaque id; forgetting erases the name and keeps the entries."""
    apply(shell, {"do": "register", "sku": "MUG", "name": "Mug", "actor": "ana"})
    (row,) = shell.json("history", "MUG")
    assert row["actor"] == "ana"
    kept = shell.json("log")
    assert isinstance(kept, list)
    exported = json.loads(shell.run("export-person", "ana").stdout)
    assert exported["name"] == "ana"
    assert len(exported["entries"]) == 1
    assert b"ana" not in json.dumps(exported["entries"]).encode()
    refused = shell.run("forget", "ana", check=False)
    assert refused.returncode == 1
    assert "erased for good" in refused.stderr
    shell.run("forget", "ana", "--yes")
    (row,) = shell.json("history", "MUG")
    assert row["actor"].startswith("m-")


EXAMPLE = re.compile(r"Example: (.+)")
NOT_RUN = {"bot", "demo"}  # Started for real by the tests of the bot and of the sample shop.
NOT_RUN |= {"restore"}  # It names another place; run below.


def example_of(name: str) -> str:
    """Return the example that ends a command's help."""
    group: click.Group = cli
    for word in name.split():
        command = group.get_command(click.Context(group), word)
        assert command is not None
        if isinstance(command, click.Group):
            group = command
    assert command is not None
    found = EXAMPLE.search(command.help or "")
    assert found is not None, f"{name} has no example"
    return found.group(1)


def test_every_example_works(shell: Shell) -> None:
    """The example at the end of every command's help is run, in the order of a shop's life."""
    apply(
        shell,
        {"do": "register", "sku": "MUG", "name": "Blue mug", "now": "2026-11-20T08:00:00Z"},
        {"do": "pack", "sku": "MUG", "code": "carton", "factor": "6"},
        {"do": "price", "sku": "MUG", "price": "9"},
        {"do": "location", "code": "shop"},
        {"do": "supplier", "code": "ACME", "name": "Acme"},
    )
    (shell.folder / "counts.csv").write_text("sku,counted\nMUG,20\n")
    later = {"report"}
    early = {"backtest"}  # There is too little history, and it says so.
    last = ("retire", "forget", "remove", "export-person")
    names = [n for n in COMMANDS if n not in NOT_RUN | later | early | set(last)]
    first = ["open", "receive", "sell", "return"]
    names = first + [n for n in names if n not in first and n not in ("release", "void", "correct")]
    apply(shell, {"do": "unmet", "sku": "MUG", "qty": "1", "actor": "ana"})
    for name in [*names, "release"]:
        run_example(shell, name)
    history = shell.json("history", "MUG")
    assert isinstance(history, list)
    assert "MUG/3" in [row["entry"] for row in history]
    for name in ("draft", "place", "confirm", "delay", "receive", "cancel", "show", "message"):
        run_example(shell, f"order {name}")
    for name in ("list", "close"):
        run_example(shell, f"order {name}")
    for name in ["jit", *(all_reports().keys() - {"reorder"})]:
        run_example(shell, f"advise {name}")
    for name in ("export-person", "forget", "retire"):
        run_example(shell, name)
    for name in later | early:
        example = example_of(name).split()
        assert shell.run(*example[1:], check=False).returncode == 1


def test_a_shop_is_copied_restored_and_drilled(shell: Shell) -> None:
    """What a person types: a copy, a second one refused, another place, a drill."""
    apply(shell, {"do": "register", "sku": "MUG", "name": "Blue mug"})
    shell.run("receive", "MUG", "5")
    made = shell.json("backup", "copy.db")
    assert isinstance(made, dict)
    assert list(made) == ["file", "events", "seal", "bytes"]
    assert shell.run("backup", "copy.db", check=False).returncode == 4
    put = ("--database", f"sqlite:///{shell.folder / 'new.db'}")
    restored = shell.json(*put, "restore", "copy.db")
    assert isinstance(restored, dict)
    assert restored["seal"] == made["seal"]
    assert shell.run(*put, "restore", "copy.db", check=False).returncode == 4
    assert "5" in shell.run(*put, "stock", "MUG").stdout
    drilled = shell.json("drill")
    assert isinstance(drilled, dict)
    assert drilled["ok"] is True
    assert drilled["products"] == 1


def test_a_shop_is_moved_and_looked_after(shell: Shell) -> None:
    """Copied into another database, its views compared, its clock and what was set aside asked."""
    apply(shell, {"do": "register", "sku": "MUG", "name": "Blue mug"})
    shell.run("receive", "MUG", "5")
    other = f"sqlite:///{shell.folder / 'moved.db'}"
    copied = shell.json("copy", f"sqlite:///{shell.folder / 'shop.db'}", other)
    there = shell.json("--database", other, "verify", "--views")
    assert isinstance(copied, dict)
    assert isinstance(there, dict)
    assert (there["ok"], there["views"], there["seal"]) == (True, [], copied["seal"])
    again = shell.run("copy", f"sqlite:///{shell.folder / 'shop.db'}", other, check=False)
    assert again.returncode == 4
    with sqlite3.connect(shell.folder / "moved.db") as shop:
        shop.execute("UPDATE on_hand SET on_hand = '6'")
    shop.close()
    wrong = shell.run("--database", other, "verify", "--views", check=False)
    assert wrong.returncode == 1
    assert "on_hand is not what the log says" in wrong.stdout
    assert shell.json("letters") == []
    assert shell.run("letters", "retry", "m1", check=False).returncode == 1
    told = shell.json("clock")
    assert isinstance(told, dict)
    assert told["wrong"] is None
    assert shell.json("doctor", "--quick") is not None


def run_example(shell: Shell, name: str) -> None:
    """Run one example as a person would type it."""
    import shlex

    text = example_of(name)
    stdin = ""
    if text.startswith("echo"):
        quoted, _, text = text.partition(" | ")
        stdin = shlex.split(quoted)[1]
    words = shlex.split(text)
    assert words[0] == "jitledger"
    assert words[1] == name.split()[0]
    shell.run(*words[1:], stdin=stdin)


def test_orders_say_their_currency_and_that_nothing_comes_of_a_draft(shell: Shell) -> None:
    """A draft has nothing to come; what costs dollars says so, beside euros that need not."""
    apply(
        shell,
        {"do": "register", "sku": "MUG", "name": "Blue mug", "now": "2026-03-01T08:00:00Z"},
        {"do": "supplier", "code": "ACME", "name": "Acme", "currency": "USD"},
    )
    line = ("--supplier", "ACME", "--line", "MUG=38@2.50")
    shell.run("order", "draft", "P8", *line)
    shell.run("order", "place", "P9", *line, "--currency", "USD", "--rate", "0.9")
    listed = shell.run("order", "list").stdout
    assert "38 MUG, not placed yet" in listed
    assert "38 of 38 MUG" in listed
    assert "95 USD" in listed
    assert "costs in USD" in shell.run("order", "show", "P9").stdout


def test_an_order_from_draft_to_received(shell: Shell) -> None:
    """The order book says what is to come, what is late and when it is expected."""
    apply(
        shell,
        {"do": "register", "sku": "MUG", "name": "Blue mug", "now": "2026-03-01T08:00:00Z"},
        {"do": "supplier", "code": "ACME", "name": "Acme", "lead_time_days": "7"},
        {"do": "terms", "supplier": "ACME", "sku": "MUG", "unit_cost": "4", "supplier_sku": "B7"},
    )
    place = ("order", "place", "P7", "--supplier", "ACME", "--line", "MUG=50")
    assert "P7" in shell.run(*place, "--promised", "2026-03-10").stdout
    shell.run("order", "receive", "P7", "MUG", "30")
    apply(shell, {"do": "unmet", "sku": "MUG", "qty": "1", "now": "2026-03-12T08:00:00Z"})
    (late,) = shell.json("order", "list", "--late")
    assert (late["po"], late["state"], late["late_days"]) == ("P7", "partly received", 2)
    (line,) = late["lines"]
    assert (line["received"], line["outstanding"], line["expected"]) == ("30", "20", "2026-03-10")
    assert line["late_days"] == 2
    assert line["likely"] > "2026-03-12"
    text = shell.run("order", "message", "P7").stdout
    assert "50 × Blue mug (your code B7, ours MUG) at 4 EUR, by 2026-03-10" in text
    table = shell.run("order", "message", "P7", "--csv").stdout
    assert "P7,MUG,B7,Blue mug,50,4,EUR,2026-03-10" in table
    assert (
        "bad-value"
        in shell.run("order", "draft", "--supplier", "ACME", "--line", "MUG", check=False).stderr
    )
    assert (
        "nothing-due"
        in shell.run("order", "draft", "--supplier", "ACME", "--suggested", check=False).stderr
    )


def test_voids_and_corrections_by_hand(shell: Shell) -> None:
    """Void and correct work as their examples say, with a preview that records nothing."""
    apply(
        shell,
        {"do": "register", "sku": "MUG", "name": "Blue mug"},
        {"do": "receive", "sku": "MUG", "qty": "9"},
        {"do": "sell", "sku": "MUG", "qty": "3"},
    )
    preview = shell.run("correct", "MUG/3", "qty=2", "--dry-run").stdout
    assert "Would record MUG/4, MUG/5. On hand 7." in preview
    assert "On hand 6" in shell.run("unmet", "MUG", "1").stdout
    run_example(shell, "correct")
    run_example(shell, "void")
    assert "-2" in shell.run("stock", "MUG").stdout


def test_start_imports_nothing_heavy(tmp_path: Path) -> None:
    """Help and one query import neither the bot nor numerics, charts, databases or tables."""
    code = (
        "import sys\n"
        "from jitledger.cli import cli\n"
        "cli.main(sys.argv[1:], standalone_mode=False)\n"
        "heavy = {'aiogram', 'aiohttp', 'numpy', 'scipy', 'matplotlib', 'psycopg', 'openpyxl',\n"
        "         'babel', 'rapidfuzz'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "light = {'pydantic', 'eventsourcing', 'rich'} & set(sys.modules)\n"
        "assert not light or sys.argv[1] != '--help', light\n"
    )
    env = {**os.environ, "JITLEDGER_DATABASE": "sqlite:///shop.db"}
    for words in (["--help"], ["init", "--name", "x"], ["stock", "--json"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_settings_are_named_when_wrong(tmp_path: Path) -> None:
    """A wrong setting is named in one sentence; a .env file is read; flags win."""
    shell = Shell(tmp_path)
    (tmp_path / ".env").write_text("JITLEDGER_LOG=LOUD\n")
    failed = shell.run("stock", check=False)
    assert failed.returncode == 4
    assert "JITLEDGER_LOG" in failed.stderr
    (tmp_path / ".env").write_text("JITLEDGER_DATABASE=sqlite:///other.db\n")
    del shell.env["JITLEDGER_DATABASE"]
    shell.run("init", "--name", "x")
    assert (tmp_path / "other.db").exists()
    shell.run("--database", "sqlite:///third.db", "init", "--name", "x")
    assert (tmp_path / "third.db").exists()
    refused = shell.run("bot", check=False)
    assert refused.returncode == 4
    assert "JITLEDGER_BOT_TOKEN" in refused.stderr
