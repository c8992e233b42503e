"""The remote control of the simulated Teams: who writes and who presses what."""

import asyncio
import json
import re
from typing import Any, NoReturn

from aiohttp import web

from bot.simulator.identity import TENANT
from bot.simulator.people import ACCOUNTS, BOT_NAME, BOT_TEAMS_ID, Account
from bot.simulator.teams import press
from bot.simulator.teams.line import BOT_URL, from_person, installs, send
from bot.simulator.teams.messages import MESSAGES
from bot.simulator.teams.places import CHANNELS, CHATS, GROUPS, Place, person, place
from bot.simulator.teams.throttle import THROTTLE
from bot.simulator.world import Document

_BEAT_S = 15  # an idle stream says that it lives
routes = web.RouteTableDef()


def _no(status: type[web.HTTPException], text: str) -> NoReturn:
    raise status(text=json.dumps({"error": text}), content_type="application/json")


async def _asked(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        _no(web.HTTPBadRequest, "the body is not JSON")
    if not isinstance(body, dict):
        _no(web.HTTPBadRequest, "the body is not an object")
    if not request.app[BOT_URL].own:
        request.app[BOT_URL].own = str(request.url.origin())
    return body


def _who(request: web.Request) -> Account:
    name = request.match_info["person"]
    if found := person(name):
        return found
    return _no(
        web.HTTPNotFound,
        f"nobody is called {name!r}; there is: {', '.join(a.key for a in ACCOUNTS)}",
    )


def _where(name: str, who: Account) -> Place:
    found = place(name) or (CHANNELS[0] if not name else None)
    if found is None:
        there = ", ".join(p.key for p in (*CHANNELS, *GROUPS))
        _no(web.HTTPNotFound, f"no conversation {name!r}; there is: {there}")
    if who not in found.members:
        _no(web.HTTPForbidden, f"{who.name} is not a member of {found.name}")
    return found


def _message(request: web.Request, name: str) -> Document:
    found = request.app[MESSAGES].get(name)
    if found is None or found["deleted"]:
        there = [m["id"] for m in request.app[MESSAGES].all() if not m["deleted"]]
        last = ", ".join(there[-20:]) or "none"
        _no(web.HTTPNotFound, f"no message {name!r}; there is: {last}")
    return found


# -- what there is -----------------------------------------------------------


@routes.get("/sim/activities")
async def activities(request: web.Request) -> web.Response:
    """Answer the messages as they stand now, oldest first."""
    wanted = request.query.get("conversation", "")
    found = place(wanted) if wanted else None
    if wanted and found is None:
        _no(web.HTTPNotFound, f"no conversation {wanted!r}")
    return web.json_response(request.app[MESSAGES].all(found.id if found else ""))


@routes.delete("/sim/activities/{activity}")
async def delete(request: web.Request) -> web.Response:
    """A person deletes a message, as Teams lets an owner do."""
    found = _message(request, request.match_info["activity"])
    return web.json_response(request.app[MESSAGES].delete(found))


@routes.get("/sim/people")
async def everybody(request: web.Request) -> web.Response:
    return web.json_response(
        [
            {
                "id": a.oid,
                "key": a.key,
                "name": a.name,
                "person": a.person,
                "teams_id": a.teams_id,
                "tenant": a.tenant,
                "outside": a.tenant != TENANT,
                "guest": a.guest,
                "roles": list(a.roles),
            }
            for a in ACCOUNTS
        ]
    )


@routes.get("/sim/conversations")
async def conversations(request: web.Request) -> web.Response:
    return web.json_response([p.view() for p in (*CHANNELS, *GROUPS, *CHATS)])


@routes.post("/sim/throttle")
async def throttle(request: web.Request) -> web.Response:
    """Switch Teams' rate windows on or off: `{on}`."""
    request.app[THROTTLE].on = bool((await _asked(request)).get("on", True))
    return web.json_response({"on": request.app[THROTTLE].on})


@routes.get("/sim/stream")
async def stream(request: web.Request) -> web.StreamResponse:
    """Send every message that is posted, edited or deleted from now on."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    queue = request.app[MESSAGES].watch()
    try:
        await response.prepare(request)
        await response.write(b"retry: 1000\n\n")
        while True:
            try:
                message = await asyncio.wait_for(queue.get(), _BEAT_S)
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if message is None:
                break
            data = json.dumps(message)
            await response.write(f"event: activity\ndata: {data}\n\n".encode())
    except ConnectionResetError:
        pass  # the watcher left
    finally:
        request.app[MESSAGES].leave(queue)
    return response


# -- what people do ----------------------------------------------------------


@routes.post("/sim/people/{person}/say")
async def say(request: web.Request) -> web.Response:
    """Write as that person: `{conversation, text, reply_to?, mention?}`.

    `mention` false leaves the bot out, so it hears nothing. Answers what the bot did.
    """
    asked, who = await _asked(request), _who(request)
    where = _where(str(asked.get("conversation", "")), who)
    thread = ""
    if asked.get("reply_to") and where.kind == "channel":
        root = _message(request, str(asked["reply_to"]))
        thread = root["replyToId"] or root["id"]
    text = str(asked.get("text", ""))
    entities: list[Document] = []
    mentioned = where.kind != "personal" and asked.get("mention", True)
    if mentioned:
        text, entities = _mention(text)
    posted = request.app[MESSAGES].post(
        where.id,
        {"id": who.teams_id, "name": who.name, "kind": "person"},
        thread=thread,
        text=text,
        entities=entities,
    )
    if where.kind != "personal" and not mentioned:
        return web.json_response({"id": posted["id"]})
    frame = from_person(request.app, "message", who, where, thread or posted["id"])
    frame |= {"id": posted["id"], "textFormat": "plain", "attachments": []}
    frame |= {"text": text, "entities": [*entities, *frame["entities"]]}
    if thread:
        frame["replyToId"] = thread
    return await send(request.app, frame)


def _mention(text: str) -> tuple[str, list[Document]]:
    """Return the text with the bot addressed first, as Teams writes it, and whom."""
    at = f"<at>{BOT_NAME}</at>"
    bare = re.sub(rf"^\s*(?:@{BOT_NAME}\b|{at})[\s,:]*", "", text, flags=re.IGNORECASE)
    bot = {"id": BOT_TEAMS_ID, "name": BOT_NAME}
    return f"{at} {bare}", [{"type": "mention", "text": at, "mentioned": bot}]


@routes.post("/sim/people/{person}/search")
async def search(request: web.Request) -> web.Response:
    """Look for evidence as that person, while writing: `{conversation, text}`."""
    asked, who = await _asked(request), _who(request)
    where = _where(str(asked.get("conversation", "")), who)
    parameter = {"name": "text", "value": str(asked.get("text", ""))}
    value = {"commandId": "findEvidence", "parameters": [parameter]}
    frame = from_person(request.app, "invoke", who, where, "")
    frame |= {"name": "composeExtension/query", "value": value}
    return await send(request.app, frame)


@routes.post("/sim/install")
async def install(request: web.Request) -> web.Response:
    """Add the bot to a conversation: `{conversation}`."""
    asked = await _asked(request)
    found = place(str(asked.get("conversation", "")))
    if found is None:
        _no(web.HTTPNotFound, f"no conversation {asked.get('conversation')!r}")
    for activity in installs(request.app, found):
        await send(request.app, activity)
    return web.json_response({"conversation": found.id})


@routes.post("/sim/copy")
async def copy(request: web.Request) -> web.Response:
    """Post a message of the bot once more, as a lost answer leaves it: `{activity}`."""
    found = _message(request, str((await _asked(request)).get("activity", "")))
    names = ("text", "card", "summary", "entities")
    again = {n: found[n] for n in names if n in found}
    posted = request.app[MESSAGES].post(found["conversation"], found["from"], **again)
    return web.json_response({"id": posted["id"]})


@routes.post("/sim/people/{person}/click")
async def click(request: web.Request) -> web.Response:
    """Press a button as that person: `{activity, title, inputs?, dialog?, legacy?}`.

    `dialog` is a dialog's card on which the button is; `legacy` a client too old for
    Action.Execute, which takes the fallback. Answers what the bot answered; 422 when
    the client would not send it.
    """
    asked, who = await _asked(request), _who(request)
    message = _message(request, str(asked.get("activity", "")))
    where = _where(message["conversation"], who)
    card = asked.get("dialog") or message["card"] or {}
    inputs, title = asked.get("inputs"), str(asked.get("title", ""))
    frame = from_person(
        request.app, "invoke", who, where, message["replyToId"] or message["id"]
    )
    frame["replyToId"] = message["id"]
    try:
        button = press.find(card, title, inputs)
        if asked.get("legacy") and isinstance(button.action.get("fallback"), dict):
            button = press.Button(button.action["fallback"], button.inputs)
        return await _press(
            request.app, frame, button, inputs, in_dialog="dialog" in asked
        )
    except press.NoSuchButton as error:
        _no(web.HTTPNotFound, str(error))
    except press.Incomplete as error:
        _no(web.HTTPUnprocessableEntity, str(error))


async def _press(
    app: web.Application,
    frame: Document,
    button: press.Button,
    inputs: dict[str, str] | None,
    *,
    in_dialog: bool,
) -> web.Response:
    if button.kind not in ("Action.Execute", "Action.Submit"):
        return web.json_response(button.action)  # the client alone acts on it
    context = {"context": {"theme": "default"}}
    if in_dialog:
        frame |= {"name": "task/submit"}
        return await send(
            app, frame | {"value": {"data": press.fill(button, inputs), **context}}
        )
    if button.asks_dialog:
        return await _through_dialog(app, frame, button, inputs)
    data = press.fill(button, inputs)
    if button.kind == "Action.Submit":
        return await send(app, frame | {"type": "message", "value": data})
    action = {"type": "Action.Execute", "verb": button.action.get("verb", "")}
    action |= {"title": button.title, "data": data}
    if "id" in button.action:
        action["id"] = button.action["id"]
    frame |= {"name": "adaptiveCard/action"}
    return await send(app, frame | {"value": {"action": action, "trigger": "manual"}})


async def _through_dialog(
    app: web.Application,
    frame: Document,
    button: press.Button,
    inputs: dict[str, str] | None,
) -> web.Response:
    """Open the dialog; with `inputs`, fill it in and send it too."""
    known = {str(i.get("id", "")) for i in button.inputs}
    own = {k: v for k, v in (inputs or {}).items() if k in known}
    value = {"data": press.fill(button, own), "context": {"theme": "default"}}
    answer = await send(app, frame | {"name": "task/fetch", "value": value})
    submit = press.first_submit(_dialog(answer))
    rest = {k: v for k, v in (inputs or {}).items() if k not in own}
    if not rest or submit is None:
        return answer
    frame |= {"id": frame["id"] + "-submit"}
    return await _press(app, frame, submit, rest, in_dialog=True)


def _dialog(answer: web.Response) -> dict[str, Any]:
    """Return the card of a task module answer, {} if it opens none."""
    try:
        task = json.loads(answer.text or "")["task"]
        card = task["value"]["card"]["content"] if task["type"] == "continue" else {}
    except (ValueError, KeyError, TypeError):
        return {}
    return card if isinstance(card, dict) else {}
