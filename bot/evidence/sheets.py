"""Tables for ticket systems: CSV in which no cell is a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Cell: TypeAlias = str | float | int | None
_FORMULA = (
    *("=", "+", "-", "@", "\t", "\r", "\n", "|", "%"),
    *("\uff1d", "\uff0b", "\uff0d", "\uff20"),  # as wide letters, which Excel reads too
)
_UNSEEN = " \u00a0\u200b\u2060\ufeff"  # may stand before it


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return UTF-8 CSV with CRLF (RFC 4180), a mark in front so that Excel reads it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def cell(value: Cell) -> str:
    """Return a cell that a spreadsheet shows and does not run.

    >>> cell("=1+1"), cell(-0.5), cell(" @x"), cell("\u200b\uff1d1")[0]
    ("'=1+1", '-0.5', "' @x", "'")
    """
    if value is None:
        return ""
    if isinstance(value, int | float):
        return repr(value)
    text = value.replace("\x00", "")
    return f"'{text}" if text.lstrip(_UNSEEN).startswith(_FORMULA) else text
