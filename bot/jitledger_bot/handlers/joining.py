"""Joining by link, opening a new shop from nothing, and being added to a group."""

from __future__ import annotations

import asyncio
import hmac
from time import monotonic

from aiogram import Bot, Router
from aiogram.enums import ChatMemberStatus
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import ChatMemberUpdated, Message

from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.service import people
from jitledger_bot import texts
from jitledger_bot.desk import Desk
from jitledger_bot.memory.chats import forget_chat, keep_chat, move_chat
from jitledger_bot.memory.conversations import recall, remember
from jitledger_bot.reading.phrases import plain
from jitledger_bot.texts.language import Voice, _, choose, speak, spoken
from jitledger_bot.texts.say import shop as say
from jitledger_bot.turn import Turn

HERE = (ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR)

WITHOUT_TAX = (
    "net",
    "netto",
    "without",
    "ohne",
    "excl",
    "exclusive",
    "exkl",
    "exklusive",
    "zzgl",
    "plus",
)


def make_router() -> Router:
    """Return the router of joining."""
    router = Router(name="joining")
    router.message.register(start, CommandStart())
    router.my_chat_member.register(moved)
    router.message.register(migrated, became_supergroup)
    return router


async def start(message: Message, command: CommandObject, turn: Turn, desk: Desk) -> None:
    """Join by an invitation link, open a new shop by its first owner's link, or say hello."""
    user = message.from_user
    if user is None or message.chat.type != "private":
        return
    code = (command.args or "").strip()
    if code and not desk.app.queries.shop().opened:
        speak(Voice(choose(user.language_code)))
        turn.voice = spoken()
        if desk.opening is not None and hmac.compare_digest(people.hash_code(code), desk.opening):
            turn.effects.append(remember(_key(turn), "opening", {}))
            turn.say(_(ASK_SHOP))
            return
    known = desk.admit(turn, user, private=not code)
    if known is not None:
        member = known.member
        hello = _(say.HELLO_NAME_YOU_ARE_ROLE)
        said = hello.format(name=texts.safe(member.name), role=_(texts.ROLE[member.role]))
        turn.say(f"{said}\n\n{texts.help_for(member.role)}")
        return
    if not code:
        return
    if not desk.guesses.may(user.id, monotonic()):
        turn.say(_(texts.STRANGER))
        return
    joined = await asyncio.to_thread(
        people.join,
        desk.app.ledger,
        code,
        user.id,
        message.chat.id,
        user.full_name,
        language=user.language_code,
    )
    if joined[0].error is not None:
        desk.guesses.failed(user.id, monotonic())
        turn.say(_(texts.STRANGER))
        return
    _welcome(joined[1], turn, desk)


def _welcome(member: str, turn: Turn, desk: Desk) -> None:
    shop = desk.app.queries.shop()
    role = shop.members[member]
    said = _(say.WELCOME_TO_SHOP_YOU_ARE)
    welcome = said.format(shop=texts.safe(shop.title), role=_(texts.ROLE[role]))
    turn.say(f"{welcome}\n\n{texts.help_for(role)}")


ASK_SHOP = say.DESCRIBE_YOUR_SHOP


def _key(turn: Turn) -> str:
    return f"open:{turn.chat_id}"


async def open_shop(message: Message, turn: Turn, desk: Desk) -> bool:
    """Open the shop that somebody with the first owner's link describes; False for others."""
    user = message.from_user
    if desk.opening is None or user is None or message.text is None:
        return False
    if message.text.startswith("/"):
        return False
    if desk.app.queries.shop().opened:
        return False
    with desk.app.database.snapshot() as tx:
        state, _data = recall(tx, _key(turn))
    if state != "opening":
        return False
    language = choose(user.language_code)
    speak(Voice(language))
    turn.voice = spoken()
    parts = [part.strip() for part in message.text.split(",")]
    if len(parts) < 3 or not all(parts[:3]):
        turn.say(_(ASK_SHOP))
        return True
    words = {plain(word).rstrip(".") for word in " ".join(parts[3:]).split()}
    fields = {
        "do": "init",
        "name": parts[0],
        "currency": parts[1].upper(),
        "timezone": parts[2],
        "locale": language,
        "prices": "net" if words & set(WITHOUT_TAX) else "gross",
    }
    try:
        member = await asyncio.to_thread(_open, desk, fields, message)
    except LedgerError as error:
        turn.say(f"✗ {texts.safe(texts.problem(error))}\n\n{_(ASK_SHOP)}")
        return True
    turn.effects.append(remember(_key(turn), None, {}))
    speak(Voice(language, fields["timezone"]))
    turn.voice = spoken()
    prices = _(say.WITHOUT_TAX) if fields["prices"] == "net" else _(say.WITH_TAX)
    turn.say(
        _(
            say.NAME_IS_OPEN_CURRENCY_TIMEZONE,
            name=texts.safe(parts[0]),
            currency=fields["currency"],
            timezone=texts.safe(parts[2]),
            prices=prices,
        )
        + "\n\n"
        + _(FIRST_STEPS)
    )
    desk.opening = None
    turn.member = member
    return True


FIRST_STEPS = say.FIRST_STEPS


def _open(desk: Desk, fields: dict[str, str], message: Message) -> str:
    """Open the shop and let its first owner in."""
    user = message.from_user
    assert user is not None
    answer = desk.app.ledger.record(parse(dict(fields)))
    if answer.error is not None:
        raise answer.error
    code = people.invite(desk.app.ledger, "owner")
    joined, member = people.join(
        desk.app.ledger, code, user.id, message.chat.id, user.full_name, language=user.language_code
    )
    if joined.error is not None:
        raise joined.error
    return member


async def moved(event: ChatMemberUpdated, turn: Turn, desk: Desk, bot: Bot) -> None:
    """Say hello in a group when a member brings the bot there; forget a chat that it left."""
    fresh = event.new_chat_member
    limited = fresh.status == ChatMemberStatus.RESTRICTED and getattr(fresh, "is_member", False)
    if fresh.status not in HERE and not limited:
        turn.effects.append(forget_chat(event.chat.id))
        return
    if event.chat.type == "private" or event.old_chat_member.status in HERE:
        return
    if desk.admit(turn, event.from_user, private=False) is None:
        return  # Strangers learn nothing, in groups too.
    turn.effects.append(keep_chat(event.chat.id, event.chat.title))
    me = await bot.me()
    said = _(say.HELLO_IN_THIS_GROUP_I)
    if not me.can_read_all_group_messages:
        said += "\n" + _(PRIVACY)
    turn.say(said + "\n" + _(say.SETTINGS_HERE_SAYS_WHAT_I))


async def became_supergroup(message: Message) -> bool:
    """Return whether a group tells that it became a supergroup."""
    return message.migrate_to_chat_id is not None


async def migrated(message: Message, turn: Turn) -> None:
    """Follow a group that became a supergroup, with its settings."""
    after = message.migrate_to_chat_id
    assert after is not None
    before = message.chat.id
    turn.effects.append(lambda tx, answers, now: move_chat(tx, before, after))


PRIVACY = say.PRIVACY_MODE_IS_ON_HERE
