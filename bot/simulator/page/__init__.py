"""The demo's page: looks and works like a Teams channel, over the remote control.

`GET /` and `GET /page/…`. The page itself asks the simulator's own routes
(`/sim/…`) and nothing else: the content policy forbids every other origin.
"""

import mimetypes
from pathlib import Path
from typing import Final

from aiohttp import web

_STATIC: Final = Path(__file__).parent / "static"
_MODULES: Final = Path(__file__).parents[3] / "node_modules"
# What may leave node_modules: a file that is not named here does not exist.
_VENDOR: Final = {
    "vendor/adaptivecards.js": "adaptivecards/dist/adaptivecards.min.js",
}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # a new version shows after a plain reload
}
_OPTIONAL: Final = {"hints": "/sim/hints", "azure": "/sim/azure"}
_NOT_INSTALLED: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Watchkeeper</title>
<h1>The page is not set up yet</h1>
<p>It draws cards with Microsoft's <code>adaptivecards</code>, which is not installed
here. Stop the demo and start it with <code>make demo</code>: that fetches it once.</p>
<p>The bot and the simulated cloud run; only this page is missing.</p>
</html>
"""
_FOLDER = web.AppKey("page_node_modules", Path)


def add_routes(app: web.Application, *, node_modules: Path = _MODULES) -> None:
    """Serve the page from `app`, with the card renderer out of `node_modules`."""
    app[_FOLDER] = node_modules
    app.router.add_get("/", _front)
    app.router.add_get("/page/offers.json", _offers)
    app.router.add_get("/page/{name:.+}", _file)


async def _front(request: web.Request) -> web.StreamResponse:
    if not all((request.app[_FOLDER] / path).is_file() for path in _VENDOR.values()):
        return web.Response(
            text=_NOT_INSTALLED, content_type="text/html", status=503, headers=_HEADERS
        )
    return _answer(_STATIC / "index.html")


async def _offers(request: web.Request) -> web.Response:
    """Say which optional routes there are: probing for them would log 404s."""
    known = {resource.canonical for resource in request.app.router.resources()}
    return web.json_response(
        {name: path in known for name, path in _OPTIONAL.items()}, headers=_HEADERS
    )


async def _file(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    if name in _VENDOR:
        return _answer(request.app[_FOLDER] / _VENDOR[name])
    ours = {path.relative_to(_STATIC).as_posix(): path for path in _STATIC.rglob("*.*")}
    if name not in ours:
        raise web.HTTPNotFound(text="the page has no such file", headers=_HEADERS)
    return _answer(ours[name])


def _answer(path: Path) -> web.StreamResponse:
    if not path.is_file():
        raise web.HTTPNotFound(text="not installed: run make demo", headers=_HEADERS)
    # Named here: on some machines the system's list calls a module text/plain,
    # and a browser then refuses to run it.
    kinds = {".js": "text/javascript", ".svg": "image/svg+xml"}
    kind = kinds.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
    return web.FileResponse(path, headers={**_HEADERS, "Content-Type": kind})
