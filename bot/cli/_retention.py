"""`watchkeeper evidence hold`, `release`, `expire`: what is kept, and for how long."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, TypeVar

import typer

from bot.cli._place import Database, Place, State, find, refuse
from bot.cli._reading import who

if TYPE_CHECKING:
    from bot.evidence.retention import Plan
    from bot.store import Store
    from bot.watch import WatchList

T = TypeVar("T")
Incident: TypeAlias = Annotated[str, typer.Argument(help="An incident, such as A-42.")]
Reason: TypeAlias = Annotated[str, typer.Argument(help="Why; it is recorded.")]


def hold(
    incident: Incident, reason: Reason, *, database: Database = "", state: State = None
) -> None:
    """Put a legal hold on an incident: its objects outlive every retention.

    Example: watchkeeper evidence hold A-1 "case 2026-117" --state .watchkeeper
    """
    _change(incident, reason, find(state, database), on=True)


def release(
    incident: Incident, reason: Reason, *, database: Database = "", state: State = None
) -> None:
    """End the legal hold on an incident.

    Example: watchkeeper evidence release A-1 "case closed" --state .watchkeeper
    """
    _change(incident, reason, find(state, database), on=False)


def expire(
    *,
    delete: Annotated[
        bool, typer.Option("--delete", help="Do it; without, it is only listed.")
    ] = False,
    database: Database = "",
    state: State = None,
    output_format: Annotated[
        Literal["table", "json"], typer.Option("--format", help="What to write.")
    ] = "table",
) -> None:
    """Delete frozen objects that were kept for as long as their tier says.

    Of resolved incidents without a legal hold alone. The records stay for good, with one
    more that says what was deleted, so `audit verify` stays OK. Ends with 1 when the
    shelf did not let something go (a locked container); a repeat tries again.

    Example: watchkeeper evidence expire --state .watchkeeper
    """
    from bot.evidence import retention  # noqa: PLC0415 `--help` stays quick
    from bot.evidence.archive import opened  # noqa: PLC0415

    place, now = find(state, database), datetime.now(UTC)
    watch = _watch(place)

    async def run(store: "Store") -> "tuple[Plan, list[str]]":
        async with opened(place.evidence, place.identity) as shelf:
            found = await retention.plan(store, shelf, watch, now)
            if not delete:
                return found, []
            failed = await retention.expire(store, shelf, found, who(), watch, now)
            return found, failed

    found, failed = _with_store("expire", place, run)
    _tell(found, failed, output_format, done=delete)
    raise typer.Exit(1 if failed else 0)


def _tell(found: "Plan", failed: list[str], output_format: str, *, done: bool) -> None:
    if output_format == "json":
        due = [
            {
                "incident": one.incident.id,
                "endpoint": one.incident.endpoint,
                "tier": one.tier,
                "days": one.days,
                "since": one.since.isoformat(),
                "objects": list(one.digests),
            }
            for one in found.due
        ]
        kept = [i.id for i in found.held]
        left = list(found.left)
        body = {"deleted": done, "due": due, "held": kept, "left": left}
        typer.echo(json.dumps({**body, "failed": failed}, indent=1))
        return
    for one in found.due:
        typer.echo(
            f"{one.incident.id:8} tier {one.tier}, {one.days:,} days since "
            f"{one.since:%Y-%m-%d}: {len(one.digests)} objects"
        )
    for incident in found.held:
        typer.echo(f"{incident.id:8} stays: legal hold")
    for why in failed:
        typer.echo(f"not deleted: {why}", err=True)
    count = sum(len(one.digests) for one in found.due) + len(found.left)
    word = "deleted" if done else "would be deleted (--delete does it)"
    typer.echo(f"{count - len(failed)} objects {word}")


def _change(key: str, reason: str, place: Place, *, on: bool) -> None:
    from bot.approval.oversight import EvidenceHeld, EvidenceReleased, held  # noqa: PLC0415

    verb = "hold" if on else "release"
    name = key.upper()
    name = f"A-{name}" if name.isdigit() else name
    if not reason.strip():
        refuse(f"evidence {verb}", "say why: the record needs a reason")

    async def run(store: "Store") -> str:
        incident = await store.load(name)
        if incident is None:
            return f"there is no incident {name}"
        if (held(incident) is not None) == on:
            return f"{name} is {'already' if on else 'not'} under a legal hold"
        kind = EvidenceHeld if on else EvidenceReleased
        event = kind(at=datetime.now(UTC), by=who(), reason=reason.strip()[:300])
        await store.append(incident, [event])
        return ""

    if why := _with_store(verb, place, run):
        refuse(f"evidence {verb}", why)
    typer.echo(f"{name} is {'under' if on else 'no longer under'} a legal hold")


def _watch(place: Place) -> "WatchList | None":
    from bot.settings import Misconfigured, read_watch  # noqa: PLC0415

    if not place.watch.is_file():
        return None
    try:
        return read_watch(place.watch)
    except Misconfigured as error:
        refuse("evidence expire", error)


def _with_store(
    command: str, place: Place, run: "Callable[[Store], Awaitable[T]]"
) -> T:
    from bot.evidence.shelf import NotKept  # noqa: PLC0415
    from bot.store import CannotOpen, Conflict, Store, Unwritable  # noqa: PLC0415

    name = f"evidence {command}"
    path = place.database.removeprefix("sqlite:///")
    if path != place.database and not _there(path):
        refuse(name, f"there is no database at {path}")
    try:
        store = Store.open(place.database, role="retention")
    except CannotOpen as error:
        refuse(name, error)

    async def whole() -> T:
        return await run(store)

    try:
        return asyncio.run(whole())
    except Conflict as error:
        refuse(name, f"{error} was changed at this moment; run it again")
    except (NotKept, Unwritable) as error:
        refuse(name, error)
    finally:
        store.close()


def _there(path: str) -> bool:
    from pathlib import Path  # noqa: PLC0415

    return Path(path).is_file()
