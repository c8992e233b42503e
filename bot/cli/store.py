"""`watchkeeper store`: moving what we keep, and who may do what with it."""

import asyncio
import json
import os
from enum import StrEnum
from typing import Annotated

import typer

from bot.cli._place import refuse


class Format(StrEnum):
    text = "text"
    json = "json"


app = typer.Typer(no_args_is_help=True)


@app.callback()
def store() -> None:
    """Move the database, or say what the executor may do in it.

    Example: watchkeeper store copy sqlite:///old.db postgresql://me@host/watchkeeper
    """


@app.command()
def copy(
    source: Annotated[str, typer.Argument(help="sqlite:///FILE or postgresql://…")],
    target: Annotated[str, typer.Argument(help="an empty database")],
    output_format: Annotated[
        Format, typer.Option("--format", help="text or json")
    ] = Format.text,
) -> None:
    """Copy everything into an empty database, and verify the log there.

    The service has to be stopped. Keys and evidence stay where they are. Interrupted, it
    leaves the target as empty as before: run it again. PGPASSWORD may hold a token.

    Example: watchkeeper store copy sqlite:///.watchkeeper/watchkeeper.db
    postgresql://watchkeeper@host/watchkeeper
    """
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 `--help` stays quick

    from bot.store import CannotOpen, Store  # noqa: PLC0415
    from bot.store.check import Tampered, verify  # noqa: PLC0415
    from bot.store.copy import copy as move  # noqa: PLC0415

    try:
        counts = move(source, target)
        new = Store.open(target)
        try:
            sealed, waiting = asyncio.run(verify(new))
        finally:
            new.close()
    except CannotOpen as error:
        refuse("store copy", error)
    except Tampered as error:
        refuse("store copy", f"the copy does not verify: {error}", 1)
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        refuse("store copy", f"a database failed ({kind}); the target is as before")
    if output_format is Format.json:
        typer.echo(json.dumps({"rows": counts, "sealed": sealed, "waiting": waiting}))
        return
    for name, count in counts.items():
        typer.echo(f"{name:14}{count:>10}")
    typer.echo(f"{sealed} sealed records verified, {waiting} wait to be sealed")


@app.command()
def grant(
    role: Annotated[str, typer.Argument(help="the executor's: watchkeeper-execute")],
    database: Annotated[
        str, typer.Option(help="postgresql://…; DATABASE_URL if left out")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="print the SQL and do nothing")
    ] = False,
    output_format: Annotated[
        Format, typer.Option("--format", help="text or json")
    ] = Format.text,
) -> None:
    """Let the executor do its work in PostgreSQL, and no more.

    Run where `serve` runs, with its identity, which owns the tables: after its first start,
    and after an upgrade that adds a table. Run again it changes nothing.

    Example: watchkeeper store grant watchkeeper-execute
    """
    from bot.azure.database import password  # noqa: PLC0415 `--help` stays quick
    from bot.store import CannotOpen  # noqa: PLC0415
    from bot.store.grants import grant as give  # noqa: PLC0415
    from bot.store.grants import statements  # noqa: PLC0415

    if not dry_run:
        identity = os.environ.get("WATCHKEEPER_DATABASE_IDENTITY", "")
        url = database or os.environ.get("WATCHKEEPER_DATABASE_URL", "")
        if not url:
            refuse("store grant", "name the database: --database, or DATABASE_URL")
        try:
            with password(identity) as token:
                give(url, role, token)
        except CannotOpen as error:
            refuse("store grant", error)
    if output_format is Format.json:
        done = {"role": role, "granted": not dry_run, "sql": statements(role)}
        typer.echo(json.dumps(done))
        return
    for statement in statements(role) if dry_run else ():
        typer.echo(f"{statement};")
    if not dry_run:
        typer.echo(f"{role} may append, and change nothing that was written")


COMMANDS = (app,)
