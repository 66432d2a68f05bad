"""People: inviting, roles, leaving, forgetting, and what is kept about somebody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import orjson
from aiogram import Bot, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.domain.state.shop import ROLES, Shop
from jitledger.service import people
from jitledger.service.recording.submission import Answer, Ask
from jitledger.service.upkeep.rekeying import plain_keys
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import Asker
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.admission import OWNER
from jitledger_bot.memory.outgoing import drop_pushes
from jitledger_bot.memory.proposals import consume, store_proposal
from jitledger_bot.press import Press, action
from jitledger_bot.texts.language import _
from jitledger_bot.texts.say import shop as say
from jitledger_bot.turn import Outgoing, Turn

MOST_REKEYED = 20_000
"""More keys of an older program are replaced by the command line: the bot would stand still."""


def make_router() -> Router:
    """Return the router of people."""
    router = Router(name="people")
    for name, handler in (
        ("invite", invite),
        ("people", list_people),
        ("role", role),
        ("remove", remove),
        ("forget", forget),
    ):
        router.message.register(handler, Command(name), flags={"needs": OWNER})
    router.message.register(export_person, Command("export_person"))
    return router


async def invite(
    message: Message, command: CommandObject, turn: Turn, desk: Desk, bot: Bot
) -> None:
    """Answer /invite ROLE with a link that works once; in a group it is not shown."""
    wanted = _role(command.args or "")
    if wanted is None:
        turn.say(_(say.WHICH_ROLE_ROLES, roles=_roles("/invite")))
        return
    if message.chat.type != "private":
        turn.say(_(say.ASK_ELSEWHERE_FOR_THE_LINK))
        return
    minutes = people.FIRST_MINUTES if wanted == "owner" else people.INVITE_MINUTES
    code = await asyncio.to_thread(people.invite, desk.app.ledger, wanted, minutes, turn.member)
    me = await bot.me()
    good_for = _(say.MINUTES, minutes=minutes) if minutes < 120 else _(say.SEVEN_DAYS)
    link = f"https://t.me/{me.username}?start={code}"
    turn.say_secret(_(say.SEND_THIS_TO_THE_PERSON, time=good_for) + "\n" + link)


def _role(word: str) -> str | None:
    """Return the role of its name, or of what it is called in the language of the turn."""
    said = word.strip().casefold()
    return next((r for r in ROLES if said in (r, _(texts.ROLE[r]).casefold())), None)


def _roles(command: str) -> str:
    return ", ".join(f"{command} {name}" for name in ROLES)


async def list_people(message: Message, turn: Turn, desk: Desk, asker: Asker) -> None:
    """Answer /people: who may do what."""
    names = desk.app.queries.people()
    named = list(names.values())
    lines = [
        f"{texts.safe(names.get(member, member))} – {_(texts.ROLE[held])}"
        # Two of one name are told apart by what /role and /remove take too.
        + (f" – <code>{member}</code>" if named.count(names.get(member, member)) > 1 else "")
        for member, held in asker.shop.members.items()
    ]
    turn.say("\n".join(lines) + "\n\n" + _(say.ROLE_NAME_BUYER_REMOVE_NAME))


def _named(words: str, turn: Turn, desk: Desk, shop: Shop) -> people.Person | None:
    if not words:
        turn.say(_(say.WHOM_WRITE_THE_NAME_BEHIND))
        return None
    try:
        return people.resolve(desk.app.database, shop, words)
    except LedgerError as error:
        turn.say(f"✗ {texts.safe(texts.problem(error))}")
        return None


async def role(
    message: Message, command: CommandObject, turn: Turn, desk: Desk, asker: Asker
) -> None:
    """Answer /role NAME ROLE."""
    name, _space, word = (command.args or "").strip().rpartition(" ")
    wanted = _role(word)
    if wanted is None:
        turn.say(_(say.WHICH_ROLE_ROLES, roles=_roles("/role NAME")))
        return
    person = _named(name, turn, desk, asker.shop)
    if person is not None:
        said = f"{texts.safe(person.name or person.member)}: {_(texts.ROLE[wanted])}."
        _do({"do": "role", "member": person.member, "role": wanted}, said, turn)


async def remove(
    message: Message, command: CommandObject, turn: Turn, desk: Desk, asker: Asker
) -> None:
    """Answer /remove NAME: access ends at once, entries stay."""
    person = _named((command.args or "").strip(), turn, desk, asker.shop)
    if person is not None:
        name = texts.safe(person.name or person.member)
        said = _(say.NO_ACCESS_ANY_MORE, name=name)
        if person.chat_id is not None:
            turn.effects.append(_drop_pushes(person.chat_id))
        _do({"do": "leave", "member": person.member}, said, turn)


def _drop_pushes(chat_id: int) -> Callable[..., None]:
    """Return the effect that sends nothing more of what waits for somebody who left."""

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        if all(answer.ok for answer in answers):
            drop_pushes(tx, chat_id)

    return effect


async def forget(
    message: Message, command: CommandObject, turn: Turn, desk: Desk, asker: Asker
) -> None:
    """Answer /forget NAME: ask first, for it cannot be taken back."""
    person = _named((command.args or "").strip(), turn, desk, asker.shop)
    if person is None:
        return
    name = texts.safe(person.name or person.member)
    text = _(say.FORGET_NAME, name=name, member=person.member)

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        body = {"member": person.member}
        stored = store_proposal(tx, turn.chat_id, turn.member, "forget", body, now)
        return [turn.message(text, [[(_(say.YES_FORGET), f"pf.{stored}")]])]

    turn.render.append(render)


@action("pf")
async def forget_for_good(press: Press) -> None:
    """Forget the person of a button: access ends, name and chat are erased."""
    turn, app = press.turn, press.desk.app
    if not press.asker.owns:
        turn.toast(press.query.id, _(texts.ONLY_OWNER), alert=True)
        return
    few = plain_keys(app.database) <= MOST_REKEYED
    member = str(press.proposal.body["member"])
    try:
        person = people.resolve(app.database, press.asker.shop, member)
        await asyncio.to_thread(app.forget, person, rekeying=few)
    except LedgerError as error:
        turn.toast(press.query.id, texts.problem(error), alert=True)
        return
    said = _(say.FORGOTTEN_ENTRIES_SHOW_MEMBER_FROM, member=member)
    if not few:
        said += "\n" + _(say.OLD_ENTRIES_HOLD_NUMBERS)
    turn.effects.append(consume(press.proposal.id))
    turn.toast(press.query.id, "")
    if press.message is None:
        turn.say(said)
    else:
        edit = turn.edit(press.message.message_id, said)
        turn.render.append(lambda tx, answers, now: [edit])


def _do(fields: dict[str, str], said: str, turn: Turn) -> None:
    turn.asks = [Ask(parse(dict(fields)))]

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        error = answers[0].error
        return [turn.message(said if error is None else f"✗ {texts.safe(texts.problem(error))}")]

    turn.render.append(render)


async def export_person(
    message: Message, command: CommandObject, turn: Turn, desk: Desk, asker: Asker
) -> None:
    """Answer /export_person: a file with all that is kept about somebody, oneself by default."""
    words = (command.args or "").strip()
    shop, member = asker.shop, asker.member
    person: people.Person | None = member.person
    if words:
        if member.role != "owner":
            turn.say(_(texts.ONLY_OWNER))
            return
        person = _named(words, turn, desk, shop)
    if person is None:
        return
    if message.chat.type != "private":
        turn.say(_(say.ASK_IN_OUR_OWN_CHAT))
        return
    kept = await asyncio.to_thread(people.export, desk.app.database, person, shop)
    text = orjson.dumps(kept, option=orjson.OPT_INDENT_2, default=str).decode()
    turn.document("person.json", text)
