"""What settings must not be together: each combination once let somebody in."""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.addresses import insecure, loopback, mixed

if TYPE_CHECKING:
    from bot.settings.model import Settings

_SECRETS = (1, 2)  # of url-secret: the second while they are changed
_SHORTEST_SECRET = 16  # characters
_TRACES = re.compile(r"(log|otlp:https?://\S+|appinsights:\S*InstrumentationKey=\S+)?")


def problems(settings: "Settings", *, talks: bool) -> list[str]:
    """Return what stands against starting; `talks`: the process that serves."""
    found = []
    if talks and not settings.bot_app_id:
        found.append("BOT_APP_ID is empty: anybody could pose as Teams")
    for name in ("alert_auth", "event_auth", "read_auth"):
        if getattr(settings, name) == "none" and not loopback(settings.host):
            found.append(
                f"{name.upper()}=none is only for a loopback host, not {settings.host}"
            )
        if getattr(settings, name) == "url-secret":
            found += _secrets(settings, name.upper())
    if talks and "entra" in (settings.alert_auth, settings.event_auth):
        found += [] if settings.alert_audience else ["ALERT_AUDIENCE is empty"]
    found += _addresses(settings)
    if talks and not settings.origins:
        found.append("SERVICE_URL_ALLOW is empty: nobody in Teams could be answered")
    for origin in settings.origins:
        if insecure(origin):
            found.append(f"SERVICE_URL_ALLOW: {origin} is not https")
    if not _TRACES.fullmatch(settings.traces):
        found.append("TRACES is none of log, otlp:URL, appinsights:CONNECTION")
    return found


def _secrets(settings: "Settings", used_by: str) -> list[str]:
    if not settings.secrets:
        return [f"{used_by}=url-secret needs ALERT_SECRETS"]
    if len(settings.secrets) not in _SECRETS:
        return ["ALERT_SECRETS: one secret, or two while it is changed"]
    if any(len(secret) < _SHORTEST_SECRET for secret in settings.secrets):
        return [f"ALERT_SECRETS: a secret has {_SHORTEST_SECRET} characters at least"]
    return []


def _addresses(settings: "Settings") -> list[str]:
    """A local cloud with one public address left in would send tokens out."""
    four = (
        "azure_management_url",
        "azure_logs_url",
        "bot_openid_url",
        "bot_login_url",
    )
    clouds = mixed({name.upper(): getattr(settings, name) for name in four})
    found = [clouds] if clouds else []
    found += [
        f"{name.upper()}: {_bare(url)} is not https"
        for name in (*four, "graph_url", "alert_jwks_url", "workflow_url")
        if (url := getattr(settings, name)) and insecure(url)
    ]
    for name in ("evidence_url", "anchor_url"):
        scheme, colon, _ = getattr(settings, name).partition("://")
        if colon and insecure(getattr(settings, name)):
            found.append(
                f"{name.upper()}: {scheme}:// is no folder and no blob container "
                "(https://ACCOUNT.blob.…/CONTAINER)"
            )
    return found


def _bare(url: str) -> str:
    """Return `url` without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"
