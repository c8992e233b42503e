"""The command line: `watchkeeper --help`."""

import bot.early  # noqa: F401 it acts at once, before what takes seconds to import

# isort: split
import io
import sys
from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated

import typer

from bot import cli
from bot.cli._usage import Commands

NAMES = [m.name for m in iter_modules(cli.__path__) if not m.name.startswith("_")]


def application(names: Iterable[str] = NAMES) -> typer.Typer:
    """Return the command line with these commands; each is imported only here."""
    app = typer.Typer(
        cls=Commands,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        callback=_watchkeeper,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    for name in names:
        for command in import_module(f"bot.cli.{name}").COMMANDS:
            if isinstance(command, typer.Typer):  # a group: `watchkeeper audit verify`
                app.add_typer(command, name=name)
            else:
                app.command()(command)
    return app


def _version(asked: bool) -> None:  # noqa: FBT001 as Typer calls it
    if asked:
        from importlib.metadata import version  # noqa: PLC0415

        typer.echo(f"watchkeeper {version('watchkeeper')}")
        raise typer.Exit


def _watchkeeper(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print which one it is."
        ),
    ] = False,
) -> None:
    """Keep watch over models on Azure Machine Learning, from Microsoft Teams.

    Example: watchkeeper demo
    """
    del version  # told by now


def main() -> None:
    """Run the command that was typed, without importing what the others need."""
    for stream in (
        sys.stdout,
        sys.stderr,
    ):  # a bar, or a name, that Latin-1 does not have
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
    named = [name for name in sys.argv[1:2] if name in NAMES]
    application(named or NAMES)()


if __name__ == "__main__":
    main()
