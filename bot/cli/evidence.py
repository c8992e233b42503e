"""`watchkeeper evidence`: what was seen, said and done, for reading and for keeping."""

import asyncio
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from bot.cli._output import put, to_terminal
from bot.cli._place import Database, Place, State, find, refuse
from bot.cli._reading import noted
from bot.cli._retention import expire, hold, release

if TYPE_CHECKING:
    from bot.evidence.sealed import Sealed
    from bot.incident import Incident

Id: TypeAlias = Annotated[str, typer.Argument(help="An incident, such as A-42.")]
Output: TypeAlias = Annotated[
    Path | None, typer.Option(help="Write to this file; - is standard output.")
]
app = typer.Typer(
    no_args_is_help=True,
    help="Read and export evidence.\n\nExample: watchkeeper evidence list",
)


@app.command("list")
def list_(
    *,
    database: Database = "",
    state: State = None,
    output_format: Annotated[
        Literal["table", "json"], typer.Option("--format", help="What to write.")
    ] = "table",
    output: Output = None,
) -> None:
    """List the incidents, newest first.

    Example: watchkeeper evidence list --state .watchkeeper
    """
    from bot.evidence.listing import listing  # noqa: PLC0415 `--help` stays quick

    with _opened("list", find(state, database)) as db:
        found = listing(db)
    if output_format == "json":
        _write(json.dumps(found, indent=1).encode() + b"\n", output)
        return
    lines = [
        f"{i['id']:8} {i['status']:13} {i['opened_at'][:16]} {i['records']:4} records"
        f"  {i['endpoint'].rsplit('/', 1)[-1]}"
        for i in found
    ]
    _write(
        "".join(f"{line}\n" for line in lines or ["No incident yet."]).encode(), output
    )


@app.command()
def show(
    incident: Id,
    *,
    database: Database = "",
    state: State = None,
    output_format: Annotated[
        Literal["text", "json", "html"], typer.Option("--format", help="What to write.")
    ] = "text",
    output: Output = None,
) -> None:
    """Show one incident's evidence. That it was read is recorded first.

    Example: watchkeeper evidence show A-1 --format html --output A-1.html
    """
    from bot.evidence import bundle, packet, page  # noqa: PLC0415
    from bot.evidence.words import told  # noqa: PLC0415

    place = find(state, database)
    sealed = _sealed("show", place, incident)
    [found] = sealed.incidents()
    objects = _objects("show", place, sealed) if output_format == "html" else {}
    noted("show", place, [found.endpoint], found.id, f"show {output_format}")
    if output_format == "json":
        _write(bundle.text(packet(found)), output)
    elif output_format == "html":
        _write(page(bundle.plain_view(found), objects).encode(), output)
    else:
        _write(_text(found, told), output)


def _text(found: "Incident", told: Any) -> bytes:
    from bot.evidence.bundle import plain_view  # noqa: PLC0415
    from cards.words import clean  # noqa: PLC0415

    view = plain_view(found)
    lines = [f"{found.id}, {found.status}, {found.endpoint}"]
    for seq, event in enumerate(found.history, 1):
        # A terminal obeys what a person may have in a name.
        who = clean(event.by.name, 80) if event.by else "Watchkeeper"
        at = f"{event.at:%Y-%m-%d %H:%M:%S} UTC"
        lines.append(f"{seq:4}  {at}  {who}: {told(view, event)}")
    return "".join(f"{line}\n" for line in lines).encode()


@app.command()
def export(
    incident: Annotated[
        str, typer.Argument(help="An incident, such as A-42; none with --model.")
    ] = "",
    *,
    model: Annotated[
        str, typer.Option(help="A model or endpoint: its pack over a period.")
    ] = "",
    start: Annotated[str, typer.Option("--from", help="First day, 2026-09-01.")] = "",
    end: Annotated[str, typer.Option("--to", help="Last day, 2026-11-30.")] = "",
    last: Annotated[str, typer.Option("--period", help="90d, 2026-Q3, 2026.")] = "",
    database: Database = "",
    state: State = None,
    output_format: Annotated[
        Literal["zip", "json", "html"], typer.Option("--format", help="What to write.")
    ] = "zip",
    output: Output = None,
) -> None:
    """Write the packet of an incident: history, frozen objects, proofs, manifest.

    That it was read is recorded first.

    With --model, the pack of a model over a period: plan, findings, breaches, decisions.
    The same history gives the same bytes; `watchkeeper audit verify` checks them.

    Example: watchkeeper evidence export A-1 --state .watchkeeper --output A-1.zip
    """
    from bot.evidence import of_incident  # noqa: PLC0415

    place = find(state, database)
    if bool(model) == bool(incident):
        refuse("evidence export", "name an incident, or a model with --model")
    if model:
        _pack(place, model, _asked(last, start, end), output_format, output)
        return
    if output_format != "zip":
        show(
            incident,
            database=database,
            state=state,
            output_format=output_format,
            output=output,
        )
        return
    sealed = _sealed("export", place, incident)
    content = of_incident(sealed, _objects("export", place, sealed), place.own_key)
    [(key, endpoint, _)] = sealed.index
    noted("export", place, [endpoint], key, "export zip")
    target = output or Path(f"{incident.upper()}.zip")
    _write(content, target)
    typer.echo(f"{_called(target)}: {len(content):,} bytes", err=True)


