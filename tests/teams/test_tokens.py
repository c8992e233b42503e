"""The bot's tokens on a bad day: Entra away, slow, or asked by many at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.ports import Unavailable
from bot.teams.account import Account
from bot.teams.credentials import Tokens


@dataclass
class Entra:
    """A token endpoint that counts, and can be told to fail."""

    tokens: Tokens
    status: int = 200
    asked: int = 0
    now: float = 0.0
    came: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        self.came.set()
        await self.go.wait()
        body = {"access_token": f"t{self.asked}", "expires_in": 3600}
        return web.json_response(body, status=self.status)


@pytest.fixture
async def entra(
    account: Account, session: aiohttp.ClientSession
) -> AsyncIterator[Entra]:
    async def vouch() -> str:
        return "assertion"

    found: list[Entra] = []
    app = web.Application()

    async def answer(request: web.Request) -> web.Response:
        return await found[0].answer(request)

    app.router.add_post("/{path:.*}", answer)
    async with TestServer(app) as server:
        here = replace(account, login_url=str(server.make_url("")).rstrip("/"))
        tokens = Tokens(here, session, vouch, clock=lambda: found[0].now)
        found.append(Entra(tokens))
        found[0].go.set()
        yield found[0]


async def test_a_token_is_good_to_its_end_while_entra_is_away(entra: Entra) -> None:
    """
    Five minutes of Entra's are no reason to be silent with a token in hand.
    """
    first = await entra.tokens.get()
    entra.status = 503
    entra.now = 3400  # replaced from 3300 on, good until 3600
    kept = [await entra.tokens.get() for _ in range(3)]
    asked = entra.asked
    entra.now = 3431  # asked again, though not at each message
    await entra.tokens.get()
    entra.now = 3601
    with pytest.raises(Unavailable):
        await entra.tokens.get()
    entra.status = 200
    last = await entra.tokens.get()

    assert [first] * 3 == kept
    assert 2 == asked
    assert ("t5", 5) == (last, entra.asked)


async def test_who_waits_for_a_fetch_shares_how_it_ends(entra: Entra) -> None:
    """
    A hundred cards that wait for a token ask Entra once, not one after the other.
    """
    entra.go.clear()
    entra.status = 503
    waiting = [asyncio.create_task(entra.tokens.get()) for _ in range(100)]
    await entra.came.wait()
    entra.go.set()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    failed = entra.asked
    entra.status = 200
    got = await asyncio.gather(*(entra.tokens.get() for _ in range(100)))

    assert {Unavailable} == {type(each) for each in ended}
    assert 1 == failed
    assert {"t2"} == set(got)
