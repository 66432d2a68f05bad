"""The acceptance scenarios of the ledger, in the domain's words (quantities)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jitledger.domain.errors import Refused
from jitledger.domain.quantity import show
from jitledger.domain.state.quantities import exceptions
from jitledger.testing.paper import PaperLedger
from jitledger.testing.story import tell


def shop(*locations: str) -> PaperLedger:
    """Open a shop with one product, MUG."""
    ledger = PaperLedger(locations=locations or ("main",))
    ledger.record("2025-01-01T00:00:00", do="register", sku="MUG", name="Blue mug")
    return ledger


def test_1_backdated_receipt_before_a_sale() -> None:
    """A receipt entered late explains a sale below zero; what was believed then stays."""
    ledger = shop()
    tell(
        ledger,
        "MUG",
        """
        2026-03-01T09:00:00 | receive unit_cost=4                          | 10 | 10
        2026-03-03T10:00:00 | sell                                         | 12 | -2
        2026-03-05T09:00:00 | receive unit_cost=5 occurred_at=2026-03-02   | 10 | 8
        """,
    )
    item = ledger.item("MUG")
    assert exceptions(item, ledger.quantities("MUG")) == []
    then = ledger.quantities("MUG", as_at="2026-03-04T00:00:00")
    assert show(then.on_hand) == "-2"


def test_1_the_exception_is_open_until_the_late_fact() -> None:
    """Below zero is an exception for its location, by name."""
    ledger = shop()
    tell(
        ledger, "MUG", "2026-03-01T09:00:00 | receive | 10 | 10\n2026-03-03T09:00:00 | sell | 12 |"
    )
    found = exceptions(ledger.item("MUG"), ledger.quantities("MUG"))
    assert [(e["code"], e["location"]) for e in found] == [("negative-stock", "main")]


def test_3_count_while_a_sale_is_in_flight() -> None:
    """A sale stated before the count leaves the count; one stated after it is subtracted."""
    for stated, expected in (("2026-03-02T13:55:00", "17"), ("2026-03-02T14:05:00", "14")):
        ledger = shop()
        tell(
            ledger,
            "MUG",
            f"""
            2026-03-01T09:00:00 | receive                | 20 | 20
            2026-03-02T14:00:00 | count                  | 17 | 17
            2026-03-02T14:10:00 | sell occurred_at={stated} | 3 | {expected}
            """,
        )


def test_4_late_receipt_before_a_count() -> None:
    """A receipt entered for a day before the count changes the variance, not the count."""
    ledger = shop()
    sales = "\n".join(
        f"2026-{month:02d}-05T10:00:00 | sell | {units} |"
        for month, units in ((7, 3), (8, 3), (9, 3), (10, 3), (11, 2))
    )
    tell(ledger, "MUG", sales)
    tell(ledger, "MUG", "2026-11-11T18:00:00 | count | 1 | 1")
    tell(ledger, "MUG", "2026-11-20T09:00:00 | receive occurred_at=2026-07-01 | 56 | 1")
    assert show(ledger.quantities("MUG", as_of="2026-11-10T23:59:59").on_hand) == "42"


def test_5_void_before_a_count() -> None:
    """Voiding an old sale leaves the counted 1 (as in ERPNext issue 54640)."""
    ledger = shop()
    tell(
        ledger,
        "MUG",
        """
        2026-11-01T09:00:00 | receive | 57 | 57
        2026-11-02T09:00:00 | sell    | 1  | 56
        2026-11-03T09:00:00 | sell    | 3  | 53
        2026-11-04T09:00:00 | sell    | 11 | 42
        2026-11-15T09:00:00 | count   | 1  | 1
        2026-11-16T09:00:00 | void    | 3  | 1
        """,
    )


def test_13_sku_never_sold() -> None:
    """A product that never sold has no demand and no exception."""
    ledger = shop()
    tell(ledger, "MUG", "2026-03-01T09:00:00 | receive unit_cost=5 | 24 | 24")
    item = ledger.item("MUG")
    assert item.demand == {}
    assert exceptions(item, ledger.quantities("MUG")) == []


class TestPromises:
    """Scenario 24: the last unit, concurrency, lapse and handover."""

    @pytest.fixture
    def ledger(self) -> PaperLedger:
        """Open a shop with 1 here and 3 in the warehouse."""
        found = shop("main", "WH")
        tell(found, "MUG", "2026-03-01T09:00:00 | receive | 1 |")
        tell(found, "MUG", "2026-03-01T09:01:00 | receive at=WH | 3 |")
        return found

    def reserve(self, ledger: PaperLedger, now: str, name: str, *quantities: str) -> list[str]:
        """Reserve some lines of MUG at main."""
        lines = [{"sku": "MUG", "qty": q} for q in quantities]
        return ledger.record(now, do="reserve", reservation=name, lines=lines, ttl_seconds=1800)

    def test_one_wins_and_the_other_hears_where_there_is_more(self, ledger: PaperLedger) -> None:
        """Two reservations of the last unit: the second is refused with the alternatives."""
        self.reserve(ledger, "2026-03-02T09:00:00", "R1", "1")
        with pytest.raises(Refused) as refused:
            self.reserve(ledger, "2026-03-02T09:00:01", "R2", "1")
        assert refused.value.code == "not-available"
        assert refused.value.fields["available"] == "0"
        assert refused.value.fields["elsewhere"] == {"WH": "3"}
        assert "3 at WH" in refused.value.message

    def test_two_lines_of_one_sku_are_checked_as_their_sum(self, ledger: PaperLedger) -> None:
        """An order with lines 1 + 1 of the same SKU is refused as a whole."""
        with pytest.raises(Refused):
            self.reserve(ledger, "2026-03-02T09:00:00", "R1", "1", "1")
        assert show(ledger.quantities("MUG").reserved) == "0"

    def test_fulfilment_and_lapse(self, ledger: PaperLedger) -> None:
        """4 reserved: 5 are refused, 3 and final release 1; a lapsed promise frees its stock."""
        tell(ledger, "MUG", "2026-03-01T10:00:00 | receive | 9 |")
        self.reserve(ledger, "2026-03-02T09:00:00", "R1", "4")
        sale = {"do": "sell", "sku": "MUG", "reservation": "R1"}
        with pytest.raises(Refused):
            ledger.record("2026-03-02T09:05:00", **sale, qty="5")
        ledger.record("2026-03-02T09:06:00", **sale, qty="3", final=True)
        q = ledger.quantities("MUG")
        assert (show(q.on_hand), show(q.reserved)) == ("10", "0")

    def test_a_handover_after_expiry_is_a_fact(self, ledger: PaperLedger) -> None:
        """After 30 minutes the stock is free again; the handover is accepted all the same."""
        self.reserve(ledger, "2026-03-02T09:00:00", "R1", "1")
        early = ledger.quantities("MUG", at="2026-03-02T09:29:00")
        late = ledger.quantities("MUG", at="2026-03-02T09:31:00")
        assert (
            show(early.by_location["main"].available),
            show(late.by_location["main"].available),
        ) == ("0", "1")
        self.reserve(ledger, "2026-03-02T09:31:00", "R2", "1")
        ledger.record("2026-03-02T09:32:00", do="sell", sku="MUG", qty="1", reservation="R1")
        found = exceptions(ledger.item("MUG"), ledger.quantities("MUG"))
        assert [e["code"] for e in found] == ["oversold"]

    def test_a_void_of_the_sale_reopens_the_promise(self, ledger: PaperLedger) -> None:
        """A reservation is reopened by the void of the sale that fulfilled it."""
        self.reserve(ledger, "2026-03-02T09:00:00", "R1", "1")
        sale = {"do": "sell", "sku": "MUG", "qty": "1", "reservation": "R1", "final": True}
        (entry,) = ledger.record("2026-03-02T09:05:00", **sale)
        assert show(ledger.quantities("MUG").reserved) == "0"
        ledger.record("2026-03-02T09:06:00", do="void", entry=entry)
        assert show(ledger.quantities("MUG").reserved) == "1"


def test_25_why_seven_and_time_travel() -> None:
    """0 + 30 − 18 − 2 + 1 − 4 = 7; yesterday as we knew it was 9."""
    ledger = shop("main", "shop")
    tell(
        ledger,
        "MUG",
        """
        2026-03-01T09:00:00 | receive                      | 30 | 30
        2026-03-02T09:00:00 | sell                         | 16 | 14
        2026-03-02T10:00:00 | write-off reason=damage      | 2  | 12
        2026-03-02T11:00:00 | return                       | 1  | 13
        2026-03-02T12:00:00 | transfer from=main to=shop   | 4  | 13
        2026-03-03T09:00:00 | sell occurred_at=2026-03-02  | 2  | 11
        """,
    )

    def here(**axes: str) -> Decimal:
        return ledger.quantities("MUG", **axes).by_location["main"].on_hand

    assert here() == 7
    assert here(as_of="2026-03-02T23:59:59") == 7
    assert here(as_of="2026-03-02T23:59:59", as_at="2026-03-02T23:59:59") == 9


class TestTransfers:
    """Scenario 29: goods in transit, several locations, negative here and positive there."""

    def test_dispatch_receive_lose(self) -> None:
        """20 at A: 8 dispatched, 7 received, 1 lost: A 12, B 7, network 19."""
        ledger = shop("A", "B")
        tell(
            ledger,
            "MUG",
            """
            2026-03-01T09:00:00 | receive at=A                                  | 20 | 20
            2026-03-02T09:00:00 | transfer from=A to=B transfer=T1 step=dispatch | 8  | 12
            """,
        )
        q = ledger.quantities("MUG")
        assert (show(q.inventory_position), show(q.in_transit)) == ("20", "8")
        tell(
            ledger,
            "MUG",
            """
            2026-03-03T09:00:00 | transfer transfer=T1 step=receive | 7 | 19
            2026-03-03T09:00:00 | transfer transfer=T1 step=lost    | 1 | 19
            """,
        )
        q = ledger.quantities("MUG")
        assert {c: show(r.on_hand) for c, r in q.by_location.items()} == {"A": "12", "B": "7"}
        assert (show(q.in_transit), show(q.inventory_position)) == ("0", "19")

    def test_sold_at_the_shop_from_the_warehouse(self) -> None:
        """Demand belongs to the shop, stock leaves the warehouse."""
        ledger = shop("shop", "WH")
        tell(
            ledger,
            "MUG",
            """
            2026-03-01T09:00:00 | receive at=WH             | 5 | 5
            2026-03-02T09:00:00 | sell at=shop ships_from=WH | 1 | 4
            """,
        )
        item = ledger.item("MUG")
        assert list(item.demand) == ["shop"]
        assert show(item.shelves["WH"].on_hand) == "4"

    def test_a_negative_shop_hides_nothing(self) -> None:
        """−4 at A and 3 at B: 3 can be sold, the position is −1."""
        ledger = shop("A", "B")
        tell(
            ledger,
            "MUG",
            """
            2026-03-01T09:00:00 | count at=A   | 0 | 0
            2026-03-01T09:01:00 | receive at=B | 3 | 3
            2026-03-02T09:00:00 | sell at=A    | 4 | -1
            """,
        )
        q = ledger.quantities("MUG")
        assert (show(q.network_sellable), show(q.inventory_position)) == ("3", "-1")

    def test_more_received_than_dispatched_is_an_exception(self) -> None:
        """In transit may go negative, opens an exception and adds nothing to available."""
        ledger = shop("A", "B")
        tell(
            ledger,
            "MUG",
            """
            2026-03-01T09:00:00 | receive at=A                                  | 5 | 5
            2026-03-02T09:00:00 | transfer from=A to=B transfer=T1 step=dispatch | 2 | 3
            2026-03-03T09:00:00 | transfer transfer=T1 step=receive              | 3 | 6
            """,
        )
        q = ledger.quantities("MUG")
        assert (show(q.in_transit), show(q.available)) == ("-1", "6")
        assert [e["code"] for e in exceptions(ledger.item("MUG"), q)] == ["negative-in-transit"]


class TestKnown:
    """Unknown is not zero."""

    def test_sales_before_any_count_are_no_exception(self) -> None:
        """Until the first opening, receipt or count stock is unknown."""
        ledger = shop()
        tell(ledger, "MUG", "2026-03-01T09:00:00 | sell | 5 | -5")
        q = ledger.quantities("MUG")
        assert not q.known
        assert exceptions(ledger.item("MUG"), q) == []
        assert ledger.item("MUG").shelves["main"].out_since is None

    def test_a_first_count_is_an_opening_balance(self) -> None:
        """The first count makes the stock known and is no gain."""
        ledger = shop()
        tell(ledger, "MUG", "2026-03-01T09:00:00 | sell | 5 |\n2026-03-02T09:00:00 | count | 8 | 8")
        assert ledger.quantities("MUG").known


class TestOrdering:
    """The one ordering rule."""

    def test_day_precision_of_today_holds_at_once(self) -> None:
        """A count entered today by date does not swallow what happens later today."""
        ledger = shop()
        tell(
            ledger,
            "MUG",
            """
            2026-03-02T09:00:00 | receive                       | 10 | 10
            2026-03-02T10:00:00 | count occurred_at=2026-03-02  | 8  | 8
            2026-03-02T11:00:00 | sell                          | 1  | 7
            """,
        )

    def test_both_halves_of_a_transfer_take_the_same_moment(self) -> None:
        """A one-step transfer by date happens at the earlier of its two moments, out before in."""
        ledger = shop("A", "B")
        tell(ledger, "MUG", "2026-03-01T09:00:00 | receive at=A | 5 |")
        tell(
            ledger, "MUG", "2026-03-05T09:00:00 | transfer from=A to=B occurred_at=2026-03-03 | 2 |"
        )
        out, into = ledger.entries("MUG")[-2:]
        assert out[1].effective_at == into[1].effective_at
        assert (out[1].name, into[1].name) == ("transfer-dispatched", "transfer-received")


class TestCorrections:
    """Void, correct, and the chain of corrections."""

    def test_a_command_on_a_corrected_entry_follows_the_chain(self) -> None:
        """Correcting or voiding the first entry reaches the one in force."""
        ledger = shop()
        tell(ledger, "MUG", "2026-03-01T09:00:00 | receive | 10 | 10")
        ledger.record("2026-03-02T09:00:00", do="correct", entry="MUG/2", **{"with": {"qty": "7"}})
        ledger.record("2026-03-02T10:00:00", do="correct", entry="MUG/2", **{"with": {"qty": "6"}})
        assert show(ledger.quantities("MUG").on_hand) == "6"
        ledger.record("2026-03-02T11:00:00", do="void", entry="MUG/2")
        assert show(ledger.quantities("MUG").on_hand) == "0"
        with pytest.raises(Refused) as refused:
            ledger.record("2026-03-02T12:00:00", do="void", entry="MUG/2")
        assert refused.value.code == "already-voided"

    def test_the_moment_stays_unless_given(self) -> None:
        """A corrected fact keeps its own moment and precision."""
        ledger = shop()
        tell(ledger, "MUG", "2026-03-05T09:00:00 | receive occurred_at=2026-03-02 | 10 | 10")
        before = ledger.entries("MUG")[-1][1]
        ledger.record("2026-03-06T09:00:00", do="correct", entry="MUG/2", **{"with": {"qty": "7"}})
        after = ledger.entries("MUG")[-1][1]
        assert after.corrects == "MUG/2"
        assert (after.effective_at, after.occurred_on) == (before.effective_at, before.occurred_on)
