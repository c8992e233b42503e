"""`watchkeeper backtest`: what the thresholds would have done to past windows."""

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.signals.backtest import Replay


def backtest(
    reference: Annotated[str, typer.Argument(help="File or folder to compare with.")],
    windows: Annotated[
        list[str], typer.Argument(help="Past windows, oldest first: files or folders.")
    ],
    *,
    metrics: Annotated[
        str, typer.Option(help="Names or aliases, comma-separated: js,psi,nwd,ks,chi2.")
    ] = "",
    mode: Annotated[
        Literal["sound", "azureml"],
        typer.Option(help="Honest figures, or Azure ML's to the last digit."),
    ] = "sound",
    threshold: Annotated[
        float | None, typer.Option(help="Limit of every metric; else each one's own.")
    ] = None,
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
    from bot.signals import Rule, evaluate  # noqa: PLC0415
    from bot.signals.backtest import backtest as replayed  # noqa: PLC0415
    from bot.signals.catalogue import usual  # noqa: PLC0415
    from bot.signals.readers import Unreadable, read  # noqa: PLC0415

    named = [Rule(name.strip()) for name in metrics.split(",") if name.strip()]
    rules = [replace(r, threshold=threshold) for r in named or usual("data-drift")]
    try:
        if not 0 < rate < 1:
            _fail("--rate is a share between 0 and 1")
        known = read(reference)
        reports = [
            evaluate(known, read(window), rules, mode=mode, top=0) for window in windows
        ]
    except Unreadable as error:
        _fail(str(error))
    except (ValueError, OSError) as error:
        _fail(str(error).split("\n")[0])
    replays = replayed(reports, rate=rate, names=[Path(w).name for w in windows])
    text = _json(replays) if output_format == "json" else _table(replays, len(reports))
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


def _fail(line: str) -> NoReturn:
    sys.stderr.write(f"watchkeeper backtest: {line}\n")
    raise typer.Exit(2)


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

    table = Table(box=None, pad_edge=False)
    for title in ("Feature", "Metric", "Alerts", "Limit", "Proposed", "Largest"):
        left = title in {"Feature", "Metric"}
        table.add_column(title, justify="left" if left else "right")
    for one in replays:
        cells = (
            one.feature,
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
