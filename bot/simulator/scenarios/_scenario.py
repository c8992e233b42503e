"""What every scenario offers."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import web

from bot.simulator.world import World

Lifetime: TypeAlias = Callable[[web.Application], AsyncIterator[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    name: str
    title: str  # one line for the terminal and the page
    # Fill the world and the folder of its blobs; again is harmless and brings the
    # production data up to `now`.
    seed: Callable[[World, Path, datetime], None]
    # The watch list, as watchkeeper.yaml would hold it.
    watch: Callable[[], dict[str, Any]]
    # For `app.cleanup_ctx`: what happens by itself, so many seconds after the start.
    story: Callable[[float], Lifetime]
