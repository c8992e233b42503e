"""Sections of a report: one table each, the same as JSON, as CSV and on the page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from bot.evidence.sheets import Cell, table


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`key` names its file and its place in the JSON; `empty` is said without rows."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    says: str = ""  # one sentence above the table
    empty: str = "None in this period."
    figure: str = field(default="", compare=False)  # SVG, above the table

    def document(self) -> dict[str, Any]:
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "says": self.says, "rows": rows}

    def sheet(self) -> bytes:
        return table(self.columns, self.rows)

    def html(self, most: int = 2000) -> Iterator[str]:
        yield f'<h2 id="{escape(self.key)}">{escape(self.title)}</h2>'
        if self.says:
            yield f"<p>{escape(self.says)}</p>"
        if self.figure:
            yield f"<figure>{self.figure}</figure>"
        if not self.rows:
            yield f"<p>{escape(self.empty)}</p>"
            return
        heads = "".join(f"<th>{escape(c.replace('_', ' '))}" for c in self.columns)
        yield f"<table><tr>{heads}</tr>"
        for row in self.rows[:most]:
            cells = "".join(_cell(value) for value in row)
            yield f"<tr>{cells}</tr>"
        yield "</table>"
        if len(self.rows) > most:
            yield f"<p class=soft>{len(self.rows) - most:,} more in the tables.</p>"


def csv_files(sections: Sequence[Section]) -> dict[str, bytes]:
    return {f"{s.key}.csv": s.sheet() for s in sections}


def _cell(value: Cell) -> str:
    if isinstance(value, int | float):
        return f"<td class=n>{value:,.6g}"
    return f"<td>{escape(value or '')}"
