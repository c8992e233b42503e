"""The loan scenario's world, in which nothing happens by itself."""

from collections.abc import AsyncIterator
from dataclasses import replace

from aiohttp import web

from bot.simulator.scenarios import loan
from bot.simulator.scenarios._scenario import Lifetime


def story(delay_s: float) -> Lifetime:
    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        loan.attach(app)
        yield

    return lifetime


SCENARIO = replace(
    loan.SCENARIO,
    name="none",
    title="Loan pre-screening on a quiet day",
    story=story,
    course=None,
)
