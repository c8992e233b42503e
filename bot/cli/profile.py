"""`watchkeeper profile`: what a window was like, in some kilobytes a column."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli._asked import listed
from bot.cli.drift import fail, in_a_line


def profile(
    data: Annotated[str, typer.Argument(help="File or folder to profile.")],
    *,
    keep: Annotated[Path, typer.Option(help="Folder to store it in.")] = Path(
        ".watchkeeper/profiles"
    ),
    like: Annotated[
        str, typer.Option(help="Digest of a profile whose types to take.")
    ] = "",
    series: Annotated[str, typer.Option(help="Series of days to add it to.")] = "",
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its day.")
    ] = None,
    numerical: Annotated[str, typer.Option(help="Columns that are numbers.")] = "",
    categorical: Annotated[str, typer.Option(help="Columns that are categories.")] = "",
) -> None:
    """Profile a data set, store the profile and print its digest.

    `watchkeeper drift` compares profile:DIGEST and the days of a series; days merge, so
    a daily run reads only the day's rows. Ends with 0, or 2 on an error.

    Example: watchkeeper profile today.parquet --series loan --day 2026-11-23
    """
    if bool(series) != bool(day):
        fail("--series and --day belong together", "profile")
    try:
        digest = _kept(data, keep, like, (listed(numerical), listed(categorical)))
        if day:
            from bot.signals.shelf import Shelf  # noqa: PLC0415

            Shelf(keep).note(series, day.date(), digest)
    except (ValueError, OSError) as error:
        fail(in_a_line(error), "profile")
    sys.stdout.write(f"{digest}\n")


def _kept(
    data: str, keep: Path, like: str, told: tuple[tuple[str, ...], tuple[str, ...]]
) -> str:
    from bot.signals import profile as profiled  # noqa: PLC0415
    from bot.signals.readers import read  # noqa: PLC0415
    from bot.signals.shelf import Shelf  # noqa: PLC0415

    shelf = Shelf(keep)
    known = shelf.read(like) if like else None
    numerical, categorical = told
    made = profiled(
        read(data), like=known, numerical=numerical, categorical=categorical
    )
    return shelf.keep(made)


COMMANDS = (profile,)
