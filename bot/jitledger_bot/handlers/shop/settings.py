"""Settings: a person's or a group's own (/settings), and the shop's (/shop)."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message
from babel import Locale

from jitledger.domain.commands import parse
from jitledger.domain.errors import LedgerError
from jitledger.domain.moments import zone
from jitledger.domain.quantity import show
from jitledger.domain.state.shop import Shop
from jitledger.service.recording.submission import Answer, Ask
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import PUSHES, Asker, Member, Wishes
from jitledger_bot.desk import Desk
from jitledger_bot.handlers.admission import OWNER
from jitledger_bot.memory.chats import know_chat, set_quiet, set_voice_of, set_wants
from jitledger_bot.memory.proposals import store_proposal
from jitledger_bot.memory.receivers import wishes_of
from jitledger_bot.press import Press, action
from jitledger_bot.texts.language import Voice, _, choose, languages, name_of, speak, spoken
from jitledger_bot.texts.say import shared
from jitledger_bot.texts.say import shop as say
from jitledger_bot.turn import Button, Outgoing, Turn

QUIET: tuple[tuple[int, int] | None, ...] = (None, (22, 7), (20, 8), (18, 9))


def make_router() -> Router:
    """Return the router of settings."""
    router = Router(name="settings")
    router.message.register(settings, Command("settings"))
    router.message.register(shop_settings, Command("shop"), flags={"needs": OWNER})
    return router


async def settings(
    message: Message, command: CommandObject, turn: Turn, desk: Desk, asker: Asker
) -> None:
    """Answer /settings, or change one of them: /settings quiet 21-6."""
    member = asker.member
    if message.chat.type != "private" and member.role != "owner":
        turn.say(_(texts.ONLY_OWNER))
        return
    words = (command.args or "").split()
    if words:
        problem = _change(words, turn, desk, member)
        if problem is not None:
            turn.say(f"✗ {texts.safe(problem)}")
            return
    say_settings(turn, desk, member)


def _change(words: Sequence[str], turn: Turn, desk: Desk, member: Member) -> str | None:
    """Change what a line says; return the problem when it cannot be read."""
    what, value = words[0].casefold(), " ".join(words[1:])
    if what in ("language", "sprache"):
        language = _language(value)
        if language is None:
            known = ", ".join(f"{code} ({name_of(code)})" for code in languages())
            return _(say.LANGUAGES_KNOWN, known=known)
        set_voice(turn, desk, member, language=language)
    elif what in ("timezone", "zeitzone"):
        try:
            zone(value)
        except LedgerError:
            return _(say.THERE_IS_NO_TIME_ZONE, name=value)
        set_voice(turn, desk, member, timezone=value)
    elif what in ("quiet", "ruhe"):
        begin, dash, end = value.partition("-")
        if not dash and value.casefold() in ("off", "none", "aus"):
            wish_quiet(turn, None)
            return None
        if not (begin.isascii() and begin.isdigit() and end.isascii() and end.isdigit()):
            return _(say.QUIET_HOURS_ARE_WRITTEN_LIKE)
        hours = (int(begin), int(end))
        if max(hours) > 24 or hours[0] % 24 == hours[1] % 24:
            return _(say.QUIET_HOURS_ARE_WRITTEN_LIKE)
        wish_quiet(turn, (hours[0] % 24, hours[1] % 24))
    else:
        return _(say.I_KNOW_LANGUAGE_TIMEZONE_QUIET)
    return None


def _language(word: str) -> str | None:
    """Return the language of a code or a name, as any language there is calls it.

    >>> _language("DE"), _language("Deutsch"), _language("german"), _language("Klingon")
    ('de', 'de', 'de', None)
    """
    said = word.strip().casefold()
    if choose(said) == said:
        return said
    for code in languages():
        names = [Locale(code).get_language_name(other) or "" for other in languages()]
        if said in [name.casefold() for name in names]:
            return code
    return None


def set_voice(
    turn: Turn, desk: Desk, member: Member, language: str | None = None, timezone: str | None = None
) -> None:
    """Change how a person, or a group, is spoken to; this turn is answered that way already."""
    private = turn.chat_id > 0

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        for column, value in (("language", language), ("timezone", timezone)):
            if value is None:
                continue
            set_voice_of(tx, turn.chat_id, member.id, column, value)

    turn.effects.append(effect)
    if private:
        now = spoken()
        speak(Voice(language or now.language, timezone or now.zone))
        turn.voice = spoken()


def wish_to_hear(turn: Turn, wants: str) -> None:
    """Change what this chat wants to be told."""

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        know_chat(tx, turn.chat_id, turn.thread_id)
        set_wants(tx, turn.chat_id, wants, turn.thread_id)

    turn.effects.append(effect)


def wish_quiet(turn: Turn, hours: tuple[int, int] | None) -> None:
    """Change this chat's quiet hours; None for none."""

    def effect(tx: Tx, answers: Sequence[Answer], now: int) -> None:
        know_chat(tx, turn.chat_id, turn.thread_id)
        set_quiet(tx, turn.chat_id, hours or (None, None))

    turn.effects.append(effect)


