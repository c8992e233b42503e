"""Sections of a report: one table each, the same as JSON, as CSV and on the page."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from bot.evidence.sheets import Cell, table

_NARROW = 8  # columns that a page of paper holds in ordinary type
# To the minute; the JSON and the tables have all of it.
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?\+00:00")


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
        columns = _columns(self.columns)
        heads = "".join(
            f"<th{' class=n' if self._counts(places) else ''}>{escape(name)}"
            for name, places in columns
        )
        wide = " class=wide" if len(columns) > _NARROW else ""
        yield f"<table{wide}><tr>{heads}</tr>"
        for row in self.rows[:most]:
            cells = "".join(_cell(*(row[p] for p in places)) for _, places in columns)
            yield f"<tr>{cells}</tr>"
        yield "</table>"
        if len(self.rows) > most:
            yield f"<p class=soft>{len(self.rows) - most:,} more in the tables.</p>"

    def _counts(self, places: tuple[int, ...]) -> bool:
        """Return whether a column is of numbers, whose heading stands above them."""
        [first, *more] = places
        values = [row[first] for row in self.rows if row[first] is not None]
        return (
            not more
            and bool(values)
            and all(isinstance(v, int | float) for v in values)
        )


def csv_files(sections: Sequence[Section]) -> dict[str, bytes]:
    return {f"{s.key}.csv": s.sheet() for s in sections}


def _columns(names: Sequence[str]) -> list[tuple[str, tuple[int, ...]]]:
    """Return headings with the places of their cells: a step's time and result are one.

    >>> _columns(["id", "detect_minutes", "detect_result"])
    [('id', (0,)), ('detect, minutes', (1, 2))]
    """
    found: list[tuple[str, tuple[int, ...]]] = []
    for place, name in enumerate(names):
        step = name.removesuffix("_result")
        if step != name and place and names[place - 1] == f"{step}_minutes":
            found[-1] = (f"{step}, minutes".replace("_", " "), (place - 1, place))
        else:
            found.append((name.replace("_", " "), (place,)))
    return found


def _cell(value: Cell, result: Cell = None) -> str:
    if result is not None:
        took = "" if value is None else f"{value:,.6g}: "
        return f"<td>{took}{escape(str(result))}"
    if isinstance(value, int | float):
        return f"<td class=n>{value:,.6g}"
    text = _TIME.sub(r"\1 \2", value or "")
    return f"<td>{escape(text)}"
