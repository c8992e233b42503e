"""What every scenario offers."""

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import web

from bot.simulator.hands import Hands, Measured
from bot.simulator.world import World

Lifetime: TypeAlias = Callable[[web.Application], AsyncIterator[None]]
# What people do, from the first card to the packet; returns objectives and what came.
Course: TypeAlias = Callable[[Hands], Coroutine[Any, Any, list[Measured]]]


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
    # For `demo --play`: the case study, from end to end. None: there is none.
    course: Course | None = None
