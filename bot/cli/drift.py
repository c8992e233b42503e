"""`watchkeeper drift`: the signal engine on files, with nothing configured."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeAlias

import typer

from bot.cli._asked import Asked, Kind, Mode, Task, report
from bot.cli._shown import Format, write

if TYPE_CHECKING:
    from bot.signals import Report

_Metrics: TypeAlias = Annotated[
    str, typer.Option(help="Names or aliases, comma-separated: js,psi,nwd,ks,chi2.")
]
_Mode: TypeAlias = Annotated[
    Mode, typer.Option(help="Honest figures, or Azure ML's to the last digit.")
]
_Threshold: TypeAlias = Annotated[
    float | None,
    typer.Option(
        help="Limit of every metric, else each one's own. For performance: the share "
        "by which the model may be worse than in the reference (0.1), or Azure ML's "
        "limit itself."
    ),
]
_Segment: TypeAlias = Annotated[
    str, typer.Option(help="Say which values of this column carry the shift.")
]
_Target: TypeAlias = Annotated[
    str, typer.Option(help="Column of the label: for attribution and performance.")
]
_Labels: TypeAlias = Annotated[
    str, typer.Option(help="Labels that came later: a file, joined by --on.")
]
_Times: TypeAlias = Annotated[
    str, typer.Option(help="Columns of the moments of prediction and of label.")
]
_Strict: TypeAlias = Annotated[
    bool,
    typer.Option("--strict", help="End with 2 where there is too little to judge."),
]
_History: TypeAlias = Annotated[
    str, typer.Option(help="Stored days that say since when: profile:loan@FIRST..LAST.")
]
_Keep: TypeAlias = Annotated[
    Path, typer.Option(help="Folder of stored profiles: profile:DIGEST, or a series.")
]


def drift(
    reference: Annotated[str, typer.Argument(help="File or folder to compare with.")],
    production: Annotated[str, typer.Argument(help="File or folder to judge.")],
    *,
    task: Annotated[Task, typer.Option(help="The signal.")] = "data-drift",
    metrics: _Metrics = "",
    mode: _Mode = "sound",
    threshold: _Threshold = None,
    columns: Annotated[str, typer.Option(help="Only these, comma-separated.")] = "",
    numerical: Annotated[str, typer.Option(help="Columns that are numbers.")] = "",
    categorical: Annotated[str, typer.Option(help="Columns that are categories.")] = "",
    segment: _Segment = "",
    target: _Target = "",
    predicted: Annotated[str, typer.Option(help="Column of the prediction.")] = "",
    labels: _Labels = "",
    on: Annotated[
        str,
        typer.Option(
            help="Column that both tables have; row_id: the collector's correlation id "
            "and which of the request's records, as in 3f2a…_0."
        ),
    ] = "",
    times: _Times = "",
    kind: Annotated[Kind | None, typer.Option(help="Of model; else guessed.")] = None,
    history: _History = "",
    keep: _Keep = Path(".watchkeeper/profiles"),
    strict: _Strict = False,
    output_format: Annotated[
        Format, typer.Option("--format", help="What to write.")
    ] = "table",
    output: Annotated[
        Path | None, typer.Option(help="Write there instead of to the terminal.")
    ] = None,
) -> None:
    """Compare two data sets column by column.

    Reads Parquet, CSV, JSON lines, MLTable folders, the folders of Azure ML's model
    data collector, and profiles stored by `watchkeeper profile` (profile:DIGEST,
    profile:loan@2026-11-17..2026-11-23, profile:loan@weekday:2026-11-23).
    Ends with 0 (no breach), 1 (breach) or 2 (error). Too little data to judge, an empty
    window above all, is no breach and no error: a line on standard error says so, and a
    release pipeline that must not pass then asks for --strict.

    Example: watchkeeper drift training.parquet today.parquet --metrics js,psi
    """
    given = dict(locals())
    ours = {"output_format", "output", "strict"}
    options = {name: value for name, value in given.items() if name not in ours}
    found = _answer(Asked(**options), output_format, output)
    if found.verdict in {"not enough data", "cannot compute"}:
        _say(f"not judged: {found.sentence}")
        raise typer.Exit(2 if strict else 0)
    raise typer.Exit(1 if found.verdict == "breached" else 0)


def _answer(asked: Asked, output_format: Format, output: Path | None) -> "Report":
    from bot.signals.metric import CannotCompute  # noqa: PLC0415

    try:
        with _progress(asked.reference, asked.production) as done:
            found = report(asked, done)
        _refuse_nothing(found)
        write(found, output_format, output)
    except (ValueError, OSError, ArithmeticError, CannotCompute) as error:
        fail(in_a_line(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None  # 1 would be a breach
    except Exception as error:  # noqa: BLE001 (the same: a crash must not end with 1)
        fail(f"cannot go on: {type(error).__name__}: {in_a_line(error)}")
    return found


def _refuse_nothing(found: "Report") -> None:
    if not found.results and found.reference_rows and found.production_rows:
        no_kind = "no column is of the kind that these metrics are about"
        raise ValueError(f"nothing to compare: {'; '.join(found.dropped) or no_kind}")


def in_a_line(error: Exception) -> str:
    """Return what went wrong, the file first where one is to blame."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror.lower()}"
    return str(error).split("\n")[0] or type(error).__name__


def fail(line: str, command: str = "drift") -> NoReturn:
    """End with 2 and one line."""
    _say(line, command)
    raise typer.Exit(2)


def _say(line: str, command: str = "drift") -> None:
    from bot.signals.sentence import visible  # noqa: PLC0415

    sys.stderr.write(f"watchkeeper {command}: {visible(line)}\n")


@contextmanager
def _progress(*names: str) -> Iterator[Callable[[str], None] | None]:
    """Show how far it is, where a person is watching."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

    layout = (TextColumn("{task.description}"), BarColumn())
    with Progress(*layout, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"reading {names[0]} and {names[1]}", total=None)
        yield lambda column: bar.update(task, description=f"compared {column}")


COMMANDS = (drift,)
