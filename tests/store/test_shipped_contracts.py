"""The suites that are shipped for others hold for our own stores and views."""

from __future__ import annotations

from pathlib import Path

import pytest

from jitledger.service.views.contract import Projection
from jitledger.store.database import Database
from jitledger.store.open import open_database
from jitledger.testing.contracts import ProjectionContract, StoreContract
from jitledger_projections.views.demand_rate import DemandRate
from jitledger_projections.views.exceptions import Exceptions
from jitledger_projections.views.on_hand import OnHand
from jitledger_projections.views.on_order import OnOrder
from jitledger_projections.views.products import Products
from jitledger_projections.views.supply import Supply


class TestStores(StoreContract):
    """SQLite, and a real PostgreSQL where there is one."""

    url: str

    @pytest.fixture(autouse=True)
    def _where(self, store_url: str) -> None:
        self.url = store_url

    def open(self, folder: Path) -> Database:
        """Return the database of the test."""
        return open_database(self.url)


class TestOnHand(ProjectionContract):
    """What is on the shelf."""

    def projection(self) -> Projection:
        """Return the view."""
        return OnHand()


class TestDemandRate(ProjectionContract):
    """What is asked for."""

    def projection(self) -> Projection:
        """Return the view."""
        return DemandRate()


class TestExceptions(ProjectionContract):
    """What cannot be true."""

    def projection(self) -> Projection:
        """Return the view."""
        return Exceptions()


class TestProducts(ProjectionContract):
    """What there is."""

    def projection(self) -> Projection:
        """Return the view."""
        return Products()


class TestSupply(ProjectionContract):
    """Who sells it to us."""

    def projection(self) -> Projection:
        """Return the view."""
        return Supply()


class TestOnOrder(ProjectionContract):
    """What is to come."""

    def projection(self) -> Projection:
        """Return the view."""
        return OnOrder()


class Forgetful(OnHand):
    """A view that shows late facts as if they were the newest."""

    def apply(self, tx: object, batch: object, suffix: str) -> None:
        """Write nothing in a rebuild."""
        if not suffix:
            super().apply(tx, batch, suffix)  # type: ignore[arg-type]


def test_a_view_with_a_bug_does_not_keep_the_contract(tmp_path: Path) -> None:
    """The suite can fail: a view whose rebuild forgets is found."""

    class Suite(ProjectionContract):
        def projection(self) -> Projection:
            return Forgetful()

    suite = Suite()
    opened = ProjectionContract.opened.__wrapped__(suite, tmp_path)  # type: ignore[attr-defined]
    with pytest.raises(AssertionError):
        suite.test_a_rebuild_gives_what_the_appends_gave(opened)
