"""What the simulated Azure keeps in memory: where the bot is, what is under way."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(slots=True)
class Azure:
    """Set `bot_url` before an alert is fired; `pace` 0.1 repeats ten times faster."""

    bot_url: str = ""
    pace: float = 1.0
    # Writes the scenario's production data anew: shifted or not.
    rewrite: Callable[[bool], Awaitable[None]] | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


AZURE = web.AppKey("azure", Azure)
