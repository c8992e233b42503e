"""Alerts as JSON, to compare with; `python -m tests.door.goldens` writes them anew."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from bot import sources
from bot.incident import Alert
from bot.sources import Route

SAMPLES = Path(__file__).parents[1] / "fixtures" / "alerts"
GOLDENS = SAMPLES / "read"


def route(name: str) -> Route:
    return "events" if name.startswith(("eg_", "ce_")) else "alerts"


def plain(alerts: Iterable[Alert]) -> list[dict[str, Any]]:
    """Return the alerts as JSON holds them."""

    def text(value: object) -> str:
        if isinstance(value, datetime):
            return value.isoformat()
        raise TypeError(type(value).__name__)

    found: list[dict[str, Any]] = json.loads(
        json.dumps([asdict(a) for a in alerts], default=text)
    )
    return found


def main() -> None:
    GOLDENS.mkdir(exist_ok=True)
    for sample in SAMPLES.glob("*.json"):
        if "subscription_validation" in sample.name:
            continue
        alerts = sources.read(route(sample.name), sample.read_bytes())
        text = json.dumps(plain(alerts), indent=1, ensure_ascii=False)
        (GOLDENS / sample.name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
