"""What Telegram allows: the HTML it parses, the length of texts, what buttons may carry."""

from __future__ import annotations

from html.parser import HTMLParser

from jitledger.domain.json import Json

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
CALLBACK_LIMIT = 64
TAGS = {"b", "strong", "i", "em", "u", "s", "code", "pre", "a", "blockquote", "tg-spoiler"}


class BotError(Exception):
    """An error as Telegram answers it."""

    def __init__(self, code: int, description: str, **parameters: object) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class _Checker(HTMLParser):
    """Refuses what Telegram's HTML parse mode refuses, and collects the plain text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            why = f"can't parse entities: Unsupported start tag {tag!r}"
            raise BotError(400, f"Bad Request: {why}")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise BotError(400, "Bad Request: can't parse entities: unexpected end tag")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def content_of(text: str | None, params: Json, *, caption: bool = False) -> dict[str, object]:
    """Check a text or a caption with its markup as Telegram does; return what is stored of it."""
    text = text or ""
    plain = text
    if str(params.get("parse_mode", "")).upper() == "HTML":
        checker = _Checker()
        checker.feed(text)
        checker.close()
        if checker.open:
            raise BotError(400, "Bad Request: can't parse entities: can't find end tag")
        plain = "".join(checker.text)
    units = len(plain.encode("utf-16-le", "surrogatepass")) // 2
    if not plain.strip() and not caption:
        raise BotError(400, "Bad Request: message text is empty")
    if units > (CAPTION_LIMIT if caption else TEXT_LIMIT):
        what = "message caption" if caption else "message"
        raise BotError(400, f"Bad Request: {what} is too long")
    found: dict[str, object] = {"caption" if caption else "text": plain, "html": text}
    if params.get("reply_markup"):
        check_markup(params["reply_markup"])
        found["reply_markup"] = params["reply_markup"]
    return found


def check_markup(markup: Json) -> None:
    """Refuse buttons that carry too much or nothing."""
    for row in markup.get("inline_keyboard", ()):
        for button in row:
            data = button.get("callback_data")
            if data is not None and not 1 <= len(data.encode()) <= CALLBACK_LIMIT:
                raise BotError(400, "Bad Request: BUTTON_DATA_INVALID")
