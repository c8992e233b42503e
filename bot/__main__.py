"""The command line: `watchkeeper --help`."""

from importlib import import_module
from pkgutil import iter_modules

import typer

from bot import cli

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Keep watch over models on Azure Machine Learning, from Microsoft Teams.",
)
for _found in iter_modules(cli.__path__):
    if _found.name.startswith("_"):
        continue
    for _command in import_module(f"bot.cli.{_found.name}").COMMANDS:
        if isinstance(_command, typer.Typer):  # a group: `watchkeeper audit verify`
            app.add_typer(_command, name=_found.name)
        else:
            app.command()(_command)


def main() -> None:
    app()


if __name__ == "__main__":
    main()
