"""`watchkeeper backtest`: what the thresholds would have done to past windows."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from bot.cli._asked import Asked, Mode, reports
from bot.cli._output import put
from bot.cli.drift import fail, in_a_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.signals.backtest import Replay

_Metrics: TypeAlias = Annotated[
    str, typer.Option(help="Names or aliases, comma-separated: js,psi,nwd,ks,chi2.")
]


def backtest(
    reference: Annotated[str, typer.Argument(help="File or folder to compare with.")],
    windows: Annotated[
        list[str],
        typer.Argument(
            help="Past windows, oldest first: files, folders, or the stored days of "
            "profile:loan@2026-11-01..2026-11-23."
        ),
    ],
    *,
    task: Annotated[
        Literal["data-drift", "prediction-drift", "data-quality"],
        typer.Option(help="The signal."),
    ] = "data-drift",
    metrics: _Metrics = "",
    mode: Annotated[
        Mode, typer.Option(help="Honest figures, or Azure ML's to the last digit.")
    ] = "sound",
    threshold: Annotated[
        float | None, typer.Option(help="Limit of every metric; else each one's own.")
    ] = None,
    keep: Annotated[Path, typer.Option(help="Folder of stored profiles.")] = Path(
        ".watchkeeper/profiles"
    ),
    rate: Annotated[
        float, typer.Option(help="Share of quiet windows that may alert.")
    ] = 0.05,
    output_format: Annotated[
        Literal["table", "json"], typer.Option("--format", help="What to write.")
    ] = "table",
    output: Annotated[
        Path | None, typer.Option(help="Write there instead of to the terminal.")
    ] = None,
) -> None:
    """Replay past windows: how often each threshold would have alerted.

    Proposes thresholds that alert in no more than the wanted share of the windows.
    Ends with 0, or 2 on an error.

    Example: watchkeeper backtest training.parquet days/2026-11-*.parquet --rate 0.02
    """
    if not 0 < rate < 1:
        fail("--rate is a share between 0 and 1", "backtest")
    asked = Asked(
        reference=reference,
        production="",
        task=task,
        metrics=metrics,
        mode=mode,
        threshold=threshold,
        keep=keep,
    )
    try:
        text = _replayed(asked, windows, rate, table=output_format == "table")
        put(text.encode(), output)
    except (ValueError, OSError, ArithmeticError) as error:
        fail(in_a_line(error), "backtest")


def _replayed(asked: Asked, windows: list[str], rate: float, *, table: bool) -> str:
    from bot.signals.backtest import backtest as replayed  # noqa: PLC0415

    judged = reports(asked, windows)
    replays = replayed(judged, rate=rate)
    return _table(replays, len(judged)) if table else _json(replays)


def _json(replays: "Sequence[Replay]") -> str:
    import json  # noqa: PLC0415

    return (
        json.dumps([asdict(one) for one in replays], indent=1, allow_nan=False) + "\n"
    )


def _table(replays: "Sequence[Replay]", windows: int) -> str:
    from io import StringIO  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from bot.signals.page import short  # noqa: PLC0415
    from bot.signals.sentence import visible  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for title in ("Feature", "Metric", "Alerts", "Limit", "Proposed", "Largest"):
        left = title in {"Feature", "Metric"}
        table.add_column(title, justify="left" if left else "right")
    for one in replays:
        cells = (
            visible(one.feature),
            one.metric,
            f"{one.alerts} of {len(one.values)}",
            short(one.threshold) or "-",
            short(one.proposed) or "-",
            short(max(one.values)),
        )
        table.add_row(*(Text(cell) for cell in cells))
    loud = sum(one.alerts > 0 for one in replays)
    out = StringIO()
    console = Console(file=out, width=110, highlight=False)
    console.print(
        f"{loud} of {len(replays)} limits would have alerted in {windows} windows.\n"
    )
    console.print(table)
    return out.getvalue()


COMMANDS = (backtest,)
