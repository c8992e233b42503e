"""The JSON Schema of watchkeeper.yaml, for editors: `watchkeeper check --schema`.

What only the whole file can show (that a channel exists, that nobody is listed twice) a
schema cannot say: `watchkeeper check FILE` does.
"""

import re
from typing import Any

from bot.settings import Settings
from bot.watch import WatchList

_IGNORES_CASE = "(?i)"  # Python's; editors read patterns as JavaScript does


def schema() -> dict[str, Any]:
    """Return the schema, draft 2020-12."""
    document = WatchList.model_json_schema()
    settings = Settings.model_json_schema()
    document["$defs"] |= settings.pop("$defs", {})
    # Given here or as WATCHKEEPER_… variables: none has to be in the file.
    document["properties"]["settings"] = settings | {"description": "as variables"}
    document["title"] = "watchkeeper.yaml"
    found: dict[str, Any] = _portable(document)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


def _portable(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: without_flags(each)
            if key == "pattern" and isinstance(each, str)
            else _portable(each)
            for key, each in value.items()
        }
    return [_portable(each) for each in value] if isinstance(value, list) else value


def without_flags(pattern: str) -> str:
    r"""Return `pattern` with its leading (?i) spelt out.

    >>> print(without_flags(r"(?i)^/ab[0-9a-f]\.c$"))
    ^/[aA][bB][0-9a-fA-F]\.[cC]$
    """
    if not pattern.startswith(_IGNORES_CASE):
        return pattern
    rest = pattern.removeprefix(_IGNORES_CASE).replace("a-f]", "a-fA-F]")
    parts = re.split(r"(\[[^\]]*\]|\\.)", rest)  # classes and escapes stay as they are
    return "".join(
        part
        if n % 2
        else re.sub("[a-zA-Z]", lambda m: f"[{m[0].lower()}{m[0].upper()}]", part)
        for n, part in enumerate(parts)
    )
