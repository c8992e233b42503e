"""`watchkeeper profile`: what a window was like, in some kilobytes a column."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from bot.cli._asked import listed
from bot.cli._elsewhere import Elsewhere, Engine
from bot.cli.drift import fail, in_a_line

if TYPE_CHECKING:
    from bot.signals import TableProfile

_Keep: TypeAlias = Annotated[Path, typer.Option(help="Folder to store it in.")]
_Like: TypeAlias = Annotated[
    str, typer.Option(help="Digest of a profile whose types to take.")
]
_Series: TypeAlias = Annotated[str, typer.Option(help="Series of days to add it to.")]
_Day: TypeAlias = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its day.")
]
_Numerical: TypeAlias = Annotated[str, typer.Option(help="Columns that are numbers.")]
_Categorical: TypeAlias = Annotated[
    str, typer.Option(help="Columns that are categories.")
]
_Engine: TypeAlias = Annotated[
    Engine,
    typer.Option(
        help="Who makes it, where the data is: DuckDB, Spark (a local one, or the one "
        "we run in), Log Analytics, Azure Data Explorer, or a job of Azure ML, which is "
        "only started: asked again, it says how it stands. All make the same profile."
    ),
]
_At: TypeAlias = Annotated[
    str,
    typer.Option(
        help="Of logs: the id of the workspace; of explorer: https://cluster/database "
        "(DATA is then a table); of azureml: the workspace's ARM id."
    ),
]
_From: TypeAlias = Annotated[
    str, typer.Option("--from", help="First moment of the table's rows, with Z.")
]
_To: TypeAlias = Annotated[str, typer.Option("--to", help="First moment past them.")]
_Time: TypeAlias = Annotated[str, typer.Option(help="The table's column of moments.")]
_Format: TypeAlias = Annotated[
    Literal["text", "json"],
    typer.Option("--format", help="The digest alone, or with rows and columns."),
]
_Job: TypeAlias = Annotated[str, typer.Option(help="Name of the job, which runs once.")]
_Code: TypeAlias = Annotated[
    str, typer.Option(help="ARM id of the code asset that holds our package.")
]
_Environment: TypeAlias = Annotated[
    str, typer.Option(help="Its environment: Python, PyArrow, Ibis.")
]
_Result: TypeAlias = Annotated[
    str, typer.Option(help="azureml:// folder that it writes table.profile to.")
]


def profile(
    data: Annotated[str, typer.Argument(help="File or folder to profile.")],
    *,
    keep: _Keep = Path(".watchkeeper/profiles"),
    like: _Like = "",
    series: _Series = "",
    day: _Day = None,
    numerical: _Numerical = "",
    categorical: _Categorical = "",
    engine: _Engine = "here",
    at: _At = "",
    start: _From = "",
    end: _To = "",
    time: _Time = "TimeGenerated",
    output_format: _Format = "text",
    job: _Job = "",
    code: _Code = "",
    environment: _Environment = "",
    result: _Result = "",
) -> None:
    """Profile a data set, store the profile and print its digest.

    `watchkeeper drift` compares profile:DIGEST and the days of a series; days merge, so
    a daily run reads only the day's rows. Ends with 0, or 2 on an error.

    A file that ends in .profile is one that a Spark job has left: it is stored as it is.

    Example: watchkeeper profile today.parquet --series loan --day 2026-11-23
    """
    if bool(series) != bool(day):
        fail("--series and --day belong together", "profile")
    try:
        asked = Elsewhere(
            data=data, engine=engine, at=at, start=start, end=end, time=time,
            numerical=listed(numerical), categorical=listed(categorical),
        )  # fmt: skip
        if engine == "azureml":
            state = asked.submitted(job, code, environment, result)
            told: dict[str, Any] = {"job": job, "state": state}
        else:
            told = _stored(asked, keep, like, (series, day), output_format)
    except (ValueError, OSError) as error:
        fail(in_a_line(error), "profile")
    except Exception as error:  # noqa: BLE001 (DuckDB, Spark and Azure each have theirs)
        fail(f"cannot go on: {type(error).__name__}: {in_a_line(error)}", "profile")
    _say(told, output_format)


def _stored(
    asked: Elsewhere,
    keep: Path,
    like: str,
    place: tuple[str, datetime | None],
    output_format: str,
) -> dict[str, Any]:
    """Make and store the profile, as a day of its series too; return what to print."""
    from bot.signals.shelf import Shelf  # noqa: PLC0415

    shelf, (series, day) = Shelf(keep), place
    made = _made(asked, shelf.read(like) if like else None)
    digest = shelf.keep(made)
    if day:
        shelf.note(series, day.date(), digest)
    if output_format == "json":
        return {"digest": digest, "rows": made.rows, "columns": dict(made.kinds)}
    return {"digest": digest}


def _say(told: dict[str, Any], output_format: str) -> None:
    import json  # noqa: PLC0415

    words = " ".join(map(str, told.values()))
    sys.stdout.write(f"{json.dumps(told) if output_format == 'json' else words}\n")


def _made(asked: Elsewhere, known: "TableProfile | None") -> "TableProfile":
    from bot.signals import profile as profiled  # noqa: PLC0415
    from bot.signals.readers import read  # noqa: PLC0415
    from bot.signals.readers.files import content  # noqa: PLC0415
    from bot.signals.sketch import from_bytes  # noqa: PLC0415

    if asked.data.endswith(".profile"):
        return from_bytes(content(asked.data))
    if asked.engine != "here":
        return asked.made(known)
    return profiled(
        read(asked.data),
        like=known,
        numerical=asked.numerical,
        categorical=asked.categorical,
    )


COMMANDS = (profile,)
