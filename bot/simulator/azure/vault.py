"""Key Vault's data plane, one secret's worth: `/secrets/{name}[/{version}]`.

It first answers 401 with a challenge, as the real one does: the client learns from it
which token to ask for.
"""

from aiohttp import hdrs, web

from bot.simulator.azure.gate import allow, refuse
from bot.simulator.faults import HOST
from bot.simulator.identity import TENANT
from bot.simulator.world import WORLD

routes = web.RouteTableDef()
_AUDIENCE = "https://vault.azure.net"
_READ = "microsoft.keyvault/vaults/secrets/getsecret/action"


@routes.get("/secrets/{name}/{version:.*}")
@routes.get("/secrets/{name}")
async def one(request: web.Request) -> web.Response:
    """Answer the newest version, or the one that is asked for."""
    request[HOST] = "azure"
    if hdrs.AUTHORIZATION not in request.headers:
        challenge = (
            f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", '
            f'resource="{_AUDIENCE}"'
        )
        raise web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: challenge})
    allow(request, _READ, _AUDIENCE)
    name, version = request.match_info["name"], request.match_info.get("version", "")
    kept = request.app[WORLD].get("vault", name)
    if kept is None or version not in ("", kept["version"]):
        refuse(404, "SecretNotFound", f"A secret with (name/id) {name} was not found")
    return web.json_response(
        {
            "value": kept["value"],
            "id": f"https://{request.host}/secrets/{name}/{kept['version']}",
            "attributes": {"enabled": True, "created": 0, "updated": 0},
        }
    )
