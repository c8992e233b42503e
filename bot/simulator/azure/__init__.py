"""A local Azure: Resource Manager, Monitor, Log Analytics and Blob Storage over HTTP.

Only what the bot's SDK clients really call is here, with Azure's shapes, errors and
rights. `add_routes` puts it into the simulator; `POST /sim/azure/…` changes its world.
"""

from aiohttp import web

from bot.simulator.azure import (
    access,
    activity,
    alerts,
    arm,
    blobs,
    called,
    control,
    firing,
    jobs,
    logs,
    metrics,
    rules,
    vault,
)
from bot.simulator.azure.state import AZURE, Azure

__all__ = ["AZURE", "Azure", "add_routes"]


def add_routes(app: web.Application) -> None:
    """Add the local Azure to the simulator; set `app[AZURE].bot_url` before alerts."""
    app[AZURE] = Azure()
    for part in (
        metrics,
        access,
        activity,
        called,
        rules,
        alerts,
        jobs,
        arm,
        logs,
        blobs,
        vault,
        firing,
        control,
    ):  # arm last of those with long paths
        app.add_routes(part.routes)
    app.on_cleanup.append(_stop)


async def _stop(app: web.Application) -> None:
    for task in list(app[AZURE].tasks):
        task.cancel()
