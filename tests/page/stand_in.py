"""A small stand-in for the simulated Teams: its remote control, with canned answers.

The page's own tests need every kind of answer, not a bot that thinks.
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import web

from bot.simulator import page

Json: TypeAlias = dict[str, Any]
CARDS = Path(__file__).parents[1] / "fixtures" / "page"
ALERTS = "19:model-alerts@thread.tacv2"
PLATFORM = "19:ml-platform@thread.tacv2"
CHATS = {"priya": "a:1priya", "jonas": "a:1jonas"}
BOT = {"id": "28:watchkeeper", "name": "Watchkeeper", "kind": "bot"}
PEOPLE = [
    {"key": "priya", "name": "Priya Raman", "roles": ["owner", "operator"]},
    {"key": "jonas", "name": "Jonas Weber", "roles": ["operator"]},
    {"key": "mei", "name": "Mei Chen", "roles": ["approver"]},
    {"key": "olga", "name": "Olga Petrova", "roles": []},
]
CARD = "application/vnd.microsoft.card.adaptive"
MESSAGE = "application/vnd.microsoft.activity.message"
ERROR = "application/vnd.microsoft.error"


def card(name: str) -> Json:
    found: Json = json.loads((CARDS / f"{name}.json").read_text("utf-8"))
    return found


class StandIn:
    """A channel that remembers; `clicks` and `said` are what the page sent."""

    def __init__(self) -> None:
        self.activities: dict[str, Json] = {}
        self.clicks: list[Json] = []
        self.said: list[Json] = []
        self.gate = asyncio.Event()  # a click waits for it
        self.gate.set()
        self._streams: set[asyncio.Queue[Json | None]] = set()
        self._now = datetime(2026, 11, 23, 8, 14, tzinfo=UTC)

    def post(self, **activity: Any) -> str:
        """Put a message into the channel, by the bot if nothing else is said."""
        key = str(1700000000000 + len(self.activities))
        self._now += timedelta(minutes=1)
        at = self._now.isoformat().replace("+00:00", "Z")
        plain: Json = {
            "id": key,
            "conversation": ALERTS,
            "replyToId": "",
            "from": BOT,
            "text": "",
            "card": None,
            "deleted": False,
            "edits": 0,
            "at": at,
            "summary": "",
        }
        self.activities[key] = {**plain, **activity}
        self._tell(key)
        return key

    def edit(self, key: str, **changes: Any) -> None:
        edits = self.activities[key]["edits"] + 1
        self.activities[key] |= {"edits": edits, **changes}
        self._tell(key)

    def _tell(self, key: str) -> None:
        for stream in self._streams:
            stream.put_nowait(self.activities[key])

    def app(self, **optional: Any) -> web.Application:
        """Return the page with this remote control; `hints` and `azure` are answers."""
        app = web.Application()
        page.add_routes(app)
        app.router.add_get("/sim/activities", self._activities)
        app.router.add_get("/sim/people", self._people)
        app.router.add_get("/sim/conversations", self._conversations)
        app.router.add_post("/sim/people/{person}/say", self._say)
        app.router.add_post("/sim/people/{person}/click", self._click)
        app.router.add_get("/sim/stream", self._stream)
        for name, answer in optional.items():
            app.router.add_get(f"/sim/{name}", _always(answer))
        app.on_shutdown.append(self._hang_up)
        return app

    async def _hang_up(self, app: web.Application) -> None:
        for stream in self._streams:
            stream.put_nowait(None)

    async def _activities(self, request: web.Request) -> web.Response:
        return web.json_response(list(self.activities.values()))

    async def _people(self, request: web.Request) -> web.Response:
        return web.json_response(PEOPLE)

    async def _conversations(self, request: web.Request) -> web.Response:
        ours = ["priya", "jonas", "mei"]
        return web.json_response(
            [
                _place(ALERTS, "model-alerts", ours),
                _place(PLATFORM, "ml-platform", [*ours, "olga"]),
                *(_place(chat, one, [one]) for one, chat in CHATS.items()),
            ]
        )

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        queue: asyncio.Queue[Json | None] = asyncio.Queue()
        self._streams.add(queue)
        try:
            await response.write(b"retry: 200\n\n")
            while (activity := await queue.get()) is not None:
                data = json.dumps(activity)
                await response.write(f"event: activity\ndata: {data}\n\n".encode())
        except ConnectionError:
            pass  # the window was closed
        finally:
            self._streams.discard(queue)
        return response

    async def _say(self, request: web.Request) -> web.Response:
        words = await request.json()
        person = _person(request)
        self.said.append({"person": request.match_info["person"], **words})
        key = self.post(
            conversation=words["conversation"],
            replyToId=words.get("reply_to", ""),
            text=f"@Watchkeeper {words['text']}" if words["mention"] else words["text"],
            **{"from": {"id": f"29:{person['key']}", "name": person["name"]}},
        )
        if words["text"] == "help":
            thread = words.get("reply_to") or key
            self.post(card=card("8-help"), replyToId=thread)
        return web.json_response({"id": key}, status=201)

    async def _click(self, request: web.Request) -> web.Response:
        press = await request.json()
        self.clicks.append({"person": request.match_info["person"], **press})
        await self.gate.wait()
        answer = getattr(self, f"_on_{press['title'].lower().replace(' ', '_')}")
        return web.json_response(answer(_person(request), press))

    def _on_acknowledge(self, person: Json, press: Json) -> Json:
        shown = card("2-alert-acknowledged")
        self.edit(press["activity"], card=shown)
        return {"statusCode": 200, "type": CARD, "value": shown}

    def _on_evidence(self, person: Json, press: Json) -> Json:
        return _dialog("Evidence", card("4-evidence"))

    def _on_request_rollback(self, person: Json, press: Json) -> Json:
        return _dialog("Request a rollback", card("9-dialog-request"))

    def _on_ask_for_approval(self, person: Json, press: Json) -> Json:
        if "nobody" in press["inputs"]["reason"]:
            return _error(409, "Somebody has asked already.")
        self.post(card=card("5-rollback-request"))
        return {"task": {"type": "message", "value": "R-118 waits for an approver."}}

    def _on_approve_rollback(self, person: Json, press: Json) -> Json:
        if person["key"] == "jonas":
            return _error(403, "You asked for this rollback; **someone else** decides.")
        self.edit(press["activity"], card=card("6-rollback-done"))
        return {"statusCode": 200, "type": MESSAGE, "value": "Approved."}

    def _on_snooze_alert(self, person: Json, press: Json) -> Json:
        return {"statusCode": 200, "type": MESSAGE, "value": "Snoozed for 4 hours."}

    def _on_later(self, person: Json, press: Json) -> Json:
        return {"statusCode": 200, "type": MESSAGE, "value": "Later, then."}


def _person(request: web.Request) -> Json:
    key = request.match_info["person"]
    return next(one for one in PEOPLE if one["key"] == key)


def _place(key: str, name: str, members: list[str]) -> Json:
    kind = "personal" if key in CHATS.values() else "channel"
    team = "Risk models" if kind == "channel" else ""
    return {"id": key, "name": name, "kind": kind, "team": team, "members": members}


def _dialog(title: str, shown: Json) -> Json:
    attached = {"contentType": CARD, "content": shown}
    return {"task": {"type": "continue", "value": {"title": title, "card": attached}}}


def _error(status: int, text: str) -> Json:
    return {
        "statusCode": status,
        "type": ERROR,
        "value": {"code": "x", "message": text},
    }


def _always(answer: Any) -> Any:
    async def give(request: web.Request) -> web.Response:
        return web.json_response(answer)

    return give
