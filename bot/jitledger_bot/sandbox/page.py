"""The chat in the browser: a page on loopback that needs the one-time address."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import secrets
from collections.abc import Sequence
from importlib.resources import files
from urllib.parse import quote

from aiohttp import web

from jitledger.domain.json import Json
from jitledger_bot.sandbox.methods import pixels
from jitledger_bot.sandbox.rules import BotError
from jitledger_bot.sandbox.server import Sandbox
from jitledger_bot.texts.language import SOURCE, Voice, _, speaking
from jitledger_bot.texts.say import sandbox as say

COOKIE = "jitledger_chat"
LONGEST = 8192

SAMPLE_HINTS = (
    "received 24 blue mug",
    "what needs reordering",
    "/chart blue mug",
    "/count blind",
    "/why BLUE-MUG",
    "sold 3 red mgu",
    "/settings",
)
FIRST_HINTS = (
    say.THE_BLUE_MUG_EUR_EUROPE,
    say.NEW_BLUE_MUG_9_50,
    say.COUNT_BLUE_MUG_17,
    say.SOLD_3_BLUE_MUG,
    "/reorder",
    "/help",
    "/settings",
)


def add_page(
    app: web.Application,
    sandbox: Sandbox,
    hints: Sequence[str] = SAMPLE_HINTS,
    language: str = SOURCE,
) -> str:
    """Add the page to an application; return the path of its one-time address.

    ``hints`` are messages to send with one tap; they and the page's words are translated.
    """
    with speaking(Voice(language)):
        words = {
            "about": _(say.A_CHAT_ON_THIS_MACHINE),
            "send": _(say.SEND),
            "edited": _(say.EDITED),
            "own": _(say.OWN_CHAT),
        }
        shown = {"language": language, "words": words, "hints": [_(hint) for hint in hints]}
    once = secrets.token_urlsafe(16)
    session = secrets.token_urlsafe(24)
    state: dict[str, bool] = {"used": False}

    def check(request: web.Request) -> None:
        given = request.cookies.get(COOKIE, "")
        if not secrets.compare_digest(given, session):
            raise web.HTTPForbidden(text="Open the address that the command printed.")

    async def enter(request: web.Request) -> web.StreamResponse:
        if not secrets.compare_digest(request.match_info["once"], once) or (
            state["used"] and request.cookies.get(COOKIE) != session
        ):
            raise web.HTTPForbidden(text="This address was used already; start the demo again.")
        state["used"] = True
        response = web.HTTPSeeOther("/chat")
        response.set_cookie(COOKIE, session, httponly=True, samesite="Strict")
        return response

    async def page(request: web.Request) -> web.Response:
        check(request)
        text = (files("jitledger_bot.sandbox") / "chat.html").read_text(encoding="utf-8")
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; script-src 'self' 'unsafe-inline'; "
            "style-src 'unsafe-inline'; connect-src 'self'; img-src 'self'",
        }
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def look(request: web.Request) -> web.Response:
        check(request)
        seen = int(request.query.get("seen", "-1"))
        if seen == sandbox.revision:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(sandbox.changed.wait(), 20)
        return web.json_response({**_state(sandbox), "page": shown})

    async def act(request: web.Request) -> web.Response:
        check(request)
        body = await request.json()
        try:
            _act(sandbox, body)
        except (KeyError, TypeError, ValueError, BotError) as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response({"ok": True})

    async def file(request: web.Request) -> web.Response:
        check(request)
        found = sandbox.files.get(request.match_info["number"])
        if found is None:
            raise web.HTTPNotFound
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        if found[0].endswith((".png", ".jpg")):
            return web.Response(body=found[1], content_type="image/png", headers=headers)
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found[0])}"
        return web.Response(body=found[1], content_type="text/csv", headers=headers)

    app.router.add_get("/files/{number}", file)
    app.router.add_get("/open/{once}", enter)
    app.router.add_get("/chat", page)
    app.router.add_get("/state", look)
    app.router.add_post("/act", act)
    return f"/open/{once}"


def _act(sandbox: Sandbox, body: Json) -> None:
    person, chat = int(body["person"]), int(body["chat"])
    if person not in sandbox.people or (chat != person and chat not in sandbox.groups):
        raise ValueError("no such person or chat")
    match body["do"]:
        case "say":
            text = str(body["text"])[:LONGEST]
            reply = body.get("reply")
            if text.strip():
                sandbox.say(
                    person, text, chat_id=chat, reply_to=None if reply is None else int(reply)
                )
        case "press":
            sandbox.press(person, int(body["message"]), str(body["data"]), chat)
        case "edit":
            sandbox.edit(person, int(body["message"]), str(body["text"])[:LONGEST], chat)
        case "file":
            _send_file(sandbox, person, chat, body)
        case other:
            raise ValueError(f"unknown: {other}")


def _send_file(sandbox: Sandbox, person: int, chat: int, body: Json) -> None:
    name, caption = str(body["name"])[:200], str(body.get("caption") or "")[:1024] or None
    data = base64.b64decode(body["data"], validate=True)
    if str(body.get("type", "")).startswith("image/"):
        sandbox.send_photo(person, data, pixels(data), caption, chat)
    else:
        sandbox.send_document(person, name, data, caption, chat)


def _state(sandbox: Sandbox) -> dict[str, object]:
    return {
        "revision": sandbox.revision,
        "people": [{"id": p.id, "name": p.name} for p in sandbox.people.values()],
        "groups": [{"id": chat, "name": title} for chat, title in sandbox.groups.items()],
        "toasts": sandbox.toasts[-5:],
        "messages": {
            str(chat): [_shown(m, sandbox) for m in messages[-200:]]
            for chat, messages in sandbox.messages.items()
        },
    }


def _shown(m: Json, sandbox: Sandbox) -> Json:
    """Return a message as the page draws it."""
    answered = m.get("reply_to_message")
    document = m.get("document")
    return {
        "id": m["message_id"],
        "from": m["from"]["id"],
        "bot": m["from"]["id"] == sandbox.bot_user["id"],
        "author": m["from"]["first_name"],
        "text": m.get("text") or m.get("caption") or "",
        "html": m.get("html"),
        "photo": m["photo"][-1]["file_id"] if "photo" in m else None,
        "file": None
        if document is None
        else {"id": document["file_id"], "name": document.get("file_name", "file")},
        "reply": None if answered is None else (answered.get("text") or "")[:80],
        "date": m["date"],
        "edited": "edit_date" in m,
        "buttons": m.get("reply_markup", {}).get("inline_keyboard", []),
    }
