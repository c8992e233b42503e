"""How every command ends: what went wrong in one line, and never with a verdict's code."""

import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

FAILED = 2  # 1 is a verdict: a breach, a changed record, "do not"


_ALSO = {"replay": "backtest"}  # other names that people know a command by


class Commands(TyperGroup):
    """The commands; what was mistyped, or went wrong, ends with 2 and one line."""

    def main(self, *args: Any, **told: Any) -> Any:
        alone = told.get("standalone_mode", True)
        inside = {**told, "standalone_mode": False}
        if not alone:
            return super().main(*args, **inside)
        typed = self._typed(*args, **told)
        try:
            code = super().main(*args, **inside)
            sys.stdout.flush()  # at the end of the process a full disk would be no news
        except typer.TyperException as error:
            if error.format_message():  # else it was the help, shown already
                sys.stderr.write(_line(error, typed))
            code = FAILED
        except typer.Abort:
            code = FAILED
        except (_Unheard, BrokenPipeError):
            _hush()
            code = FAILED
        except Exception as error:  # noqa: BLE001 Python's own code for it is 1
            sys.stderr.write(
                f"{' '.join(('watchkeeper', *typed))}: {_failure(error)}\n"
            )
            code = FAILED
        sys.exit(code or 0)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return super().get_command(ctx, _ALSO.get(cmd_name, cmd_name))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:  # Typer would end with 1
            raise _Unheard from error

    def _typed(self, args: Sequence[str] | None = None, **_: Any) -> list[str]:
        return [word for word in (args or sys.argv[1:])[:1] if word in self.commands]


class _Unheard(Exception):
    """Whoever read our words has left: `| head -1`."""


def _hush() -> None:
    """Let Python flush what is left to nobody, at its end, without a word."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failure(error: Exception) -> str:
    first = (str(error).splitlines() or [""])[0]
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(str(p) for p in (error.filename, error.strerror) if p)
    return f"cannot go on: {type(error).__name__}: {first}".rstrip(": ")


def _line(error: typer.TyperException, typed: list[str]) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path.split()[1:] if context else typed
    command = " ".join(("watchkeeper", *path))
    said = error.format_message().replace("Value error, ", "").strip().rstrip(".?")
    first = " ".join(said.split())  # never more than a line
    return f"{command}: {first[:1].lower()}{first[1:]}; see {command} --help\n"
