"""The chat in the browser: a page on loopback that needs the one-time address."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from importlib.resources import files
from typing import Any

from aiohttp import web

from jitledger_bot.sandbox.server import BotError, Sandbox

COOKIE = "jitledger_chat"
LONGEST = 8192


def add_page(app: web.Application, sandbox: Sandbox) -> str:
    """Add the page to an application; return the path of its one-time address."""
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
            "style-src 'unsafe-inline'; connect-src 'self'",
        }
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def look(request: web.Request) -> web.Response:
        check(request)
        seen = int(request.query.get("seen", "-1"))
        if seen == sandbox.revision:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(sandbox.changed.wait(), 20)
        return web.json_response(_state(sandbox))

    async def act(request: web.Request) -> web.Response:
        check(request)
        body = await request.json()
        try:
            _act(sandbox, body)
        except (KeyError, TypeError, ValueError, BotError) as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return web.json_response({"ok": True})

    app.router.add_get("/open/{once}", enter)
    app.router.add_get("/chat", page)
    app.router.add_get("/state", look)
    app.router.add_post("/act", act)
    return f"/open/{once}"


def _act(sandbox: Sandbox, body: dict[str, Any]) -> None:
    person = int(body["person"])
    if person not in sandbox.people:
        raise ValueError("no such person")
    match body["do"]:
        case "say":
            text = str(body["text"])[:LONGEST]
            if text.strip():
                sandbox.say(person, text)
        case "press":
            sandbox.press(person, int(body["message"]), str(body["data"]))
        case "edit":
            sandbox.edit(person, int(body["message"]), str(body["text"])[:LONGEST])
        case other:
            raise ValueError(f"unknown: {other}")


def _state(sandbox: Sandbox) -> dict[str, Any]:
    bot = sandbox.bot_user["id"]
    return {
        "revision": sandbox.revision,
        "people": [{"id": p.id, "name": p.name} for p in sandbox.people.values()],
        "toasts": sandbox.toasts[-5:],
        "messages": {
            str(chat): [
                {
                    "id": m["message_id"],
                    "mine": m["from"]["id"] != bot,
                    "text": m["text"],
                    "html": m.get("html"),
                    "date": m["date"],
                    "edited": "edit_date" in m,
                    "buttons": m.get("reply_markup", {}).get("inline_keyboard", []),
                }
                for m in messages[-200:]
            ]
            for chat, messages in sandbox.messages.items()
        },
    }
