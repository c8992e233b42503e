"""`watchkeeper reconcile`: take in what Azure fired and did not tell us."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer

from bot.cli._place import Database, State, find, refuse

MOST_HOURS = 29 * 24  # Azure keeps alerts for 30 days


def reconcile(
    hours: Annotated[
        float, typer.Option(help="how far back to look", min=0.1, max=MOST_HOURS)
    ] = 24,
    state: State = None,
    database: Database = "",
    format: Annotated[  # noqa: A002 - the option's name
        Literal["text", "json"], typer.Option(help="For people, or for programs.")
    ] = "text",
) -> None:
    """Ask the running service to compare what it heard with Azure's own list of alerts.

    It does so by itself after an outage. What was missed gets its card, which says so.
    Where no service runs, the next one to start does it.

    Example: watchkeeper reconcile --hours 6
    """
    from bot.incident import Follow, Reconcile  # noqa: PLC0415 `--help` stays quick
    from bot.store import CannotOpen, Store  # noqa: PLC0415

    now = datetime.now(UTC)
    effect = Reconcile(since=now - timedelta(hours=hours))
    place = find(state, database)
    if place.gap:
        refuse("reconcile", place.gap)
    try:
        store = Store.open(place.database, role="reconcile")
    except CannotOpen as error:
        refuse("reconcile", error)
    try:
        asyncio.run(store.outbox.queue("", Follow(effect=effect, due_at=now)))
    finally:
        store.close()
    if format == "json":
        typer.echo(json.dumps({"since": f"{effect.since:%Y-%m-%dT%H:%M:%SZ}"}))
    else:
        typer.echo(f"asked to compare since {effect.since:%Y-%m-%d %H:%M} UTC")


COMMANDS = (reconcile,)
