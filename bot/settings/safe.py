"""What settings must not be together: each combination once let somebody in."""

import re
from urllib.parse import urlsplit

from bot.addresses import insecure, loopback, mixed, places
from bot.settings.model import Settings

_SECRETS = (1, 2)  # of url-secret: the second while they are changed
_SHORTEST_SECRET = 16  # characters
_SECRET_PATH = re.compile(r"/secrets/[\w-]+(/\w*)?")
_TRACES = re.compile(r"(log|otlp:https?://\S+|appinsights:\S*InstrumentationKey=\S+)?")


def problems(settings: Settings, *, talks: bool = True) -> list[str]:
    """Return what stands against starting; `talks`: the process that serves."""
    found = _callers(settings) + _addresses(settings)
    found += _talking(settings) if talks else _moving(settings)
    if not _TRACES.fullmatch(settings.traces):
        found.append("TRACES is none of log, otlp:URL, appinsights:CONNECTION")
    return found


def _callers(settings: Settings) -> list[str]:
    found = []
    for name in ("alert_auth", "event_auth", "read_auth"):
        if getattr(settings, name) == "none" and not loopback(settings.host):
            found.append(
                f"{name.upper()}=none is only for a loopback host, not {settings.host}"
            )
        if getattr(settings, name) == "url-secret":
            found += _secrets(settings, name.upper())
    if settings.event_auth == "entra" and not settings.event_role:
        found.append("EVENT_ROLE is empty: no event would be let in")
    return found


def _talking(settings: Settings) -> list[str]:
    found = []
    if not settings.bot_app_id:
        found.append("BOT_APP_ID is empty: anybody could pose as Teams")
    if not settings.bot_issuer:
        found.append("BOT_ISSUER is empty: nobody in Teams would be believed")
    client = settings.alert_audience.removeprefix("api://")
    if not client and "entra" in (settings.alert_auth, settings.event_auth):
        found.append("ALERT_AUDIENCE is empty")
    if not settings.origins:
        found.append("SERVICE_URL_ALLOW is empty: nobody in Teams could be answered")
    return found


def _moving(settings: Settings) -> list[str]:
    if settings.executor_client_id == settings.reader_client_id != "":
        return ["EXECUTOR_CLIENT_ID is the reader's: what reads may not move traffic"]
    return []


def _secrets(settings: Settings, used_by: str) -> list[str]:
    if not settings.secrets:
        return [f"{used_by}=url-secret needs ALERT_SECRETS"]
    if len(settings.secrets) not in _SECRETS:
        return ["ALERT_SECRETS: one secret, or two while it is changed"]
    if any(len(secret) < _SHORTEST_SECRET for secret in settings.secrets):
        return [f"ALERT_SECRETS: a secret has {_SHORTEST_SECRET} characters at least"]
    return []


def _addresses(settings: Settings) -> list[str]:
    """A local cloud with one public address left in would send tokens out."""
    four = (
        "azure_management_url",
        "azure_logs_url",
        "bot_openid_url",
        "bot_login_url",
    )
    clouds = mixed({name.upper(): getattr(settings, name) for name in four})
    found = [clouds] if clouds else []
    secure = ("graph_url", "alert_jwks_url", "workflow_url", "key_secret_url")
    found += [
        f"{name.upper()}: {_bare(url)} is not https"
        for name in (*four, *secure)
        if (url := getattr(settings, name)) and insecure(url)
    ]
    path = "/" + settings.key_secret_url.partition("://")[2].partition("/")[2]
    if settings.key_secret_url and not _SECRET_PATH.fullmatch(path.partition("?")[0]):
        found.append(
            "KEY_SECRET_URL: expected https://NAME.vault.azure.net/secrets/NAME"
        )
    found += [
        f"SERVICE_URL_ALLOW: {origin} is not https"
        for origin in settings.origins
        if insecure(origin)
    ]
    found += _kept("EVIDENCE_URL", settings.evidence_url)
    for place in places(settings.anchor_url):
        git = place.startswith("git+")
        found += _git(place) if git else _kept("ANCHOR_URL", place)
    return found


def _kept(name: str, given: str) -> list[str]:
    if given.startswith("git+"):
        return [f"{name}: Git is for heads of the log: ANCHOR_URL"]
    scheme, colon, rest = given.partition("://")
    if not colon:
        return []  # a folder
    what = "is no folder and no blob container (https://ACCOUNT.blob.…/CONTAINER)"
    if insecure(given):
        return [f"{name}: {scheme}:// {what}"]
    host, _, path = rest.partition("?")[0].partition("/")
    return [] if host and path.strip("/") else [f"{name}: {_bare(given)} {what}"]


def _git(anchor: str) -> list[str]:
    """A head that goes out over plain HTTP could be held back by anybody between."""
    where = anchor.removeprefix("git+")
    scheme, colon, _ = where.partition("://")
    if not where.strip("/#"):
        return ["ANCHOR_URL: git+ needs a path or an address behind it"]
    if colon and scheme not in ("ssh", "file") and insecure(where):
        return [f"ANCHOR_URL: {_bare(where)} is not https, ssh or a path"]
    return []


def _bare(url: str) -> str:
    """Return `url` without what may be secret in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "what stands there"
    return f"{parts.scheme}://{parts.hostname or ''}"
