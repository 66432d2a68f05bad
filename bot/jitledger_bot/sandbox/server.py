"""A local Bot API server: the methods the bot uses, with Telegram's own limits and errors.

Every call is validated by ``aiogram.methods`` and every answer by ``aiogram.types``; an unknown
parameter is refused, any other method is answered "not simulated". It listens on loopback only.
The same server is the test double for all bot tests; ``fail_next`` makes it fail.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from jitledger.domain.json import Json
from jitledger_bot.sandbox.methods import Methods
from jitledger_bot.sandbox.people import People
from jitledger_bot.sandbox.rules import BotError
from jitledger_bot.sandbox.world import without_html

HOME = ("127.0.0.1", "localhost", "[::1]")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def at_home(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer this machine alone: no page of another site, no name that leads here by a trick."""
    host = request.host
    if not host.endswith("]"):  # "[::1]" has colons of its own.
        host = host.partition(":")[0] if not host.startswith("[") else host.rpartition(":")[0]
    origin = request.headers.get("Origin")
    stranger = origin is not None and urlsplit(origin).netloc != request.host
    if host not in HOME or stranger:
        raise web.HTTPForbidden(text="This is the demo of another page.")
    return await handler(request)


class Sandbox(People, Methods):
    """A Bot API server in memory, and the people who chat with its bot."""


def make_api(sandbox: Sandbox) -> web.Application:
    """Return the Bot API as a web application."""

    async def handle(request: web.Request) -> web.Response:
        if request.match_info["token"] != sandbox.token:
            return _failed(BotError(401, "Unauthorized"))
        params = await _params(request, sandbox)
        try:
            result = await sandbox.call(request.match_info["method"], params)
        except BotError as error:
            return _failed(error)
        clean = without_html(result)
        return web.json_response({"ok": True, "result": clean})

    async def fetch(request: web.Request) -> web.Response:
        found = sandbox.files.get(request.match_info["number"])
        if request.match_info["token"] != sandbox.token or found is None:
            return web.Response(status=404)
        return web.Response(body=found[1])

    async def control(request: web.Request) -> web.Response:
        if request.match_info["token"] != sandbox.token:
            return _failed(BotError(401, "Unauthorized"))
        try:
            _break(sandbox, await request.json())
        except (ValueError, TypeError, KeyError) as error:
            return _failed(BotError(400, f"Bad Request: {error}"))
        return web.json_response({"ok": True, "result": True})

    app = web.Application(client_max_size=50 * 1024 * 1024, middlewares=[at_home])
    app.router.add_post("/control/bot{token}/faults", control)
    app.router.add_get("/file/bot{token}/documents/{number}", fetch)
    app.router.add_route("*", "/bot{token}/{method}", handle)
    return app


def _break(sandbox: Sandbox, wanted: Json) -> None:
    """Let things go wrong: fail (code, times, retry_after), slow, duplicate and the others."""
    unknown = set(wanted) - {"fail", "slow", "duplicate", "reorder", "lose_offset"}
    if unknown:
        raise ValueError(f"unknown fault {sorted(unknown)[0]}")
    if "fail" in wanted:
        code = int(wanted["fail"]["code"])
        more = {k: int(v) for k, v in wanted["fail"].items() if k == "retry_after"}
        said = "Too Many Requests: retry later" if code == 429 else "Internal Server Error"
        for _ in range(int(wanted["fail"].get("times", 1))):
            sandbox.fail_next.append(BotError(code, said, **more))
    sandbox.faults.slow = float(wanted.get("slow", sandbox.faults.slow))
    sandbox.faults.duplicate += int(wanted.get("duplicate", 0))
    sandbox.faults.reorder += int(wanted.get("reorder", 0))
    sandbox.faults.lose_offset += int(wanted.get("lose_offset", 0))


def _failed(error: BotError) -> web.Response:
    body: dict[str, object] = {
        "ok": False,
        "error_code": error.code,
        "description": error.description,
    }
    if error.parameters:
        body["parameters"] = error.parameters
    return web.json_response(body, status=error.code)


async def _params(request: web.Request, sandbox: Sandbox) -> dict[str, object]:
    if request.content_type == "application/json":
        found = await request.json()
        return found if isinstance(found, dict) else {}
    params: dict[str, object] = dict(request.query)
    if request.can_read_body:
        params.update(await request.post())
    files = {k: v for k, v in params.items() if isinstance(v, web.FileField)}
    for name, value in params.items():
        if isinstance(value, str) and value.startswith("attach://"):
            sent = files.get(value.removeprefix("attach://"))
            if sent is not None:
                params[name] = sandbox.keep(sent.filename, sent.file.read())
    return {name: _decoded(value) for name, value in params.items() if name not in files}


def _decoded(value: object) -> object:
    """Return a form field as its JSON value when it is a list, an object or a truth value."""
    if isinstance(value, str) and (value[:1] in "[{" or value in ("true", "false")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


@dataclass(slots=True)
class Running:
    """A server that runs on a port of the loopback address."""

    runner: web.AppRunner
    port: int

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    async def close(self) -> None:
        """Stop it."""
        await self.runner.cleanup()


async def serve(app: web.Application, port: int = 0) -> Running:
    """Serve an application on loopback; port 0 takes a free one."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    sockets = site._server.sockets  # type: ignore[union-attr]
    return Running(runner, sockets[0].getsockname()[1])
