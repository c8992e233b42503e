"""The packet: an incident's history as plain JSON, nothing left out but raw rows."""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from bot.evidence import policy
from bot.incident import Incident

_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def packet(incident: Incident) -> dict[str, Any]:
    """Return the packet; the same history gives the same bytes and digest."""
    incident = policy.shown(incident)
    history = [
        {
            "seq": seq,
            "type": type(event).__name__,
            **_adapter(type(event)).dump_python(event, mode="json"),
        }
        for seq, event in enumerate(incident.history, 1)
    ]
    body = {
        "id": incident.id,
        "endpoint": incident.endpoint,
        "group_key": incident.group_key,
        "status": incident.status,
        "severity": incident.severity,
        "opened_at": incident.opened_at.isoformat(),
        "history": history,
    }
    return {**body, "digest": digest(body)}


def digest(body: dict[str, Any]) -> str:
    """Return "sha256:…" over the JSON with sorted keys and no spaces."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
