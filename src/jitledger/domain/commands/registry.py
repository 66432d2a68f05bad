"""Every command: what may be asked, field by field, as one JSON object each.

``parse`` turns a dictionary into a command or raises ``unknown-command``, ``unknown-field``,
``missing-field``, ``bad-value``, ``not-positive``. The field names are the command line's contract.
"""

from __future__ import annotations

from collections.abc import Iterable

from jitledger.domain.commands import catalog, facts, orders, promises, shop
from jitledger.domain.commands.base import Command, build
from jitledger.domain.errors import Malformed

ROOMS = (catalog, facts, orders, promises, shop)
"""Where commands are declared; what stands there is known, and nothing else need name it."""


def _leaves(base: type[Command]) -> Iterable[type[Command]]:
    for cls in base.__subclasses__():
        if cls.do:
            yield cls
        yield from _leaves(cls)


COMMANDS: dict[str, type[Command]] = {cls.do: cls for cls in _leaves(Command)}
NOT_YET: dict[str, str] = {
    "lock-period": "period locks come with the valuation of costs, which is not built yet",
    "landed-cost": "landed cost comes with the valuation of costs, which is not built yet",
}


def parse(data: object) -> Command:
    """Return the command of a JSON object; raises ``Malformed`` or ``Refused`` with a code."""
    if not isinstance(data, dict):
        raise Malformed("bad-json", 'A line holds one JSON object, like {"do": "receive", …}.')
    name = data.get("do")
    if name is None:
        raise Malformed(
            "missing-field", 'The field "do" is missing; it names the command.', field="do"
        )
    if isinstance(name, str) and name in NOT_YET:
        raise Malformed("not-built", f"{name}: {NOT_YET[name]}.", do=name)
    cls = COMMANDS.get(name) if isinstance(name, str) else None
    if cls is None:
        raise Malformed(
            "unknown-command",
            f"There is no command {str(name)[:60]!r}; known are {', '.join(sorted(COMMANDS))}.",
            do=str(name)[:60],
        )
    return build(cls, {k: v for k, v in data.items() if k != "do"})
