"""What the server writes to its log: one line each, without secrets, and not without end."""

import logging

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import HttpProcessingError

from bot.webhooks.sparing import Sparing

door_log = logging.getLogger("bot.webhooks.door")
access_log = logging.getLogger("bot.access")
server_log = logging.getLogger("bot.server")
_log = logging.getLogger(__name__)


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


def refused(route: str, status: int, reason: str) -> None:
    """Tell why a call to a route of the door is answered so."""
    door_log.warning("%s: %s, %s", route, status, reason)


def _refusal(record: logging.LogRecord) -> str:
    """Return what a line of the access log or the door is about, of a refused call."""
    found = record.args if isinstance(record.args, tuple) else ()
    status = next((a for a in found if isinstance(a, int)), 0)
    if record.levelno < logging.WARNING and status < 400:  # noqa: PLR2004 of HTTP
        return ""
    return f"{record.name}: {status or record.getMessage()[:80]}"


class Spared:
    """The loggers of one server while it runs: they spare lines that are alike."""

    def __init__(self) -> None:
        logs = (door_log, access_log, server_log)
        self._filters = [(each, Sparing(_refusal)) for each in logs]

    def begin(self) -> None:
        server_log.addFilter(plainly)  # added once, however often
        for each, sparing in self._filters:
            each.addFilter(sparing)

    def sum_up(self, now: float) -> None:
        """Tell how many lines were left out, once a minute; `now`: seconds of 1970."""
        for _, sparing in self._filters:
            for kind, count in sparing.left_out(now).items():
                _log.warning("%d more lines like %s were left out", count, kind)

    def end(self) -> None:
        self.sum_up(float("inf"))
        for each, sparing in self._filters:
            each.removeFilter(sparing)
