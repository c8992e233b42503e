"""`watchkeeper package`: the Teams app."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli._process import refuse
from bot.settings import Misconfigured, load


def package(
    output: Annotated[Path, typer.Option(help="where to write the zip")] = Path(
        "watchkeeper.zip"
    ),
) -> None:
    """Write the Teams app that belongs to these settings, to be uploaded in Teams.

    Example: watchkeeper package --output watchkeeper.zip
    """
    from bot.package.manifest import package as make  # noqa: PLC0415 `--help` stays quick

    try:
        settings, _ = load()
        output.write_bytes(make(settings))
    except Misconfigured as error:
        refuse(error)
    except OSError as error:
        refuse(Misconfigured(f"cannot write {output}: {error.strerror}"))
    typer.echo(f"{output}: upload it in Teams, Apps, Manage your apps, Upload an app")
    if settings.graph_url:
        typer.echo("It asks a team's owner to let it read the messages of the team.")


COMMANDS = (package,)
