"""A till of our own: its lines become sales, each once.

Run it with ``python examples/channel.py``.
"""

from collections.abc import Iterable

from jitledger.bootstrap import App, open_app
from jitledger.config import Settings
from jitledger.domain.commands import parse
from jitledger.service.recording.submission import Ask, Submission

LINES = (
    {"receipt": "1001", "line": 1, "code": "MUG", "pieces": 2},
    {"receipt": "1001", "line": 2, "code": "CUP", "pieces": 1},
    {"receipt": "1002", "line": 1, "code": "JUG", "pieces": 1},
)
"""What the till tells; the jug is no product of the shop."""


def take(app: App, lines: Iterable[dict[str, object]]) -> list[str]:
    """Record lines in one transaction and return what became of each; a repeat changes nothing."""
    asks = []
    for line in lines:
        key = f"till:{line['receipt']}:{line['line']}"  # The till's own name of the line.
        fields = {"do": "sell", "sku": line["code"], "qty": str(line["pieces"])}
        asks.append(Ask(parse(fields), key))
    told = []
    for answer in app.ledger.commit(Submission(asks, channel="till")).answers:
        if answer.error is not None:
            told.append(f"not recorded: {answer.error.message}")
        else:
            told.append("known already" if answer.repeat else f"recorded, {answer.on_hand} left")
    return told


def main(address: str = "sqlite:///example.db") -> list[str]:
    """Open a shop, take the till's lines twice, and return what was said."""
    app = open_app(Settings(database=address))
    app.ledger.record(parse({"do": "init", "name": "Example", "key": "example-init"}))
    for sku in ("MUG", "CUP"):
        app.ledger.record(parse({"do": "register", "sku": sku, "key": f"example-{sku}"}))
        app.ledger.record(parse({"do": "count", "sku": sku, "qty": "10", "key": f"count-{sku}"}))
    told = take(app, LINES) + take(app, LINES)
    app.close()
    return told


if __name__ == "__main__":
    print(*main(), sep="\n")
