"""`watchkeeper reconcile`: take in what Azure fired and did not tell us."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bot.cli._place import Database, State, find, refuse

if TYPE_CHECKING:
    from bot.incident import Reconcile
    from bot.store import Store

MOST_HOURS = 29 * 24  # Azure keeps alerts for 30 days
_LOOKS_S = 0.3
_SKEW = timedelta(hours=2)  # the service may run on a machine with another clock


def reconcile(
    hours: Annotated[
        float, typer.Option(help="how far back to look", min=0.1, max=MOST_HOURS)
    ] = 24,
    wait: Annotated[
        float, typer.Option(help="seconds to wait for the answer", min=0, max=3600)
    ] = 30,
    format: Annotated[  # noqa: A002 - the option's name
        Literal["text", "json"], typer.Option(help="how to print what was missed")
    ] = "text",
    state: State = None,
    database: Database = "",
) -> None:
    """Let the running service compare what it heard with Azure's own list of alerts.

    It does so by itself after an outage. Each alert that was missed is printed, and gets
    its card, which says so. Exit code 2: it was asked, and did not answer in time; where
    none runs, the next one to start does it. `--wait 0` asks and does not wait.

    Example: watchkeeper reconcile --hours 6
    """
    from bot.incident import Reconcile  # noqa: PLC0415 `--help` stays quick
    from bot.store import CannotOpen, Store  # noqa: PLC0415

    effect = Reconcile(since=datetime.now(UTC) - timedelta(hours=hours))
    place = find(state, database)
    if place.gap:
        refuse("reconcile", place.gap)
    try:
        store = Store.open(place.database, role="reconcile")
    except CannotOpen as error:
        refuse("reconcile", error)
    try:
        found = asyncio.run(_compared(store, effect, wait))
    finally:
        store.close()
    typer.echo(json.dumps(found, indent=1) if format == "json" else _text(found))
    if wait and not found["compared"]:
        raise SystemExit(2)


async def _compared(store: "Store", effect: "Reconcile", wait: float) -> dict[str, Any]:
    """Ask, wait, and return what came of it."""
    from bot.incident import Follow  # noqa: PLC0415

    now, end = datetime.now(UTC), time.monotonic() + wait
    if wait:
        words = f"asked; the running service has {wait:g} s to answer"
        typer.echo(f"watchkeeper reconcile: {words}", err=True)
    known = {one.id for one in await store.received("own", now - _SKEW)}
    await store.outbox.queue("", Follow(effect=effect, due_at=now))
    why = await store.outbox.why_waiting(effect)
    while why is not None and time.monotonic() < end:
        await asyncio.sleep(_LOOKS_S)
        why = await store.outbox.why_waiting(effect)
    new = [o for o in await store.received("own", now - _SKEW) if o.id not in known]
    beat = await store.last_beat()
    return {
        "since": effect.since.isoformat() if effect.since else "",
        "compared": why is None,
        "last_seen": beat.isoformat() if beat else None,
        "why": why or "",
        "missed": [alert for one in reversed(new) for alert in _missed(one.body)],
    }


def _missed(body: bytes) -> list[dict[str, str]]:
    """Return the alerts of Azure's list that a delivery of our own holds, if it does."""
    from bot.sources import own  # noqa: PLC0415

    document = json.loads(body)
    if document.get("schemaId") != own.LISTED:
        return []
    return [
        {
            "rule": alert.rule,
            "severity": f"Sev{alert.severity}",
            "condition": "Fired" if alert.status == "firing" else "Resolved",
            "fired": alert.starts_at.isoformat(),
            "about": document.get("endpoint") or next(iter(alert.resources), ""),
            "id": alert.fingerprint,
        }
        for alert in own.parse(document)
    ]


def _text(found: dict[str, Any]) -> str:
    since = f"{datetime.fromisoformat(found['since']):%Y-%m-%d %H:%M} UTC"
    if not found["compared"]:
        seen = found["last_seen"]
        when = f"{datetime.fromisoformat(seen):%Y-%m-%d %H:%M} UTC" if seen else "never"
        why = found["why"] or (
            f"a service was last seen at this database: {when}. Start it with `watchkeeper "
            "serve` (or `demo`): it compares then by itself"
        )
        return f"asked to compare since {since}; there is no answer yet: {why}"
    missed = found["missed"]
    count = f"{len(missed)} alerts were" if len(missed) != 1 else "1 alert was"
    lines = [f"compared since {since}: {count} missed"]
    lines += [
        f"  {one['severity']} {one['condition']} {one['fired'][:16]} UTC"
        f" {one['rule']} ({one['about'].rsplit('/', 1)[-1]})"
        for one in missed
    ]
    return "\n".join(lines)


COMMANDS = (reconcile,)
