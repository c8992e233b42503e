"""What the server writes to its log: one line each, without secrets."""

import logging

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import HttpProcessingError

access_log = logging.getLogger("bot.access")
server_log = logging.getLogger("bot.server")


class PathOnly(AbstractAccessLogger):
    """One line a request. The query may hold a secret and is left out."""

    @property
    def enabled(self) -> bool:
        return access_log.isEnabledFor(logging.INFO)

    def log(
        self, request: web.BaseRequest, response: web.StreamResponse, time: float
    ) -> None:
        tell(request.method, request.path, response.status, time)


def tell(method: str, path: str, status: int, seconds: float) -> None:
    access_log.info("%s %r %s %.1f ms", method, path, status, seconds * 1e3)


def plainly(record: logging.LogRecord) -> bool:
    """Make one line of what is no HTTP: a stranger's bytes are no error of ours.

    aiohttp logs a stack trace for each, with up to 8 KB of what was sent.
    """
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.args = "no HTTP came: %s", (type(error).__name__,)
        record.exc_info = record.exc_text = None
    return True
