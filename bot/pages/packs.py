"""GET /evidence/model/{model}: a model's months as a page, or as the zip with proofs."""

import asyncio
from datetime import datetime, timedelta

from aiohttp import web

from bot import evidence
from bot.evidence import bundle
from bot.evidence.mapping import mapping
from bot.evidence.model import sections
from bot.evidence.model_page import model_document, model_page
from bot.evidence.sealed import Sealed
from bot.evidence.shelf import Differs, NotKept
from bot.incident import Actor
from bot.pages import answers
from bot.period import LONGEST, Period, period, whole_second
from bot.store import Conflict
from bot.worker import Means, reads
from bot.worker.means import DATABASE
from bot.worker.months import gather

# The Actor who reads; it is not there where nobody has to say who they are.
READER = web.RequestKey("reader", Actor)


async def noted(
    means: Means, request: web.Request, endpoint: str, of: str, how: str
) -> None:
    """Record who reads, before it is read: no record, no evidence (503)."""
    by, again = request.get(READER), reads.ONE if how == "api" else timedelta()
    try:
        await reads.note(means, by, endpoint, of, how, again=again)
    except (Conflict, *DATABASE):
        words = "this reading cannot be recorded now"
        raise answers.refusal(web.HTTPServiceUnavailable, words) from None


async def model_pack(means: Means, request: web.Request) -> web.Response:
    """Answer the pack over ?period=90d, or ?from=…&to=… in ISO times.

    As a page, with Accept: application/json as its document, application/zip whole.
    """
    name, asked = request.match_info["model"], request.query
    endpoints = [e.id for e in means.watch.of_model(name)]
    if not endpoints:
        words = "no watched endpoint serves this model"
        raise answers.refusal(web.HTTPNotFound, words)
    now = whole_second(means.clock())
    try:
        span = _span(asked.get("from"), asked.get("to"), now) or period(
            asked.get("period", "90d"), now
        )
    except ValueError as error:
        raise answers.refusal(web.HTTPBadRequest, str(error)) from None
    how = rendering(request.headers.get("Accept", ""))
    for endpoint in endpoints:
        await noted(means, request, endpoint, name, how)
    try:
        sealed, objects = await gather(means, endpoints, span)
    except (NotKept, Differs) as error:
        raise answers.not_whole(error) from None
    if how != "zip":
        make = _page if how == "page" else _document
        text = await asyncio.to_thread(make, sealed, objects, name, span)
        if how == "page":
            return answers.html(text)
        return web.Response(text=text, content_type="application/json")
    content = await asyncio.to_thread(
        evidence.of_model,
        sealed,
        objects,
        means.archive.signer(sealed.head) if means.archive else None,
        model=name,
        period=span,
    )
    return answers.zipped(content, f"{name}-{span[0]:%Y%m%d}-{span[1]:%Y%m%d}")


def _page(sealed: Sealed, objects: dict[str, bytes], name: str, span: Period) -> str:
    matter = bundle.matter_of(sealed, objects, name, span)
    return model_page(matter, [*sections(matter), mapping()])


def _document(
    sealed: Sealed, objects: dict[str, bytes], name: str, span: Period
) -> str:
    matter = bundle.matter_of(sealed, objects, name, span)
    found = [*sections(matter), mapping()]
    return bundle.text(model_document(matter, found)).decode()


def rendering(accept: str) -> str:
    """Return which rendering is asked for: "zip", "packet" or "page"."""
    if "application/zip" in accept:
        return "zip"
    plain = "application/json" in accept and "text/html" not in accept
    return "packet" if plain else "page"


def _span(start: str | None, end: str | None, now: datetime) -> Period | None:
    """Return the period between two times, None where they are not given."""
    if not start and not end:
        return None
    if not start or not end:
        raise ValueError("from and to go together")
    try:
        first, last = (datetime.fromisoformat(each) for each in (start, end))
        span = min(last, now) - first
    except (ValueError, TypeError):
        raise ValueError("from and to are ISO times, with a zone") from None
    if not timedelta() < span <= LONGEST:
        raise ValueError("a period begins before it ends, and is five years at most")
    return first, min(last, now)
