"""A report for a person or a program: a table with bars, JSON, or a page."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO, TypeAlias

from bot.cli._output import put, to_terminal

if TYPE_CHECKING:
    from bot.signals import FeatureResult, Report

Format: TypeAlias = Literal["table", "json", "html"]

_BARS = ((100, 16), (70, 8), (0, 0))  # characters, by the width of the terminal


def write(report: "Report", output_format: Format, output: Path | None) -> None:
    """Write `report` to a file, or to the terminal."""
    if output_format != "table":
        text = _json(report) if output_format == "json" else _html(report)
        put(text.encode(), output)
    elif output is None or to_terminal(output):
        _table(report, None)
    else:
        with output.open("w", encoding="utf-8") as file:
            _table(report, file)


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

    from bot.signals.sentence import visible  # noqa: PLC0415

    console = Console(file=file, width=120 if file else None, highlight=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("Feature", overflow="fold", min_width=7)
    table.add_column("Metric", no_wrap=True)
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("Limit", no_wrap=True)
    table.add_column("Verdict", overflow="fold", min_width=12)
    bar = next(size for least, size in _BARS if console.width >= least)
    for result in report.results:
        cells = (escape(visible(cell)) for cell in _cells(result, bar))
        table.add_row(*cells, style=_style(result))
    console.print(f"[bold]{escape(visible(report.sentence))}[/bold]\n")
    console.print(table)
    for line in report.explained:
        console.print(escape(visible(line)))
    for line in (*report.findings, *(f"not compared: {d}" for d in report.dropped)):
        console.print(escape(visible(line)), style="dim")


def _style(result: "FeatureResult") -> str:
    return {"breached": "bold red", "not breached": ""}.get(result.verdict, "dim")


def _cells(result: "FeatureResult", bar: int) -> tuple[str, ...]:
    from bot.signals.catalogue import METRICS  # noqa: PLC0415
    from bot.signals.page import short  # noqa: PLC0415

    sign = ">" if result.breached_when == "above" else "<"
    limit = "" if result.threshold is None else f"{sign} {short(result.threshold)}"
    why = f": {result.reason}" if result.reason else ""
    return (
        result.feature,
        METRICS[result.metric].alias if result.metric in METRICS else _brief(result),
        short(result.value) or result.not_finite or "-",
        _bar(result, bar),
        limit,
        f"{result.verdict}{why}",
    )


def _brief(result: "FeatureResult") -> str:
    """Return the capitals of a name too long for a column: NDCG."""
    long = len(result.metric) > 20  # noqa: PLR2004
    return "".join(filter(str.isupper, result.metric)) if long else result.metric


def _bar(result: "FeatureResult", size: int) -> str:
    """Return the figure as a bar; its limit is the mark in the middle."""
    value, limit = result.value, result.threshold
    if not size or value is None or not limit or result.breached_when == "below":
        return ""
    filled = round(min(1.0, value / limit / 2) * size)
    bar = "█" * filled + "·" * (size - filled)
    return f"{bar[: size // 2]}│{bar[size // 2 :]}"
