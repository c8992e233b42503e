"""What others read from us: health, figures, incidents, evidence."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias

import sqlalchemy as sa
from aiohttp import hdrs, web

from bot import evidence
from bot.callers import Anyone, Caller, Credentials, Denied, Readers, Undecided
from bot.evidence.objects import at_hand
from bot.evidence.shelf import Differs, NotKept
from bot.incident import AlertReceived, Incident
from bot.observe.figures import Figures
from bot.pages import answers, release
from bot.pages.packs import READER, model_pack, noted, rendering
from bot.store import Listed, Store
from bot.worker import Means
from bot.worker.means import DATABASE, Forgotten

DATABASE_S = 5  # after which it is worth asking again
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(
    means: Means,
    ready: Callable[[], bool],
    figures: Figures | None = None,
    reader: Caller | None = None,
) -> list[web.RouteDef]:
    """Return the reading routes. `ready` says whether new work may be sent here.

    Only whom `reader` lets pass may see incidents and evidence; None: anybody.
    """
    pages = _Pages(means, ready, figures or Figures())
    known = partial(_known, reader or Anyone())
    return [
        web.get("/healthz", pages.healthz),
        web.get("/readyz", pages.readyz),
        web.get("/metrics", pages.metrics),
        web.get("/api/incidents", known(pages.incidents)),
        web.get("/api/incidents/{id}", known(pages.incident)),
        web.get("/evidence/{id}", known(pages.evidence)),
        web.get("/evidence/model/{model}", known(partial(model_pack, means))),
        web.get(
            "/api/gate/{endpoint}/{deployment}", known(partial(release.answer, means))
        ),
    ]


def _known(reader: Caller, handler: Handler) -> Handler:
    """Return `handler` behind the check of who asks."""

    async def answer(request: web.Request) -> web.StreamResponse:
        shown = Credentials(tuple(request.headers.getall(hdrs.AUTHORIZATION, ())), ())
        try:
            await reader.check(shown)
        except Denied as denied:
            return answers.denied(denied.status, denied.reason)
        except Undecided as undecided:
            return answers.later(undecided.reason, undecided.retry_after_s)
        if isinstance(reader, Readers):
            request[READER] = reader.whom(shown)
        try:
            return await handler(request)
        except (*DATABASE, sa.exc.TimeoutError):
            return answers.later("the records cannot be reached now", DATABASE_S)

    return answer


class _Pages:
    def __init__(
        self, means: Means, ready: Callable[[], bool], figures: Figures
    ) -> None:
        self._means = means
        self._ready = ready
        self._figures = figures

    async def healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(self, _: web.Request) -> web.Response:
        try:
            waiting = await self._means.store.outbox.waiting()
        except Exception as error:  # noqa: BLE001 whatever it is, we cannot take work
            body = {
                "status": "the store does not answer",
                "error": type(error).__name__,
            }
            return web.json_response(body, status=503)
        status = 200 if self._ready() else 503
        word = "ready" if self._ready() else "stopping"
        return web.json_response({"status": word, **waiting}, status=status)

    async def metrics(self, _: web.Request) -> web.Response:
        return web.Response(
            body=await self._figures.page(self._means.store),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    async def incidents(self, _: web.Request) -> web.Response:
        store = self._means.store
        listed = [await _summary(store, line) for line in await store.incidents()]
        unhandled = [
            {
                "id": one.id,
                "route": one.route,
                "received_at": one.received_at.isoformat(),
                "reason": one.reason,
            }
            for one in await store.unhandled()
        ]
        return web.json_response({"incidents": listed, "unhandled": unhandled})

    async def incident(self, request: web.Request) -> web.Response:
        found = await self._find(request)
        await noted(self._means, request, found.endpoint, found.id, "api")
        return web.json_response(evidence.packet(found))

    async def evidence(self, request: web.Request) -> web.Response:
        accept = request.headers.get("Accept", "")
        if request.match_info["id"].startswith("G-"):
            return await self._answer(request, accept)
        found = await self._find(request)
        how = rendering(accept)
        await noted(self._means, request, found.endpoint, found.id, how)
        if how == "zip":
            return await self._zip(found.id)
        if how == "packet":
            return web.json_response(evidence.packet(found))
        shown: evidence.Rendering = (
            "owner" if request.query.get("for") == "owner" else "risk"
        )
        try:
            view = self._means.view(found)
            objects = await self._objects(found)
            html = await asyncio.to_thread(
                evidence.page, view, objects, rendering=shown
            )
        except Forgotten:
            return web.json_response(evidence.packet(found))
        return answers.html(html)

    async def _answer(self, request: web.Request, accept: str) -> web.Response:
        """Answer what the gate told a pipeline, and what that rested on."""
        number = request.match_info["id"]
        ledger = await self._means.store.of_answer(number)
        found = evidence.given(ledger, number) if ledger else None
        if found is None:
            raise web.HTTPNotFound(
                text='{"error": "the gate gave no answer with this id"}',
                content_type="application/json",
            )
        await noted(self._means, request, found["endpoint"], number, rendering(accept))
        if rendering(accept) == "packet":
            return web.json_response(found)
        return answers.html(evidence.answer_page(found))

    async def _objects(self, found: Incident) -> dict[str, bytes]:
        """Return the newest frozen objects; the page says which it could not have."""
        archive = self._means.archive
        try:
            return await at_hand(archive.shelf, found) if archive else {}
        except NotKept:
            return {}

    async def _zip(self, key: str) -> web.Response:
        """Answer the whole packet, as `watchkeeper evidence export` writes it."""
        store, archive = self._means.store, self._means.archive
        public = archive.key.public_key() if archive else None
        sealed = await store.read(lambda db: evidence.read(db, [key], public))
        try:
            objects = await evidence.objects(archive.shelf, sealed) if archive else {}
        except (NotKept, Differs) as error:
            raise answers.not_whole(error) from None
        signer = archive.signer(sealed.head) if archive else None
        content = await asyncio.to_thread(evidence.of_incident, sealed, objects, signer)
        return answers.zipped(content, key)

    async def _find(self, request: web.Request) -> Incident:
        found = await self._means.store.load(request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound(
                text='{"error": "there is no incident with this id"}',
                content_type="application/json",
            )
        return found


async def _summary(store: Store, line: Listed) -> dict[str, Any]:
    incident = await store.load(line.id)
    alerts = incident.alerts if incident else ()
    received = incident.every(AlertReceived) if incident else ()
    return {
        "id": line.id,
        "endpoint": line.endpoint,
        "status": line.status,
        "severity": incident.severity if incident else None,
        "kind": alerts[0].kind if alerts else "",
        "title": alerts[0].title if alerts else "",
        "alerts": [a.fingerprint for a in alerts],
        "deliveries": list(dict.fromkeys(e.delivery for e in received)),
        "request": line.request or None,
        "revision": line.revision,
        "opened_at": line.opened_at.isoformat(),
        "updated_at": line.updated_at.isoformat(),
    }
