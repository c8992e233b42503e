"""The Teams app: its manifest from our settings and commands, its icons, one zip."""

import io
import json
import uuid
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from bot.commands import commands
from bot.package import icons
from bot.settings import Misconfigured, Settings

SCHEMA = "https://developer.microsoft.com/json-schemas/teams/v1.30/MicrosoftTeams.schema.json"
MOST = 12  # commands in a list; Teams shows no more
_FIRST = (
    *("help", "alerts", "status", "show", "ack", "snooze", "evidence", "drift"),
    *("health", "rollback", "approvals", "digest"),
)
_NAMESPACE = uuid.UUID("5d0f1c6b-1f0a-4f0e-9f3b-6c9b0f6f8a11")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same settings make the same bytes
# Those that change something are asked for by button; a list shows the others first.
_DOES = "Keeps watch over models on Azure Machine Learning."


def manifest(settings: Settings) -> dict[str, Any]:
    """Return the manifest. Raises Misconfigured when a setting it needs is missing.

    A consent is asked for only if a setting makes use of it.
    """
    home = settings.public_url.rstrip("/")
    missing = [
        name
        for name, value in (("BOT_APP_ID", settings.bot_app_id), ("PUBLIC_URL", home))
        if not value
    ]
    if missing or not home.startswith("https://"):
        lines = [f"{name} is empty: the Teams app names it" for name in missing]
        raise Misconfigured("\n".join(lines or [f"PUBLIC_URL: {home} is not https"]))
    return {
        "$schema": SCHEMA,
        "manifestVersion": "1.30",
        "version": version("watchkeeper"),
        "id": str(uuid.uuid5(_NAMESPACE, settings.bot_app_id.lower())),
        "developer": {
            "name": "Watchkeeper",
            "websiteUrl": home,
            "privacyUrl": f"{home}/privacy",
            "termsOfUseUrl": f"{home}/terms",
        },
        "name": {
            "short": "Watchkeeper",
            "full": "Watchkeeper for Azure Machine Learning",
        },
        "description": {"short": _DOES, "full": _full()},
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": icons.ACCENT,
        "defaultInstallScope": "team",
        "bots": [
            {
                "botId": settings.bot_app_id,
                "scopes": ["team", "groupChat", "personal"],
                "isNotificationOnly": False,
                "supportsFiles": False,
                "commandLists": _lists(),
            }
        ],
        "composeExtensions": [_search(settings)],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [urlsplit(home).netloc],
        **_consents(settings),
    }


def package(settings: Settings) -> bytes:
    """Return the zip to upload in Teams; Misconfigured as `manifest`."""
    files = {
        "manifest.json": json.dumps(manifest(settings), indent=2).encode(),
        "color.png": icons.color(),
        "outline.png": icons.outline(),
    }
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return kept.getvalue()


def _lists() -> list[dict[str, Any]]:
    """Return what Teams offers while somebody types, the same in every scope."""
    order = {verb: n for n, verb in enumerate(_FIRST)}
    known = sorted(commands().values(), key=lambda c: (order.get(c.verb, 99), c.verb))
    shown = [{"title": c.verb, "description": f"{c.does} ({c.usage})"} for c in known]
    return [{"scopes": ["team", "groupChat", "personal"], "commands": shown[:MOST]}]


def _search(settings: Settings) -> dict[str, Any]:
    """Return the message extension: look evidence up, put it into a message."""
    parameter = {"name": "text", "title": "Name, person, kind, state, day"}
    return {
        "botId": settings.bot_app_id,
        "commands": [
            {
                "id": "findEvidence",
                "type": "query",
                "title": "Find evidence",
                "description": "Put what an alert rests on into a message",
                "initialRun": True,
                "context": ["compose", "commandBox"],
                "parameters": [{**parameter, "inputType": "text"}],
            }
        ],
    }


def _full() -> str:
    lines = [
        f"{_DOES} One card for each incident, from the first alert to the end.",
        "Acknowledge it, open its evidence, ask for a rollback and approve it.",
        "It reads what is said to it, and what is pressed on its own cards.",
    ]
    return "\n\n".join(
        [" ".join(lines), *(f"{c.usage}: {c.does}" for c in commands().values())]
    )


def _consents(settings: Settings) -> Mapping[str, Any]:
    if not settings.graph_url:
        return {}
    asked = [{"name": "ChannelMessage.Read.Group", "type": "Application"}]
    return {
        "authorization": {"permissions": {"resourceSpecific": asked}},
        "webApplicationInfo": {
            "id": settings.bot_app_id,
            "resource": f"api://{settings.bot_app_id}",
        },
    }
