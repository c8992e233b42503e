"""The key of a message, hidden in its card, by which we find it again.

An element that nobody sees carries it as its `id`: every element may have one, so the
card stays valid by the 1.5 schema, clients draw nothing, and Microsoft Graph gives the
card back with it. A message without a card has no such place.
"""

import json
import math
from typing import Any

from bot.ports import Card

_PREFIX = "key:"


def keyed(card: Card, key: str) -> Card:
    """Return `card` with `key` hidden in it; unchanged without a key."""
    if not key:
        return card
    mark = {"type": "Container", "id": _PREFIX + key, "items": [], "isVisible": False}
    return {**card, "body": [*card.get("body", []), mark]}


def key_of(card: Any) -> str:
    """Return the key hidden in `card` (an object, or its JSON text); "" if none is."""
    try:
        body = (json.loads(card) if isinstance(card, str) else card)["body"]
        ids = [e.get("id", "") for e in body if isinstance(e, dict)]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    found = [i for i in ids if isinstance(i, str) and i.startswith(_PREFIX)]
    return found[-1].removeprefix(_PREFIX) if found else ""


def plain(value: Any) -> Any:
    """Return `value` as JSON can carry it: no NaN, no numpy scalar, no tuple.

    The SDK writes NaN bare, which no reader takes, and numpy's numbers as texts.

    >>> plain({"p": float("nan"), "bins": (1, 2)})
    {'p': None, 'bins': [1, 2]}
    """
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