def say_settings(turn: Turn, desk: Desk, member: Member, message_id: int | None = None) -> None:
    """Show the settings of this chat with a button for each; edits a message when it is named."""

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        role = member.role if turn.chat_id > 0 else None
        wishes = wishes_of(tx, turn.chat_id, role)
        voice = turn.voice if turn.chat_id > 0 else desk.voice_in(tx, turn.chat_id)
        stored = store_proposal(tx, turn.chat_id, turn.member, "settings", {}, now)
        text, rows = _shown(wishes, voice, stored)
        if message_id is not None:
            return [turn.edit(message_id, text, rows)]
        return [turn.message(text, rows)]

    turn.render.append(render)


def _shown(wishes: Wishes, voice: Voice, stored: str) -> tuple[str, list[list[Button]]]:
    language = name_of(voice.language)
    quiet = _(say.NONE)
    if wishes.quiet is not None:
        quiet = f"{wishes.quiet[0]}–{wishes.quiet[1]}"
    text = "\n".join(
        [
            "<b>" + _(say.SETTINGS) + "</b>",
            _(say.LANGUAGE_IS, language=language),
            _(say.TIME_ZONE_IS, zone=texts.safe(voice.zone))
            + " · <code>/settings timezone Europe/Berlin</code>",
            _(say.QUIET_HOURS_ARE, hours=quiet) + " · <code>/settings quiet 22-7</code>",
            _(say.WHAT_I_TELL_YOU_HERE),
        ]
    )
    rows: list[list[Button]] = [
        [(f"🌐 {language}", f"s.{stored}.language"), (f"🌙 {quiet}", f"s.{stored}.quiet")]
    ]
    for name, called in PUSHES.items():
        sign = "✓" if name in wishes.wants else "–"
        rows.append([(f"{sign} {_(called)}", f"s.{stored}.{name}")])
    return text, rows


def press_setting(
    place: str, turn: Turn, desk: Desk, member: Member, message_id: int | None
) -> bool:
    """Change the setting of a button; False when there is none of that name."""
    with desk.app.database.snapshot() as tx:
        role = member.role if turn.chat_id > 0 else None
        wishes = wishes_of(tx, turn.chat_id, role)
        voice = turn.voice if turn.chat_id > 0 else desk.voice_in(tx, turn.chat_id)
    if place == "language":
        known = languages()
        following = known[(known.index(voice.language) + 1) % len(known)]
        set_voice(turn, desk, member, language=following)
    elif place == "quiet":
        at = QUIET.index(wishes.quiet) if wishes.quiet in QUIET else 0
        wish_quiet(turn, QUIET[(at + 1) % len(QUIET)])
    elif place in PUSHES:
        wish_to_hear(turn, " ".join(sorted(wishes.wants ^ {place})))
    else:
        return False
    say_settings(turn, desk, member, message_id)
    return True


SHOP_FIELDS = {
    "name": "name",
    "timezone": "timezone",
    "locale": "locale",
    "prices": "prices",
    "service": "service_level",
    "cover": "cover_days",
    "opens": "opens",
    "closes": "closes",
    "method": "method",
    "margin": "margin_floor",
    "memory": "memory_days",
    "lots": "lots",
    "allocation": "allocation",
}

