"""What our pages answer with: HTML, a zip, or why not in JSON."""

import json
import re
from http import HTTPStatus
from typing import TypeVar

from aiohttp import web

Refusal = TypeVar("Refusal", bound=web.HTTPException)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html(text: str) -> web.Response:
    """Return a page that may load nothing, from nowhere."""
    return web.Response(
        text=text,
        content_type="text/html",
        headers={"Content-Security-Policy": _POLICY},
    )


def zipped(content: bytes, name: str) -> web.Response:
    safe = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    return web.Response(
        body=content,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{safe}.zip"'},
    )


def refusal(kind: type[Refusal], words: str) -> Refusal:
    return kind(text=json.dumps({"error": words}), content_type="application/json")


def not_whole(error: Exception) -> web.HTTPConflict:
    """Return the refusal: told, not hidden, since half a packet passes for a whole one."""
    return refusal(web.HTTPConflict, f"the packet is not whole: {error}")


def denied(status: int, reason: str) -> web.Response:
    """Return the refusal of a caller: 401 asks for a token, 403 does not."""
    headers = (
        {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    )
    return web.json_response({"error": reason}, status=status, headers=headers)


def later(reason: str, seconds: int) -> web.Response:
    headers = {"Retry-After": str(seconds)}
    return web.json_response({"error": reason}, status=503, headers=headers)
