"""A new product in one line: name, price, supplier. The kept delivery follows at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError, bad_value
from jitledger.domain.names import normalise
from jitledger.domain.quantity import show
from jitledger.domain.state.shop import MAY_BUY
from jitledger.service.queries import claims_beginning
from jitledger.service.recording.submission import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.memory.conversations import remember
from jitledger_bot.memory.proposals import Proposal, consume, store_proposal
from jitledger_bot.reading.amounts.numbers import read_number
from jitledger_bot.recording.record import record_kept
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import shared
from jitledger_bot.texts.say import shop as say
from jitledger_bot.turn import Outgoing, Turn

_BARCODE = re.compile(r"\d{8}|\d{12,14}", re.ASCII)

_CURRENCY = re.compile(
    r"^\s*(?:[€$£]|[a-z]{3}\b)|(?<=[\d\s])(?:[€$£]|[a-z]{3}|euros?)\s*$", re.IGNORECASE
)

_VARIANT = re.compile(r"(?:variant of|variante von|variante)\s+", re.IGNORECASE)

_CODE = re.compile(r"(?=.*\d)[A-Z0-9][A-Z0-9._-]{1,15}", re.ASCII)


def ask_for_line(proposal: Proposal, turn: Turn, now: int) -> None:
    """Ask for the one line that a new product needs."""
    typed = texts.safe(proposal.body["reading"]["product"])
    turn.effects.append(
        remember(
            f"new:{turn.chat_id}:{turn.member}",
            "asked",
            {"proposal": proposal.id, "asked": turn.update_id, "at": now},
        )
    )
    turn.say(
        _(say.WRITE_THE_NEW_PRODUCT_IN)
        + f"\n<code>{typed}, 9.50, Acme</code>\n"
        + _(say.ONLY_THE_NAME_IS_NEEDED)
    )


def code_for(name: str, typed: str, taken: set[str]) -> str:
    """Return a code for a new product: the typed one when it looks like one, else from the name.

    >>> code_for("Red mug", "red mug", set())
    'RED-MUG'
    """
    if _CODE.fullmatch(typed.upper()):
        base = typed.upper()
    else:
        words = re.findall(r"[^\W_]+", name.upper())
        base = "-".join(words)[:24].strip("-") or "ITEM"
    code, number = base, 2
    while normalise(code) in taken:
        code, number = f"{base}-{number}", number + 1
    return code


def register_from_line(
    text: str, proposal: Proposal, key: str, turn: Turn, desk: Desk, *, sure: bool = False
) -> bool:
    """Register from "name, price, supplier" and record the kept line with it.

    A line that is a name alone may be chatter: it is asked about, unless it is what was typed.
    """
    done = remember(key, None, {})
    if text.strip().casefold() in ("no", "nein", "stop", "cancel"):
        turn.effects.append(done)
        turn.say(_(shared.KEPT_FOR_LATER_LATER_SHOWS))
        return True
    # A comma between digits belongs to a price.
    parts = [part.strip() for part in re.split(r",(?!\d)|(?<!\d),", text.split("\n", 1)[0])]
    name = parts[0]
    if not name:
        return False
    same = name.casefold() == proposal.body["reading"]["product"].strip().casefold()
    known = any(read_number(p.lstrip("€$£ ")) or desk.supplier(p) for p in parts[1:] if p)
    if not (sure or same or known):
        _ask_name(text.split("\n", 1)[0].strip(), proposal, turn)
        return True
    typed = proposal.body["reading"]["product"]
    barcode = typed.strip() if _BARCODE.fullmatch(typed.strip()) else None
    sku = code_of_line(name, name if barcode is not None else typed, desk)
    role = desk.app.queries.shop().members.get(turn.member or "")
    try:
        commands, told = product_commands(sku, name, parts[1:], may_buy=role in MAY_BUY)
        if barcode is not None:
            commands[0]["barcodes"] = [barcode]
        asks = [Ask(parse(fields)) for fields in commands]
    except LedgerError as error:
        turn.say(texts.safe(texts.problem(error)))
        return True
    before = len(turn.asks)
    turn.asks += asks
    problem = record_kept(proposal.id, proposal.body, sku, turn, desk, learn=True)
    if problem is not None:
        turn.asks = turn.asks[:before]
        turn.say(texts.safe(problem))
        return True
    turn.effects += [done, consume(proposal.id)]

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        refused = next((a.error for a in answers[: len(asks)] if a.error is not None), None)
        if refused is not None:
            return [turn.message(texts.safe(texts.problem(refused)))]
        said = _(say.NEW_PRODUCT_PRODUCT, product=texts.product(name, sku))
        return [turn.message(f"{said}{told}.")]

    turn.render.insert(0, render)
    return True


def code_of_line(name: str, typed: str, desk: Desk) -> str:
    """Return a free code for a new product."""
    with desk.app.database.snapshot() as tx:
        base = normalise(code_for(name, typed, set()))
        taken = claims_beginning(tx, "sku", base)
    return code_for(name, typed, taken)


def _ask_name(name: str, proposal: Proposal, turn: Turn) -> None:
    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        body = {"name": name, "kept": proposal.id}
        stored = store_proposal(tx, turn.chat_id, turn.member, "name", body, now)
        keys = [(_(say.YES_REGISTER_IT), f"m.{stored}"), (_(shared.NO), f"n.{stored}")]
        return [turn.message(_(say.A_NEW_PRODUCT_NAME, name=texts.safe(name[:80])), [keys])]

    turn.render.append(render)


def product_commands(
    sku: str, name: str, rest: list[str], *, may_buy: bool
) -> tuple[list[dict[str, object]], str]:
    """Return the commands of a line's parts, and how price and supplier were read."""
    commands: list[dict[str, object]] = [{"do": "register", "sku": sku, "name": name}]
    told = ""
    for part in filter(None, rest):
        base = _VARIANT.match(part)
        if base is not None:
            commands[0]["variant_of"] = part[base.end() :].strip()
            told += ", " + texts.safe(part)
            continue
        number = read_number(_CURRENCY.sub("", part).strip())
        if number is not None and number.ambiguous is not None:
            one, other = number.ambiguous
            why = _(say.IT_CAN_BE_ONE_OR, one=one, other=other)
            raise bad_value(_(say.THE_PRICE), part, why)
        if not may_buy:
            said = _(say.FOR_THE_OWNER_OR_A_BUYER, what=texts.safe(part))
            told += f"; {said}"
        elif number is not None:
            commands.append({"do": "price", "sku": sku, "price": show(number.value)})
            told += ", " + _(say.PRICE_IS, price=texts.money(number.value))
        elif any(command["do"] == "link" for command in commands):
            why = _(say.WRITE_NAME_PRICE_SUPPLIER)
            raise bad_value(_(say.THE_LINE), part, why)
        else:
            commands.append({"do": "supplier", "code": part})
            commands.append({"do": "link", "sku": sku, "supplier": part})
            told += ", " + _(shared.FROM_SUPPLIER, supplier=texts.safe(part))
    return commands, told


def ask_for_pack(proposal: Proposal, turn: Turn, now: int) -> None:
    """Ask how many pieces a pack holds."""
    turn.effects.append(
        remember(
            f"new:{turn.chat_id}:{turn.member}",
            "pack",
            {"proposal": proposal.id, "asked": turn.update_id, "at": now},
        )
    )
    pack = texts.safe(proposal.body["pack"])
    turn.say(_(say.WRITE_THE_NUMBER_OF_PIECES, pack=pack))


def define_pack(text: str, proposal: Proposal, key: str, turn: Turn, desk: Desk) -> bool:
    """Take the number a pack holds and record the kept line with it."""
    number = read_number(text.strip())
    if number is None or number.ambiguous is not None or number.value <= 0:
        return False
    sku, pack = proposal.body["sku"], proposal.body["pack"]
    fields = {"do": "pack", "sku": sku, "code": pack, "factor": show(number.value)}
    turn.asks.append(Ask(parse(fields)))
    problem = record_kept(proposal.id, proposal.body, sku, turn, desk, learn=False)
    if problem is not None:
        turn.asks = []
        turn.say(texts.safe(problem))
        return True
    turn.effects += [remember(key, None, {}), consume(proposal.id)]
    return True
