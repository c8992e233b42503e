"""`watchkeeper execute`: the process that carries out approved changes."""

from typing import Annotated

import typer

from bot.cli._process import run


def execute(
    with_parent: Annotated[
        bool,
        typer.Option(
            "--with-parent", hidden=True, help="be told on stdin, end with it"
        ),
    ] = False,
) -> None:
    """Move traffic as approved, with an identity of its own and no open port.

    Example: WATCHKEEPER_EXECUTOR_CLIENT_ID=… watchkeeper execute
    """
    from bot.app import execute as start  # noqa: PLC0415 `--help` stays quick

    run(start, talks=False, with_parent=with_parent)


COMMANDS = (execute,)