SHOP_SAID = {
    "name": say.THE_SHOPS_NAME,
    "timezone": say.TIME_ZONE,
    "locale": say.LANGUAGE_OF_NUMBERS_AND_OF,
    "prices": say.SELLING_PRICES_WITH_TAX_GROSS,
    "service": say.SHARE_OF_THE_TIME_SOMETHING,
    "cover": say.DAYS_AN_ORDER_IS_TO,
    "opens": say.OPENS_AT,
    "closes": say.CLOSES_AT,
    "method": say.HOW_REORDER_POINTS_ARE_FOUND,
    "margin": say.LEAST_MARGIN_0_IS_NONE,
    "memory": say.MEMORY_IN_DAYS_0_BY_REPLAY,
    "lots": say.ORDERS_SIZED_BY_DAYS_COST_AUTO,
    "allocation": say.LEVELS_BY_MIX_OR_LINES,
}


def _shop_shown(shop: Shop) -> str:
    """Return the shop's settings, each with the word that changes it."""
    values = {
        "name": shop.title,
        "timezone": shop.timezone,
        "locale": shop.locale,
        "prices": shop.prices,
        "service": show(shop.service_level),
        "cover": show(shop.cover_days),
        "opens": shop.opens,
        "closes": shop.closes,
        "method": shop.method_of(None),
        "margin": show(shop.margin_floor),
        "memory": show(shop.memory_days),
        "lots": shop.lots,
        "allocation": shop.allocation,
    }
    lines = [
        f"<code>{name}</code> {texts.safe(value)} – {_(SHOP_SAID[name])}"
        for name, value in values.items()
    ]
    return "\n".join(
        [
            f"<b>{texts.safe(shop.title)}</b> · {shop.currency}",
            *lines,
            _(say.LOCATIONS_CODES, codes=texts.safe(", ".join(shop.locations))),
            _(say.CHANGE_ONE_LIKE_EXAMPLE, example="<code>/shop service 0.97</code>"),
            _(say.A_FURTHER_LOCATION_EXAMPLE, example="<code>/shop location back</code>"),
        ]
    )


async def shop_settings(
    message: Message, command: CommandObject, turn: Turn, desk: Desk, asker: Asker
) -> None:
    """Answer /shop, or change one of its settings: /shop service 0.98."""
    shop = asker.shop
    what, _space, value = (command.args or "").strip().partition(" ")
    if not what:
        turn.say(_shop_shown(shop))
        return
    fields = {"do": "settings", SHOP_FIELDS.get(what.casefold(), ""): value.strip()}
    if what.casefold() == "location":
        fields = {"do": "location", "code": value.strip()}
    elif "" in fields:
        turn.say(_(say.KNOWN, known=", ".join([*SHOP_FIELDS, "location"])))
        return
    try:
        turn.asks = [Ask(parse(dict(fields)))]
    except LedgerError as error:
        turn.say(f"✗ {texts.safe(texts.problem(error))}")
        return

    def render(tx: Tx, answers: Sequence[Answer], now: int) -> list[Outgoing]:
        error = answers[0].error
        if error is not None:
            return [turn.message(f"✗ {texts.safe(texts.problem(error))}")]
        return [turn.message(f"✓ {texts.safe(what)}: {texts.safe(value.strip())}")]

    turn.render.append(render)


@action("s", looking=True)
def setting(press: Press) -> None:
    """Change a setting and show them all again, in place."""
    message_id = press.message.message_id if press.message is not None else None
    if press.turn.chat_id < 0 and press.asker.member.role != "owner":
        press.turn.toast(press.query.id, _(shared.THIS_BUTTON_IS_NOT_FOR))
        return
    if not press_setting(press.place, press.turn, press.desk, press.asker.member, message_id):
        press.turn.toast(press.query.id, _(shared.THIS_BUTTON_IS_TOO_OLD))
        return
    press.turn.toast(press.query.id, "✓")
