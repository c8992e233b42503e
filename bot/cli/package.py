"""`watchkeeper package`: the Teams app."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli._output import put, to_terminal
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
        put(make(settings), output)
    except Misconfigured as error:
        refuse(error)
    except OSError as error:
        refuse(Misconfigured(f"cannot write {output}: {error.strerror}"))
    piped = to_terminal(output)
    name = "the zip" if piped else str(output)
    said = f"{name}: upload it in Teams, Apps, Manage your apps, Upload an app"
    typer.echo(said, err=piped)
    if settings.graph_url:
        asks = "It asks a team's owner to let it read the messages of the team."
        typer.echo(asks, err=piped)


COMMANDS = (package,)
