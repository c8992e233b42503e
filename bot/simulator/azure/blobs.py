"""Blob Storage, read only: `/blob/{account}/{container}/{path}` over a folder."""

import hashlib
import re
from email.utils import formatdate
from pathlib import Path
from xml.sax.saxutils import escape

from aiohttp import web

from bot.simulator.azure.gate import allow
from bot.simulator.world import WORLD, World

routes = web.RouteTableDef()
_READ = "microsoft.storage/storageaccounts/blobservices/containers/blobs/read"
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def folder(world: World) -> Path:
    """Return where the blobs lie: {folder}/{account}/{container}/{path}."""
    return Path((world.get("azure", "blobs") or {"folder": "blobs"})["folder"])


def _allow(request: web.Request) -> None:
    account = request.match_info["account"]
    allow(
        request,
        _READ,
        f"https://{account}.blob.core.windows.net",
        "https://storage.azure.com",
    )


@routes.get("/blob/{account}/{container}")
async def listing(request: web.Request) -> web.Response:
    """Answer `restype=container&comp=list`, all in one page."""
    _allow(request)
    place = request.match_info
    root = folder(request.app[WORLD]) / place["account"] / place["container"]
    prefix = request.query.get("prefix", "")
    files = sorted(p for p in root.rglob("*") if p.is_file()) if root.is_dir() else []
    named = [(p.relative_to(root).as_posix(), p) for p in files]
    blobs = "".join(_entry(n, p) for n, p in named if n.startswith(prefix))
    body = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<EnumerationResults><Prefix>{escape(prefix)}</Prefix>"
        f"<Blobs>{blobs}</Blobs><NextMarker /></EnumerationResults>"
    )
    return web.Response(text=body, content_type="application/xml")


def _entry(name: str, path: Path) -> str:
    found = path.stat()
    return (
        f"<Blob><Name>{escape(name)}</Name><Properties>"
        f"<Last-Modified>{formatdate(found.st_mtime, usegmt=True)}</Last-Modified>"
        f"<Etag>{_etag(path)}</Etag><Content-Length>{found.st_size}</Content-Length>"
        "<Content-Type>application/octet-stream</Content-Type>"
        "<BlobType>BlockBlob</BlobType></Properties></Blob>"
    )


def _etag(path: Path) -> str:
    found = path.stat()
    text = f"{path}{found.st_mtime_ns}{found.st_size}"
    return "0x" + hashlib.sha256(text.encode()).hexdigest()[:15].upper()


@routes.get("/blob/{account}/{container}/{path:.+}")
async def blob(request: web.Request) -> web.Response:
    """Answer a blob, or the range of it that is asked for (HEAD: its size)."""
    _allow(request)
    place = request.match_info
    root = folder(request.app[WORLD]) / place["account"] / place["container"]
    path = (root / place["path"]).resolve()
    if not path.is_relative_to(root.resolve()) or not path.is_file():
        return _missing()
    content = path.read_bytes()
    headers = {
        "ETag": f'"{_etag(path)}"',
        "Last-Modified": formatdate(path.stat().st_mtime, usegmt=True),
        "x-ms-blob-type": "BlockBlob",
        "Accept-Ranges": "bytes",
    }
    headers_in = request.headers
    asked = headers_in.get("x-ms-range") or headers_in.get("Range") or ""
    found = _RANGE.fullmatch(asked)
    if found is None:
        return web.Response(body=content, headers=headers)
    start = int(found[1])
    if start >= len(content):
        return web.Response(status=416, headers={"x-ms-error-code": "InvalidRange"})
    part = content[start : int(found[2]) + 1 if found[2] else None]
    end = start + len(part) - 1
    headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
    return web.Response(status=206, body=part, headers=headers)


def _missing() -> web.Response:
    return web.Response(
        status=404,
        text='<?xml version="1.0"?><Error><Code>BlobNotFound</Code>'
        "<Message>The specified blob does not exist.</Message></Error>",
        content_type="application/xml",
        headers={"x-ms-error-code": "BlobNotFound"},
    )
