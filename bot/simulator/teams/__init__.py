"""A local Teams: the Bot Connector, Graph's message list, and the people who click."""

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.simulator.faults import HOST
from bot.simulator.teams import connector, graph, remote, workflows
from bot.simulator.teams.line import BOT_URL, Address, connected
from bot.simulator.teams.messages import MESSAGES, Messages
from bot.simulator.teams.throttle import THROTTLE, Throttle
from bot.simulator.world import WORLD

__all__ = ["BOT_URL", "Address", "add_routes", "name_host"]
_OURS = ("/v3/", "/v1.0/teams/", "/workflows/")


@web.middleware
async def name_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say in the book of requests which of them came to Teams, failed ones too."""
    if request.path.startswith(_OURS):
        request[HOST] = "teams"
    return await handler(request)


def add_routes(app: web.Application) -> None:
    """Put Teams into the simulator. Set `app[BOT_URL]` once the ports are known."""
    app[BOT_URL] = Address()
    app[MESSAGES], app[THROTTLE] = Messages(app[WORLD]), Throttle()
    app.add_routes(connector.routes)
    app.add_routes(graph.routes)
    app.add_routes(remote.routes)
    app.add_routes(workflows.routes)
    app[workflows.TAKEN] = []
    app.cleanup_ctx.append(connected)
    app.on_shutdown.append(_close_streams)


async def _close_streams(app: web.Application) -> None:
    app[MESSAGES].close()
