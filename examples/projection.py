"""A view of our own: how many units of each category lie on the shelf.

Run it with ``python examples/projection.py``.
"""

from jitledger.bootstrap import open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.domain.events import Event
from jitledger.service.views.contract import Batch
from jitledger.service.views.driver import Driver
from jitledger.store.database import Tx


class ByCategory:
    """One table, written anew for each item that changed; a rebuild gives the same rows."""

    name = "by_category"
    version = 1
    ignores = frozenset[type[Event]]()

    def definitions(self, dialect: str) -> dict[str, str]:
        """Return the table's definition."""
        columns = "(sku TEXT PRIMARY KEY, category TEXT, units TEXT)"
        return {"by_category": f"CREATE TABLE {{name}} {columns}"}

    def apply(self, tx: Tx, batch: Batch, suffix: str) -> None:
        """Write the rows of the items that changed."""
        for _change, item in batch.items():  # noqa: PERF102
            units = sum(shelf.on_hand for shelf in item.shelves.values())
            row = (item.sku, item.catalog.category or "-", format(units, "f"))
            tx.execute(f"DELETE FROM by_category{suffix} WHERE sku = ?", (item.sku,))
            tx.execute(f"INSERT INTO by_category{suffix} VALUES (?, ?, ?)", row)


def main(address: str = "sqlite:///example.db") -> list[tuple[str, str, str]]:
    """Open a shop, record two things, and return what the view shows."""
    app = open_app(Settings(database=address))
    for command in (
        {"do": "init", "name": "Example"},
        {"do": "register", "sku": "MUG", "name": "Blue mug", "category": "kitchen"},
        {"do": "receive", "sku": "MUG", "qty": "24", "key": "delivery-1"},
        {"do": "sell", "sku": "MUG", "qty": "3", "key": "till-1"},
    ):
        app.ledger.record(parse({"key": f"example-{command['do']}", **command}))
    views = Driver(app.database, [ByCategory()])
    views.create()
    views.catch_up()
    with app.database.snapshot() as tx:
        found = tx.all("SELECT * FROM by_category ORDER BY sku")
    app.close()
    return found


if __name__ == "__main__":
    print(*main(), sep="\n")
