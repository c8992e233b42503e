"""`watchkeeper check`: will it work, and if not, what to do."""

import asyncio
import json
import logging
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from bot.settings import Misconfigured, Settings, load
from bot.watch import WatchList

if TYPE_CHECKING:
    from bot.check import Finding


class Format(StrEnum):
    table = "table"
    json = "json"


_MARKS = {"ok": ("ok  ", "green"), "look": ("look", "yellow"), "fail": ("FAIL", "red")}


def check(
    file: Annotated[
        Path | None, typer.Argument(help="the watch list; WATCH_FILE if left out")
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="table or json")
    ] = Format.table,
    executor: Annotated[
        bool, typer.Option("--executor", help="as `execute`, with its identity")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="print the watch list's JSON Schema")
    ] = False,
) -> None:
    """Look at settings, watch list, database, Azure and Teams; change nothing.

    Exit code 0: all is well; 1: something should be looked at; 2: something fails.

    Example: watchkeeper check watchkeeper.yaml
    """
    from bot.check import exit_code  # noqa: PLC0415 `--help` stays quick

    if schema:
        from bot.watch_schema import schema as described  # noqa: PLC0415 as above

        typer.echo(json.dumps(described(), indent=2, ensure_ascii=False))
        return
    logging.disable(logging.CRITICAL)  # the findings say it, in fewer words
    environment = dict(os.environ)
    if file is not None:
        environment["WATCHKEEPER_WATCH_FILE"] = str(file)
    try:
        settings, watch = load(environment)
    except Misconfigured:
        findings = _unreadable(environment, talks=not executor)
        for finding in findings if output_format is Format.table else ():
            _show(finding)
    else:
        findings = asyncio.run(_run(settings, watch, output_format, executor=executor))
    if output_format is Format.json:
        typer.echo(
            json.dumps([f.row() for f in findings], indent=2, ensure_ascii=False)
        )
    raise SystemExit(exit_code(findings))


def _unreadable(environment: dict[str, str], *, talks: bool) -> "list[Finding]":
    """Return what keeps the settings from being read, and what is unsafe in the rest."""
    from bot.check import Finding  # noqa: PLC0415 as above

    try:
        load(environment, talks=talks)
    except Misconfigured as error:
        lines = str(error).splitlines()
        return [Finding("fail", "settings", line, "mend it") for line in lines]
    return []  # mended between the two looks


async def _run(
    settings: Settings, watch: WatchList, output_format: Format, *, executor: bool
) -> "list[Finding]":
    from bot import check  # noqa: PLC0415 as above

    look = check.check_executor if executor else check.check
    found = []
    async for finding in look(settings, watch):
        found.append(finding)
        if output_format is Format.table:
            _show(finding)
    return found


def _show(finding: "Finding") -> None:
    mark, style = _MARKS[finding.level]
    line = Text(f"{mark} ", style)
    line.append(f"{finding.about}: {finding.text}", "default")
    if finding.todo:
        line.append(f" -> {finding.todo}", "bold")
    Console(soft_wrap=True).print(line)


COMMANDS = (check,)