def _asked(last: str, start: str, end: str) -> str:
    """Return the period in words; --from alone lasts until today."""
    if last and (start or end):
        refuse("evidence export", "--period, or --from and --to: not both")
    if end and not start:
        refuse("evidence export", "--to needs --from, the first day")
    if start:
        return f"{start} to {end or datetime.now(UTC).date().isoformat()}"
    return last or "90d"


_IN_PACK = {"json": "model.json", "html": "page.html"}


def _pack(
    place: Place, model: str, asked: str, output_format: str, output: Path | None
) -> None:
    from bot.evidence import of_model, read  # noqa: PLC0415
    from bot.evidence.listing import of_model as keys  # noqa: PLC0415
    from bot.evidence.model import PARTS  # noqa: PLC0415
    from bot.period import period, whole_second  # noqa: PLC0415

    try:
        span = period(asked, whole_second(datetime.now(UTC)))
    except ValueError as error:
        refuse("evidence export", error)
    with _opened("export", place) as db:
        listed = keys(db, [model, *place.endpoints(model)], span)
        sealed = read(db, listed, place.signer)
    if not sealed.index:
        refuse(
            "evidence export",
            f"no incident of {model} in this period, and no watch list at {place.watch} "
            "names such a model or endpoint",
        )
    objects = _objects("export", place, sealed, PARTS)
    content = of_model(sealed, objects, place.own_key, model=model, period=span)
    noted("export", place, (e for _, e, _ in sealed.index), model, "export pack")
    if output_format in _IN_PACK:
        from bot.evidence.zipped import unpack  # noqa: PLC0415

        _write(unpack(content)[_IN_PACK[output_format]], output)
        return
    target = output or Path(f"{model}-{span[0]:%Y%m%d}-{span[1]:%Y%m%d}.zip")
    _write(content, target)
    count = sum(not key.startswith("E:") for key, _, _ in sealed.index)
    said = f"{len(content):,} bytes, incidents: {count:,}"
    typer.echo(f"{_called(target)}: {said}", err=True)


def _called(target: Path) -> str:
    return "standard output" if to_terminal(target) else str(target)


@contextmanager
def _opened(command: str, place: Place) -> Iterator[Any]:
    from bot.evidence.reading import Damaged, Unreadable, reading  # noqa: PLC0415

    try:
        with reading(place.database) as db:
            yield db
    except (Unreadable, Damaged) as error:
        refuse(f"evidence {command}", error)


def _sealed(command: str, place: Place, incident: str) -> "Sealed":
    from bot.evidence import read  # noqa: PLC0415

    name = incident.upper()
    key = f"A-{name}" if name.isdigit() else name
    with _opened(command, place) as db:
        found = read(db, [key], place.signer)
    if not found.index:
        refuse(f"evidence {command}", f"there is no incident {key}")
    return found


def _objects(
    command: str, place: Place, sealed: "Sealed", parts: Collection[str] | None = None
) -> dict[str, bytes]:
    from bot.evidence import objects  # noqa: PLC0415
    from bot.evidence.archive import opened  # noqa: PLC0415
    from bot.evidence.shelf import Differs, NotKept  # noqa: PLC0415

    async def look() -> dict[str, bytes]:
        async with opened(place.evidence, place.identity) as shelf:
            return await objects(shelf, sealed, parts)

    try:
        return asyncio.run(look())
    except Differs as error:
        refuse(f"evidence {command}", error, code=1)
    except NotKept as error:
        refuse(f"evidence {command}", error)


def _write(content: bytes, output: Path | None) -> None:
    try:
        put(content, output)
    except OSError as error:
        refuse("evidence", f"{output}: {error.strerror}")


for each in (hold, release, expire):
    app.command()(each)

COMMANDS = (app,)
