"""`watchkeeper demo`: the main job on this machine, with no account and no cloud."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot.demo.children import Child


def demo(
    scenario: Annotated[
        str, typer.Option(help="what happens: loan, retail, clinical, or none")
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
    play: Annotated[
        bool,
        typer.Option("--play", help="people act by themselves; tells what it took"),
    ] = False,
) -> None:
    """Watch an alert become a card, and roll a model back, in a simulated Teams.

    Example: watchkeeper demo --scenario loan --port 3978
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
        children = [Child(name, state / f"{name}.log") for name in ("serve", "execute")]
    except OSError as error:
        _refuse(f"cannot write to {state}: {error.strerror}")
    # They import while we do: this is seconds of work each.
    from bot.demo import stage  # noqa: PLC0415

    try:
        stage.play(scenario, port, state, children, browser=browser, acts=play)
    except stage.Unplayable as error:
        _refuse(str(error))
    finally:
        for child in children:
            child.dismiss()


def _refuse(reason: str) -> NoReturn:
    typer.echo(f"watchkeeper: {reason}", err=True)
    raise SystemExit(2)


COMMANDS = (demo,)
