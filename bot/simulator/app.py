"""The simulator's application: identity, faults, Azure, Teams, and the page."""

from aiohttp import web

from bot.simulator import azure, faults, identity, page, teams
from bot.simulator.faults import FAULTS, Faults, fail_on_demand
from bot.simulator.identity import IDENTITY, Identity
from bot.simulator.world import WORLD, World


def create(world: World) -> web.Application:
    """Return the simulator over `world`, ready to be served on a loopback port."""
    app = web.Application(
        middlewares=[teams.name_host, fail_on_demand], client_max_size=8 * 2**20
    )
    app[WORLD], app[FAULTS], app[IDENTITY] = world, Faults(), Identity(world)
    app.add_routes(faults.routes)
    teams.add_routes(app)
    page.add_routes(app)
    azure.add_routes(app)
    app.add_routes(identity.routes)  # last: some of them begin with any word
    return app
