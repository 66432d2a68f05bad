"""What handlers need at hand: the shop's app, the resolver, the bot's id, and small reads."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from aiogram.types import User

from jitledger.bootstrap import App
from jitledger.domain.events import StockCounted
from jitledger.domain.moments import MINUTE, SECOND, to_datetime
from jitledger.domain.names import singulars
from jitledger.domain.state.dated import in_force
from jitledger.domain.state.order import voids
from jitledger.domain.state.shop import Shop
from jitledger.service.message_keys import (
    has_plain_keys,
    keyed,
    message_prefix,
    message_secret,
)
from jitledger.service.queries import claimed, recorded_under
from jitledger.service.views.standing import all_standings
from jitledger.store.database import Tx
from jitledger_bot import texts
from jitledger_bot.access import Asker, Guesses, Member
from jitledger_bot.aside import Aside, Result
from jitledger_bot.memory.chats import reach, voice_row
from jitledger_bot.memory.receivers import member_of
from jitledger_bot.memory.resolve import Resolver
from jitledger_bot.reading import Places
from jitledger_bot.reading.phrases import phrases
from jitledger_bot.texts.language import Voice, _, choose, speak, spoken
from jitledger_bot.turn import Turn
from jitledger_projections.views.supply import names

LATE_DELIVERY = 90 * SECOND
LATEST_DELIVERY_DAYS = 30
AFTER_A_COUNT = 60 * MINUTE


@dataclass(slots=True)
class Desk:
    """One bot's view of one shop."""

    app: App
    bot_id: int
    resolver: Resolver = field(init=False)
    guesses: Guesses = field(default_factory=Guesses)
    opening: str | None = None
    """The hash of the code that lets somebody open a new shop; None once there is one."""
    _secret: bytes = field(init=False, repr=False)
    _plain: bool = field(init=False, default=True)
    """Whether an older program may have recorded messages under their numbers."""
    aside: Aside | None = None
    """Where a database over a network is asked; None stands for here."""

    def __post_init__(self) -> None:
        self.resolver = Resolver(self.app.database)
        self._secret = message_secret(self.app.database)

    async def apart(self, work: Coroutine[object, object, Result]) -> Result:
        """Run what asks the database, on the loop for that where there is one."""
        return await (work if self.aside is None else self.aside.run(work))

    def read(self) -> tuple[Shop, int]:
        """Return the shop and the ledger's present."""
        shop = self.app.queries.shop()
        return shop, self.app.queries.present(shop)

    def admit(self, turn: Turn, user: User | None, private: bool) -> Asker | None:
        """Return who asks, in which shop; a stranger gets one polite line in private.

        From here on the turn speaks the person's language and their zone's time.
        """
        tag = user.language_code if user is not None else None
        with self.app.database.snapshot() as tx:
            shop = self.app.queries.shop()
            member = None if user is None else member_of(tx, shop, user.id)
        if member is not None:
            person = member.person
            language = choose(person.language, tag, shop.locale)
            speak(Voice(language, person.timezone or shop.timezone))
            turn.member, turn.voice = member.id, spoken()
            if private and person.chat_id != turn.chat_id:
                turn.effects.append(reach(member.id, turn.chat_id))
            return Asker(shop, member, private)
        speak(Voice(choose(tag, shop.locale), shop.timezone))
        turn.voice = spoken()
        if private:
            turn.say(_(texts.STRANGER))
        return None

    def voice_in(self, tx: Tx, chat_id: int) -> Voice:
        """Return how a chat is spoken to when nobody in particular is answered."""
        shop = self.app.queries.shop()
        language, timezone = voice_row(tx, chat_id)
        return Voice(choose(language, shop.locale), timezone or shop.timezone)

    def message_key(self, chat_id: int, message_id: int) -> str:
        """Return what the command keys of a message begin with; it says nothing of the chat.

        What an older program recorded of the message stands under its numbers, and stays there.
        """
        if self._plain:
            with self.app.database.snapshot() as tx:
                self._plain = has_plain_keys(tx)
            plain = f"tg:{self.bot_id}:{chat_id}:{message_id}"
            if self._plain and self.recorded(plain):
                return plain
        return message_prefix(self._secret, self.bot_id, chat_id, message_id)

    def keyed(self, number: str) -> str:
        """Return what stands in keys for a number of Telegram's that may tell who pressed."""
        return keyed(self._secret, number)

    def recorded(self, prefix: str) -> dict[str, list[str]]:
        """Return {command key: entries} of what a message recorded."""
        with self.app.database.snapshot() as tx:
            return recorded_under(tx, prefix)

    def stated_at(self, sent_at: datetime, now: int) -> str | None:
        """Return a message's own moment when it reached us late; None when it is as good as now."""
        at = int(sent_at.timestamp()) * SECOND
        late = now - at
        if LATE_DELIVERY < late < LATEST_DELIVERY_DAYS * 86_400 * SECOND:
            return to_datetime(at).isoformat()
        return None

    def said_at(self, sent_at: datetime, now: int, shop: Shop) -> datetime:
        """Return the local moment that a message's days count from: a late one's are its own."""
        stated = self.stated_at(sent_at, now)
        said = to_datetime(now) if stated is None else datetime.fromisoformat(stated)
        return said.astimezone(shop.tz)

    def recent_count(self, sku: str, location: str, now: int) -> int | None:
        """Return the moment of a count of this item within the last hour, if there was one."""
        entries = self.app.queries.counts(sku)
        gone = voids(entries)
        found = [
            event.effective_at
            for version, event in entries
            if isinstance(event, StockCounted)
            and version not in gone
            and event.location == location
            and 0 <= now - event.effective_at <= AFTER_A_COUNT
        ]
        return max(found, default=None)

    def places(self, shop: Shop) -> Places:
        """Return what the shop calls its locations and suppliers."""
        with self.app.database.snapshot() as tx:
            rows = names(tx)
        whole, short = _by_name(rows), _short_names(tuple(rows))
        return Places(
            _by_name(shop.locations.items()), short | whole, frozenset(short) - set(whole)
        )

    def knows_pack(self, sku: str, pack: str) -> bool:
        """Return whether a product has a pack of this name."""
        item, _q, _shop = self.app.queries.item(sku)
        return pack.casefold() in item.catalog.packs

    def pack_of(self, sku: str, word: str) -> str | None:
        """Return the product's pack that a word means: "bunches", "Kartons", "Säcke"."""
        item, _q, _shop = self.app.queries.item(sku)
        forms = (*singulars(word), *phrases().pack_codes(word))
        return next((form for form in forms if form in item.catalog.packs), None)

    def unit_of(self, sku: str) -> str:
        """Return the unit a product is kept in."""
        item, _q, _shop = self.app.queries.item(sku)
        return item.catalog.unit

    def title_of(self, sku: str) -> str:
        """Return what a product is called."""
        item, _q, _shop = self.app.queries.item(sku)
        return item.catalog.title

    def price_of(self, sku: str) -> Decimal | None:
        """Return a product's selling price, None without one."""
        item, _q, _shop = self.app.queries.item(sku)
        return item.catalog.price(self.app.today().isoformat())

    def factor_of(self, sku: str, pack: str) -> Decimal | None:
        """Return how many pieces a product's pack holds, None when nobody said it."""
        item, _q, _shop = self.app.queries.item(sku)
        return in_force(item.catalog.packs.get(pack.casefold(), []), self.app.today().isoformat())

    def warning(self, member: Member) -> str:
        """Return the owner's warning when a view stands still; else nothing."""
        if member.role != "owner":
            return ""
        with self.app.database.snapshot() as tx:
            standings = all_standings(tx).values()
        stopped = [standing.name for standing in standings if standing.status != "live"]
        return "\n\n" + texts.warning(stopped) if stopped else ""

    def supplier_names(self) -> list[str]:
        """Return what the shop's suppliers are called."""
        with self.app.database.snapshot() as tx:
            return [title for _code, title in names(tx)]

    def supplier(self, name: str) -> str | None:
        """Return the code of a supplier named by code or title."""
        with self.app.database.snapshot() as tx:
            code = claimed(tx, "supplier", name.casefold())
            if code is not None:
                return code
            rows = names(tx)
        same = [code for code, title in rows if title.casefold() == name.casefold()]
        return same[0] if len(same) == 1 else None


def _by_name(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return {code or title in small letters: code}; a code comes before a title."""
    listed = list(rows)
    found = {title.casefold(): code for code, title in listed}
    return found | {code.casefold(): code for code, _ in listed}


@lru_cache(maxsize=64)
def _short_names(rows: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return {word: code} of words that only one supplier's name has: "Brandl" of "Brandl & Co".

    What says which trade it is, is nobody's name.
    """
    known = phrases()
    found: dict[str, set[str]] = {}
    for code, title in rows:
        words = title.casefold().replace("&", " ").split()
        for word in words if len(words) > 1 else ():
            if len(word) > 3 and word.isalpha() and word not in known.sets["trades"]:
                found.setdefault(word, set()).add(code)
    usual = ("fillers", "stops", "people", "customers", "documents", "small_talk", "sellers")
    return {
        word: codes.pop()
        for word, codes in found.items()
        if len(codes) == 1 and not any(known.words[kind].meaning(word) for kind in usual)
    }
