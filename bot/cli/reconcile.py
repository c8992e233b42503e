"""`watchkeeper reconcile`: take in what Azure fired and did not tell us."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from bot.cli._place import Database, State, find, refuse

MOST_HOURS = 29 * 24  # Azure keeps alerts for 30 days


def reconcile(
    hours: Annotated[
        float, typer.Option(help="how far back to look", min=0.1, max=MOST_HOURS)
    ] = 24,
    state: State = None,
    database: Database = "",
) -> None:
    """Ask the running service to compare what it heard with Azure's own list of alerts.

    It does so by itself after an outage. What was missed gets its card, which says so.

    Example: watchkeeper reconcile --hours 6
    """
    from bot.incident import Follow, Reconcile  # noqa: PLC0415 `--help` stays quick
    from bot.store import CannotOpen, Store  # noqa: PLC0415

    now = datetime.now(UTC)
    effect = Reconcile(since=now - timedelta(hours=hours))
    try:
        store = Store.open(find(state, database).database, role="reconcile")
    except CannotOpen as error:
        refuse("reconcile", error)
    try:
        asyncio.run(store.outbox.queue("", Follow(effect=effect, due_at=now)))
    finally:
        store.close()
    typer.echo(f"asked to compare since {effect.since:%Y-%m-%d %H:%M} UTC")


COMMANDS = (reconcile,)
