"""GET /api/gate/{endpoint}/{deployment}: asked by a release pipeline, answered, kept."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from aiohttp import web

from bot.approval import gate
from bot.approval.oversight import GateAnswered
from bot.incident import OPEN, RollbackRequested
from bot.pages import answers
from bot.ports import Impossible, Unavailable
from bot.store import Conflict
from bot.triage import silence
from bot.watch import Endpoint
from bot.worker import Means

LOOK_S = 8.0  # for Azure; a pipeline waits longer than a person
LONGEST = 64  # characters of a deployment's name; Azure takes 32
TOO_LONG = "no deployment has such a name"
_TRIES = 8  # to keep an answer when somebody else was first


class NoSuch(Exception):
    """There is no such endpoint, or no deployment can have such a name."""


async def answer(means: Means, request: web.Request) -> web.Response:
    """Answer whether something may be released, and keep what was told."""
    deployment = request.match_info["deployment"]
    if len(deployment) > LONGEST:
        raise answers.refusal(web.HTTPBadRequest, TOO_LONG)
    try:
        found = await judge(means, request.match_info["endpoint"], deployment)
    except NoSuch as error:
        raise answers.refusal(web.HTTPNotFound, str(error)) from None
    except Conflict:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "1"}) from None
    return web.json_response(told(found))


def told(found: GateAnswered) -> dict[str, object]:
    """Return what a pipeline is told: {pass: bool, reasons: [str], evidence: "G-7"}."""
    return {
        "pass": found.passed,
        "reasons": list(found.reasons),
        "evidence": found.number,
    }


async def judge(means: Means, name: str, deployment: str) -> GateAnswered:
    """Return the answer, which is kept. Raises NoSuch, and Conflict when many ask at once."""
    store, endpoints = means.store, means.watch.named(name)
    if len(endpoints) != 1:
        how = "several endpoints have" if endpoints else "no watched endpoint has"
        raise NoSuch(f"{how} this name")
    if len(deployment) > LONGEST:
        raise NoSuch(TOO_LONG)
    endpoint = endpoints[0]
    live = await _live(means, endpoint, deployment)
    loaded = [await store.load(key) for key in await _concerned(means, endpoint)]
    number = f"G-{await store.number('gate')}"
    for _ in range(_TRIES):
        ledger = await store.ledger(endpoint.id)
        found = gate.answer(
            endpoint,
            deployment,
            [i for i in loaded if i is not None],
            ledger,
            number=number,
            now=means.clock(),
            live=live,
        )
        with suppress(Conflict):
            await store.append(ledger, [found])
            return found
    raise Conflict(endpoint.id)


async def _concerned(means: Means, endpoint: Endpoint) -> list[str]:
    """Return the incidents that are open, and those of which a request may be."""
    store, of = means.store, endpoint.id
    listed = await store.incidents(status=OPEN, endpoint=of, limit=1000)
    since = means.clock() - timedelta(minutes=endpoint.approval.valid_minutes)
    asked = await store.incidents(endpoint=of, having=RollbackRequested)
    listed += [line for line in asked if line.updated_at >= since]
    return list(dict.fromkeys(line.id for line in listed))


async def _live(means: Means, endpoint: Endpoint, deployment: str) -> list[str]:
    """Return what Azure says against it now; that it does not answer speaks against too."""
    workspace, found = means.workspace, list[str]()
    if workspace is None:
        return found
    try:
        async with asyncio.timeout(LOOK_S):
            state = await workspace.state(endpoint.id)
            found += gate.standing(endpoint, deployment, state)
            if endpoint.monitor:  # whose signals are as old as its last run
                plan = await workspace.plan(endpoint)
                late = silence.monitor(plan, endpoint.listening, means.clock())
                found += [late] if late else []
    except TimeoutError:
        found.append("Azure did not tell in time how the endpoint stands")
    except (Unavailable, Impossible) as error:
        found.append(f"how the endpoint stands is not known: {error}")
    return found
