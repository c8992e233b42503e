"""Our log: one line each, as JSON if asked for, and never a secret in it.

Redaction happens in the formatter, behind which nothing is added: what a library, a
stack trace or we ourselves put into a message goes through it.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Literal, TypeAlias

Format: TypeAlias = Literal["text", "json"]
# These write tokens and query strings at DEBUG, and too much at INFO.
LOUD = (
    "azure",
    "msal",
    "msrest",
    "urllib3",
    "aiohttp.access",
    "alembic",
    "opentelemetry",
)
_HIDDEN = "[redacted]"
_NAMES = (
    "access_token|refresh_token|id_token|client_assertion|client_secret|assertion|password"
    "|passwd|secret|accountkey|account_key|sharedaccesskey|instrumentationkey|api[-_]?key"
    "|x-identity-header|identity_header|x-functions-key|set-cookie|cookie"
)
_SECRETS = (
    # a token of three parts, wherever it stands
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?"), _HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic|sharedkey|sharedaccesssignature)\s+[^\s\"',;]+"),
     rf"\1 {_HIDDEN}"),
    (re.compile(r"(?i)(authorization\W{1,4})(?!bearer|basic|shared)[^\s\"',;]+"),
     rf"\1{_HIDDEN}"),
    (re.compile(rf"(?i)\b((?:{_NAMES})[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;}}]+"),
     rf"\1{_HIDDEN}"),
    # of an address: who signed it, our own door's secret, a password before the host
    (re.compile(r"(?i)([?&](?:sig|code|token|key)=)[^\s&\"']+"), rf"\1{_HIDDEN}"),
    (re.compile(r"([a-z][a-z0-9+.-]*://[^\s/:@]+:)[^\s@/]+@"), rf"\1{_HIDDEN}@"),
)  # fmt: skip


def redact(text: str) -> str:
    """Return `text` without what opens a door.

    >>> redact("POST /api/alerts?code=hunter2 refused")
    'POST /api/alerts?code=[redacted] refused'
    >>> redact("postgresql://bot:hunter2@db/watchkeeper")
    'postgresql://bot:[redacted]@db/watchkeeper'
    """
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class Text(logging.Formatter):
    """For people who read along."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class Json(logging.Formatter):
    """One object a line: time, level, logger, message, error, and `figures` if any."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = redact(self.formatException(record.exc_info))
        figures = getattr(record, "figures", None)
        shown = line if figures is None else {**line, "figures": figures}
        return json.dumps(shown, ensure_ascii=False)


def set_up(level: str, kind: Format) -> None:
    """Send everything that is logged to standard error."""
    to = logging.StreamHandler()
    to.setFormatter(Json() if kind == "json" else Text())
    logging.basicConfig(level=level, handlers=[to], force=True)
    logging.captureWarnings(capture=True)
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
