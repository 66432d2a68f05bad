"""Claims follow from the log: made again from its events, they are those that were written."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from jitledger.domain.claims import Claims
from jitledger.domain.errors import LedgerError
from jitledger.domain.names import SKU_STREAM, split_entry
from jitledger.testing.paper import PaperLedger

SKUS = ("MUG-1", "mug 2", "1-12", "11-2")
CODES = ("4006381333931", "012345678905", "0012345678905", "BOX-7")

sku = st.sampled_from(SKUS)
barcodes = st.lists(st.sampled_from(CODES), max_size=2, unique=True)
line = st.fixed_dictionaries({"sku": sku, "qty": st.just("2")})
commands = st.one_of(
    st.fixed_dictionaries({"do": st.just("register"), "sku": sku, "barcodes": barcodes}),
    st.fixed_dictionaries({"do": st.just("rename"), "sku": sku, "barcodes": barcodes}),
    st.fixed_dictionaries({"do": st.just("receive"), "sku": sku, "qty": st.just("9")}),
    st.fixed_dictionaries({"do": st.just("supplier"), "code": st.sampled_from(["Acme", "ACME"])}),
    st.fixed_dictionaries(
        {
            "do": st.sampled_from(["order-draft", "order"]),
            "supplier": st.just("acme"),
            "lines": st.lists(line, min_size=1, max_size=3),
        }
    ),
    st.fixed_dictionaries(
        {
            "do": st.just("reserve"),
            "reservation": st.sampled_from(["R1", "R2"]),
            "lines": st.lists(line, min_size=1, max_size=3),
        }
    ),
    st.fixed_dictionaries(
        {
            "do": st.just("invite"),
            "code_hash": st.sampled_from(["a" * 64, "b" * 64]),
            "role": st.sampled_from(["staff", "viewer"]),
        }
    ),
)


def told(asked: list[dict[str, object]]) -> tuple[PaperLedger, Claims]:
    """Record what is not refused; return the ledger, and the claims of its events in order."""
    paper, claims = PaperLedger(), Claims()
    for number, fields in enumerate(asked):
        with suppress(LedgerError):
            for name in paper.record(f"2026-03-01T10:{number:02}:00Z", **fields):
                known, version = split_entry(name)
                stream = known if known in paper.streams else SKU_STREAM + known
                claims.fold(stream, paper.streams[stream][version - 1][1])
    return paper, claims


@given(st.lists(commands, max_size=25))
def test_claims_are_what_the_events_say(asked: list[dict[str, object]]) -> None:
    """Of any history nothing differs, and each claim that is changed or taken away is named."""
    paper, claims = told(asked)
    assert list(claims.differences(paper.claims)) == []
    for claim, owner in paper.claims.items():
        changed = {**paper.claims, claim: owner + "x"}
        assert list(claims.differences(changed)), claim
        without = {held: by for held, by in paper.claims.items() if held != claim}
        assert list(claims.differences(without)), claim
    added = {**paper.claims, ("sku", "another"): "MUG-1"}
    assert list(claims.differences(added))


def test_every_kind_of_claim_occurs() -> None:
    """The histories above are no empty ones."""
    asked: list[dict[str, object]] = [
        {"do": "register", "sku": "MUG-1", "barcodes": ["012345678905"]},
        {"do": "receive", "sku": "MUG-1", "qty": "9"},
        {"do": "supplier", "code": "Acme"},
        {"do": "order", "supplier": "acme", "lines": [{"sku": "mug1", "qty": "2"}]},
        {"do": "reserve", "reservation": "R1", "lines": [{"sku": "MUG-1", "qty": "2"}]},
        {"do": "invite", "code_hash": "a" * 64, "role": "staff"},
    ]
    paper, _ = told(asked)
    kinds = {"sku", "barcode", "supplier", "po", "po-sku", "reservation", "invitation"}
    assert {kind for kind, _ in paper.claims} == kinds
