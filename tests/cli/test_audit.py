"""What auditors and monitors type: history, log, why in the shop's time, sweep and doctor."""

from __future__ import annotations

from tests.cli.shell import Shell, apply


def test_times_are_the_shops(shell: Shell) -> None:
    """09:00 UTC is 10:00 in Berlin, in history, why and log alike; JSON stays in UTC."""
    apply(
        shell,
        {"do": "register", "sku": "MUG", "name": "Blue mug", "now": "2026-03-01T08:00:00Z"},
        {"do": "receive", "sku": "MUG", "qty": "5", "now": "2026-03-05T09:00:00Z"},
        {
            "do": "sell",
            "sku": "MUG",
            "qty": "1",
            "unit_price": "9.5",
            "now": "2026-03-05T09:01:00Z",
        },
        {"do": "unmet", "sku": "MUG", "qty": "7", "now": "2026-03-05T09:02:00Z"},
    )
    for words in (("history", "MUG"), ("why", "MUG"), ("log",)):
        text = shell.run(*words).stdout
        assert "2026-03-05 10:01" in text
        assert "price 9.50 EUR" in text
    assert "(7)" in shell.run("history", "MUG").stdout
    history = shell.json("history", "MUG")
    assert history[-1]["recorded_at"] == "2026-03-05T09:02:00Z"
    (lost,) = shell.json("advise", "stockouts")
    assert (lost["asked_for"], lost["lost_units"]) == (7, 7)


def test_a_sweep_without_a_bot(shell: Shell) -> None:
    """Doctor says that there was none, then that it is old, then nothing."""
    sales: list[dict[str, object]] = [
        {"do": "sell", "sku": "MUG", "qty": "3", "now": f"2026-03-{day:02d}T10:00:00Z"}
        for day in range(2, 30)
    ]
    apply(
        shell,
        {"do": "register", "sku": "MUG", "name": "Blue mug", "now": "2026-03-01T08:00:00Z"},
        {"do": "open", "sku": "MUG", "qty": "90", "now": "2026-03-01T08:00:00Z"},
        *sales,
    )
    assert "never computed" in shell.run("doctor", "--quick").stdout
    swept = shell.json("sweep")
    memory = {"days": 14.0, "why": None}  # Not before there is a season to replay.
    told = {"memory": memory, "lots": {"scale": 0.0, "why": None}}
    assert swept == {"reorder_points": 1, "through": "2026-03-28", "due": 1, **told}
    assert shell.json("doctor", "--quick")["sweep"] == {
        "through": "2026-03-28",
        "days_old": 0,
        "late": None,
    }
    level = shell.json("reorder")[0]["service_level"]
    apply(shell, {"do": "location", "code": "B", "now": "2026-04-03T10:00:00Z"})
    found = shell.json("doctor", "--quick")
    assert found["sweep"]["days_old"] == 5
    assert "jitledger sweep" in found["sweep"]["late"]
    shell.run("sweep")
    assert "never" not in shell.run("doctor", "--quick").stdout
    assert 0 < float(level) < 1


def test_doctor_names_late_orders(shell: Shell) -> None:
    """An order of ten days ago with a lead time of five is five days late."""
    line = {"sku": "MUG", "qty": "5"}
    supplier = {"do": "supplier", "code": "ACME", "name": "Acme", "lead_time_days": 5}
    apply(
        shell,
        {"do": "register", "sku": "MUG", "name": "Blue mug", "now": "2026-03-01T08:00:00Z"},
        supplier | {"now": "2026-03-01T08:00:00Z"},
        {
            "do": "order",
            "po": "P1",
            "supplier": "ACME",
            "lines": [line],
            "now": "2026-03-01T09:00:00Z",
        },
        {"do": "location", "code": "B", "now": "2026-03-11T09:00:00Z"},
    )
    assert shell.json("doctor", "--quick")["late_orders"] == [
        {"po": "P1", "supplier": "ACME", "late_days": 5}
    ]
    assert "Late orders: P1 from ACME (5 days)." in shell.run("doctor", "--quick").stdout


def test_the_same_suggestion_is_not_drafted_twice(shell: Shell) -> None:
    """A draft that waits is named; under its own number it is written anew, once placed another."""
    policy = {"method": "manual", "reorder_point": "5", "order_quantity": "12"}
    apply(
        shell,
        {"do": "register", "sku": "MUG", "name": "Blue mug"},
        {"do": "supplier", "code": "ACME", "name": "Acme", "lead_time_days": 5},
        {"do": "terms", "supplier": "ACME", "sku": "MUG", "unit_cost": "4"},
        {"do": "open", "sku": "MUG", "qty": "5"},
        {"do": "policy", "sku": "MUG", **policy},
    )
    words = ("order", "draft", "--supplier", "acme", "--suggested")
    shell.run(*words)
    again = shell.run(*words, check=False)
    assert again.returncode == 1
    assert "draft-waits: PO-1 from ACME" in again.stderr
    other = shell.run("order", "draft", "P9", *words[2:], check=False)
    assert other.returncode == 1
    (line,) = shell.json("reorder")
    assert line["drafted"] == ["PO-1"]
    shell.run("sell", "MUG", "1")
    shell.run("order", "draft", "PO-1", *words[2:])
    (order,) = shell.json("order", "list")
    assert [line["ordered"] for line in order["lines"]] == ["12"]
    shell.run("order", "place", "PO-1")
    assert "nothing-due" in shell.run(*words, check=False).stderr
