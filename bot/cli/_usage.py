"""What was typed wrongly, in one line that says what to do, on every command."""

import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

MISTYPED = 2


class Commands(TyperGroup):
    """The commands; a mistake in typing one ends with 2 and one line."""

    def main(self, *args: Any, **told: Any) -> Any:
        alone = told.get("standalone_mode", True)
        inside = {**told, "standalone_mode": False}
        if not alone:
            return super().main(*args, **inside)
        try:
            code = super().main(*args, **inside)
        except typer.TyperException as error:
            if error.format_message():  # else it was the help, shown already
                sys.stderr.write(_line(error, self._typed(*args, **told)))
            code = MISTYPED
        except typer.Abort:
            code = MISTYPED  # 1 would be a breach
        sys.exit(code or 0)

    def _typed(self, args: Sequence[str] | None = None, **_: Any) -> list[str]:
        return [word for word in (args or sys.argv[1:])[:1] if word in self.commands]


def _line(error: typer.TyperException, typed: list[str]) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path.split()[1:] if context else typed
    command = " ".join(("watchkeeper", *path))
    said = error.format_message().replace("Value error, ", "").strip().rstrip(".?")
    first = " ".join(said.split())  # never more than a line
    return f"{command}: {first[:1].lower()}{first[1:]}; see {command} --help\n"
