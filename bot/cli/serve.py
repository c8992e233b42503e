"""`watchkeeper serve`: the service."""

from typing import Annotated

import typer

from bot.cli._process import run


def serve(
    with_parent: Annotated[
        bool,
        typer.Option(
            "--with-parent", hidden=True, help="be told on stdin, end with it"
        ),
    ] = False,
) -> None:
    """Take alerts in, post cards, hear people. Settings come from WATCHKEEPER_….

    Example: WATCHKEEPER_WATCH_FILE=watchkeeper.yaml watchkeeper serve
    """
    from bot.app import serve as start  # noqa: PLC0415 `--help` stays quick

    run(start, talks=True, with_parent=with_parent)


COMMANDS = (serve,)
