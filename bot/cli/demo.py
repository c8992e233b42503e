"""`watchkeeper demo`: the main job on this machine, with no account and no cloud."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    scenario: Annotated[
        str, typer.Option(help="what happens: loan, or none (you do it)")
    ] = "loan",
    port: Annotated[
        int, typer.Option(min=1, max=65534, help="the bot; the page is on the next one")
    ] = 3978,
    state: Annotated[
        Path, typer.Option(help="folder that keeps everything; goes on where it was")
    ] = Path(".watchkeeper"),
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="open the page")
    ] = True,
) -> None:
    """Watch an alert become a card, and roll a model back, in a simulated Teams.

    Example: watchkeeper demo --scenario loan --port 3978
    """
    from bot.demo import Unplayable, play  # noqa: PLC0415 `--help` stays quick

    try:
        play(scenario, port, state, browser=browser)
    except Unplayable as error:
        typer.echo(f"watchkeeper: {error}", err=True)
        raise SystemExit(2) from None


COMMANDS = (demo,)
