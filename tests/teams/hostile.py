"""The corpus of hostile activities: tokens and bodies by its recipes."""

import base64
import hashlib
import json
import time
from pathlib import Path
from typing import Any, TypeAlias

import jwt

from tests.teams.authority import PRIVATE

Case: TypeAlias = dict[str, Any]
FILE = Path(__file__).parents[1] / "fixtures" / "hostile" / "activities.json"
CASES: list[Case] = json.loads(FILE.read_text("utf-8"))


def authorization(case: Case) -> str:
    """Return the Authorization header; "@+60" in a claim is a minute from now."""
    auth = case["auth"]
    if auth["kind"] == "raw":
        return str(auth["value"])
    claims = {n: _clock(v) for n, v in auth["claims"].items()}
    key, algorithm = PRIVATE[auth["header"]["kid"]], "RS256"
    payload = json.dumps(claims).encode()
    if auth["alg"] == "none":
        unsigned = jwt.PyJWS().encode(payload, "", "none", headers=auth["header"])
        return f"Bearer {unsigned}"
    return f"Bearer {jwt.PyJWS().encode(payload, key, algorithm, auth['header'])}"


def _clock(value: Any) -> Any:
    relative = isinstance(value, str) and value[:1] == "@"
    return int(time.time()) + int(value[1:]) if relative else value


def body(case: Case) -> bytes:
    """Return the bytes to send, as they are."""
    if "activity" in case:
        return json.dumps(case["activity"]).encode()
    if "bytes" in case:
        return base64.b64decode(case["bytes"])
    recipe = case["body_gen"]
    names = ("prefix", "unit", "open", "core", "close", "suffix")
    parts = {n: base64.b64decode(recipe.get(n, "")) for n in names}
    made: bytes
    if recipe["kind"] == "repeat":
        made = parts["prefix"] + parts["unit"] * recipe["count"] + parts["suffix"]
    else:
        depth = recipe["depth"]
        inside = parts["open"] * depth + parts["core"] + parts["close"] * depth
        made = parts["prefix"] + inside + parts["suffix"]
    if "sha256" in recipe:
        assert recipe["sha256"] == hashlib.sha256(made).hexdigest()
    return made
