"""`watchkeeper drift`: the signal engine on files, with nothing configured."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn, TextIO, TypeAlias

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.signals import FeatureResult, Report, Rule

Format: TypeAlias = Literal["table", "json", "html"]
Mode: TypeAlias = Literal["sound", "azureml"]
Task: TypeAlias = Literal["data-drift", "prediction-drift", "data-quality"]

_BAR = 16  # characters


def drift(
    reference: Annotated[str, typer.Argument(help="File or folder to compare with.")],
    production: Annotated[str, typer.Argument(help="File or folder to judge.")],
    *,
    task: Annotated[Task, typer.Option(help="The signal.")] = "data-drift",
    metrics: Annotated[
        str, typer.Option(help="Names or aliases, comma-separated: js,psi,nwd,ks,chi2.")
    ] = "",
    mode: Annotated[
        Mode, typer.Option(help="Honest figures, or Azure ML's to the last digit.")
    ] = "sound",
    threshold: Annotated[
        float | None, typer.Option(help="Limit of every metric; else each one's own.")
    ] = None,
    columns: Annotated[str, typer.Option(help="Only these, comma-separated.")] = "",
    numerical: Annotated[str, typer.Option(help="Columns that are numbers.")] = "",
    categorical: Annotated[str, typer.Option(help="Columns that are categories.")] = "",
    output_format: Annotated[
        Format, typer.Option("--format", help="What to write.")
    ] = "table",
    output: Annotated[
        Path | None, typer.Option(help="Write there instead of to the terminal.")
    ] = None,
) -> None:
    """Compare two data sets column by column.

    Reads Parquet, CSV, JSON lines, MLTable folders and the folders of Azure ML's model
    data collector. Ends with 0 (no breach), 1 (breach) or 2 (error).

    Example: watchkeeper drift training.parquet today.parquet --metrics js,psi
    """
    from bot.signals import evaluate  # noqa: PLC0415
    from bot.signals.readers import Unreadable, read  # noqa: PLC0415

    try:
        rules = _rules(task, _listed(metrics), threshold, _listed(columns))
        with _progress(reference, production) as done:
            report = evaluate(
                read(reference),
                read(production),
                rules,
                mode=mode,
                signal=task,
                reference_name=Path(reference).name,
                production_name=Path(production).name,
                numerical=_listed(numerical),
                categorical=_listed(categorical),
                progress=done,
            )
        if not report.results and report.reference_rows and report.production_rows:
            _fail(f"nothing to compare: {'; '.join(report.dropped) or 'no column'}")
        _write(report, output_format, output)
    except Unreadable as error:
        _fail(str(error))
    except (ValueError, OSError, ArithmeticError) as error:
        _fail(str(error).split("\n")[0] or type(error).__name__)
    raise typer.Exit(1 if report.verdict == "breached" else 0)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _rules(
    task: Task,
    metrics: tuple[str, ...],
    threshold: float | None,
    columns: tuple[str, ...],
) -> "list[Rule]":
    from bot.signals import Rule  # noqa: PLC0415
    from bot.signals.catalogue import usual  # noqa: PLC0415

    asked = [Rule(name) for name in metrics] or list(usual(task))
    return [replace(rule, threshold=threshold, columns=columns) for rule in asked]


def _fail(line: str) -> NoReturn:
    sys.stderr.write(f"watchkeeper drift: {line}\n")
    raise typer.Exit(2)


@contextmanager
def _progress(*names: str) -> "Iterator[Callable[[str], None] | None]":
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


def _write(report: "Report", output_format: Format, output: Path | None) -> None:
    if output_format == "table":
        if output is None:
            _table(report, None)
            return
        with output.open("w", encoding="utf-8") as file:
            _table(report, file)
        return
    text = _json(report) if output_format == "json" else _html(report)
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


def _json(report: "Report") -> str:
    import json  # noqa: PLC0415

    from bot.signals.rows import rows  # noqa: PLC0415

    return json.dumps(rows(report), indent=1, allow_nan=False) + "\n"


def _html(report: "Report") -> str:
    from bot.signals.page import page  # noqa: PLC0415

    return page(report)


def _table(report: "Report", file: "TextIO | None") -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(file=file, width=120 if file else None, highlight=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("Feature", overflow="fold")
    table.add_column("Metric")
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("Limit", no_wrap=True)
    table.add_column("Verdict", overflow="fold")
    for result in report.results:
        table.add_row(*(escape(cell) for cell in _cells(result)), style=_style(result))
    console.print(f"[bold]{escape(report.sentence)}[/bold]\n")
    console.print(table)
    for line in (*report.findings, *(f"not compared: {d}" for d in report.dropped)):
        console.print(escape(line), style="dim")


def _style(result: "FeatureResult") -> str:
    return {"breached": "bold red", "not breached": ""}.get(result.verdict, "dim")


def _cells(result: "FeatureResult") -> tuple[str, ...]:
    from bot.signals.catalogue import METRICS  # noqa: PLC0415
    from bot.signals.page import short  # noqa: PLC0415

    sign = ">" if result.breached_when == "above" else "<"
    limit = "" if result.threshold is None else f"{sign} {short(result.threshold)}"
    why = f": {result.reason}" if result.reason else ""
    return (
        result.feature,
        METRICS[result.metric].alias if result.metric in METRICS else result.metric,
        short(result.value) or result.not_finite or "-",
        _bar(result),
        limit,
        f"{result.verdict}{why}",
    )


def _bar(result: "FeatureResult") -> str:
    """Return the figure as a bar; its limit is the mark in the middle."""
    value, limit = result.value, result.threshold
    if value is None or not limit or result.breached_when == "below":
        return ""
    filled = round(min(1.0, value / limit / 2) * _BAR)
    bar = "█" * filled + "·" * (_BAR - filled)
    return f"{bar[: _BAR // 2]}│{bar[_BAR // 2 :]}"


COMMANDS = (drift,)
