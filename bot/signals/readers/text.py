"""CSV and JSON lines, a piece at a time. A damaged line is counted, never fatal."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from csv import reader
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from bot.signals.readers.files import Files, Unreadable, short
from bot.signals.readers.spool import Notes, spooled
from bot.signals.readers.unify import became_text

if TYPE_CHECKING:
    import pyarrow as pa

    from bot.signals.columns import Frame

_BLOCK = 8 << 20  # bytes of text that are read at once
_HEADER = 1 << 16
_RECORDS = 20_000  # JSON objects that are held at once
_MISREAD = re.compile(r"In CSV column #(\d+).*conversion error to (\w+)")


def delimiter(files: Files, path: str) -> str:
    """Return what separates the columns: what the header has, if it has no comma."""
    with files.stream(path) as source:
        header = source.read(_HEADER).split(b"\n")[0].decode("utf-8", "replace")
    return "," if "," in header else max(",;\t|", key=header.count)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How delimited text is written."""

    delimiter: str = ","
    encoding: str = "utf-8"
    header: Literal["each", "first", "none"] = "each"  # which files begin with one
    lines_in_values: bool = False
    empty_is_text: bool = False  # else an empty value is a missing one


def csv(files: Files, paths: Sequence[str], how: Dialect | None = None) -> "Frame":
    """Return CSV files as one table; rows of the wrong length are left out.

    Types are those of the first block. A column that turns out to hold something else
    is read again from the start, as the next wider type.

    Raises:
        Unreadable: a file is empty, or has lines of which none can be read.
    """
    how = how or Dialect()
    kinds: dict[str, pa.DataType] = {}
    said: dict[str, None] = {}
    names = [] if how.header == "each" else _names(files, paths[0], how)
    while True:
        notes = Notes(said=dict(said))
        pieces = (
            piece
            for i, path in enumerate(paths)
            for piece in _of_csv(
                files,
                path,
                how,
                [] if how.header == "first" and not i else names,
                kinds,
                notes,
            )
        )
        try:
            frame = spooled(pieces, notes)
        except _Misread as found:
            kinds[found.name] = found.kind
            if found.to_text:
                said[became_text(found.name)] = None
            continue
        if not frame.rows and notes.bad:
            raise Unreadable(f"{short(paths)}: no line has as many values as names")
        return frame


class _Misread(Exception):
    """A column holds what its type, guessed from the first block, does not."""

    def __init__(self, name: str, kind: "pa.DataType", *, to_text: bool) -> None:
        super().__init__(name)
        self.name, self.kind, self.to_text = name, kind, to_text


def _names(files: Files, path: str, how: Dialect) -> list[str]:
    """Return the names of columns that a file does not begin with."""
    bare = how.header == "none"
    with files.stream(path) as source:
        first = source.read(_BLOCK).decode(how.encoding, "replace").split("\n")[0]
    (row,) = reader([first.rstrip("\r")], delimiter=how.delimiter)
    return [f"Column{n}" for n in range(1, len(row) + 1)] if bare else row


def _of_csv(
    files: Files,
    path: str,
    how: Dialect,
    names: Sequence[str],
    kinds: "Mapping[str, pa.DataType]",
    notes: Notes,
) -> "Iterator[pa.Table]":
    """Return a file's pieces; `names` where it does not begin with them."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import csv as arrow  # noqa: PLC0415

    def skip(row: Any) -> str:
        notes.damaged(short([path]))
        return "skip"

    found: list[str] = []
    try:
        with (
            files.stream(path) as source,
            arrow.open_csv(
                source,
                read_options=arrow.ReadOptions(
                    block_size=_BLOCK, encoding=how.encoding, column_names=names or None
                ),
                parse_options=arrow.ParseOptions(
                    delimiter=how.delimiter,
                    invalid_row_handler=skip,
                    newlines_in_values=how.lines_in_values,
                ),
                convert_options=arrow.ConvertOptions(
                    strings_can_be_null=not how.empty_is_text, column_types=kinds
                ),
            ) as batches,
        ):
            found = batches.schema.names
            yield pa.Table.from_batches([], batches.schema)
            for batch in batches:
                yield pa.Table.from_batches([batch])
    except pa.ArrowInvalid as error:
        raise _misread(str(error), found) or _unreadable(error, path) from error


def _unreadable(error: Exception, path: str) -> Unreadable:
    first = str(error).split("\n")[0]
    what = "is empty" if "Empty CSV" in first else first
    return Unreadable(f"{short([path])}: {what}")


def _misread(message: str, names: Sequence[str]) -> _Misread | None:
    """Return which column to read as what, or None: it is another error."""
    import pyarrow as pa  # noqa: PLC0415

    found = _MISREAD.search(message)
    if found is None or "UTF8" in message or int(found[1]) >= len(names):
        return None
    name, was = names[int(found[1])], found[2]
    if was in {"int64", "null"}:
        return _Misread(name, pa.float64(), to_text=False)
    return None if was == "string" else _Misread(name, pa.string(), to_text=True)


def json_lines(files: Files, paths: Sequence[str]) -> "Frame":
    """Return JSON lines as one table; columns of several types become text.

    Raises:
        Unreadable: there are lines, and not one of them is a JSON object.
    """
    notes = Notes()
    pieces = (
        piece
        for path in paths
        for first, block in _blocks(files, path)
        for piece in _of_block(block, short([path]), first, notes)
    )
    frame = spooled(pieces, notes)
    if not frame.names and notes.bad:
        raise Unreadable(f"{short(paths)}: no line in it is a JSON object")
    return frame


def _blocks(files: Files, path: str) -> Iterator[tuple[int, bytes]]:
    """Return pieces of a file that end where a line ends, with the first line's number.

    A line is never cut, so one that is longer than a block makes a longer block.
    """
    number, rest = 1, b""
    with files.stream(path) as source:
        while piece := source.read(_BLOCK):
            end = piece.rfind(b"\n") + 1
            if not end:
                rest += piece
                continue
            block, rest = rest + piece[:end], piece[end:]
            yield number, block
            number += block.count(b"\n")
    if rest:
        yield number, rest


def _of_block(
    block: bytes, name: str, first: int, notes: Notes
) -> "Iterator[pa.Table]":
    """Return a block as Arrow reads it, or else line by line."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import json as arrow  # noqa: PLC0415

    try:
        yield arrow.read_json(
            pa.BufferReader(block), arrow.ReadOptions(block_size=len(block) + 1)
        )
    except pa.ArrowInvalid:
        yield from tables(_objects(block, name, first, notes), notes)


def objects(files: Files, path: str, notes: Notes) -> Iterator[dict[str, Any]]:
    """Return the JSON objects of a file's lines; other lines are noted as damaged."""
    for first, block in _blocks(files, path):
        yield from _objects(block, short([path]), first, notes)


def _objects(
    block: bytes, name: str, first: int, notes: Notes
) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(block.split(b"\n"), start=first):
        try:
            parsed = json.loads(line)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, dict):
            yield parsed
        elif isinstance(parsed, list) and all(isinstance(p, dict) for p in parsed):
            yield from parsed  # a whole table in one line, as pandas writes it
        elif line.strip():
            notes.damaged(f"{name}, line {number}")


def tables(records: Iterable[Mapping[str, Any]], notes: Notes) -> "Iterator[pa.Table]":
    """Return records as tables of some thousand rows.

    A column of several types becomes text, and is named; whole numbers among real ones
    are no such change.
    """
    import pyarrow as pa  # noqa: PLC0415

    several = iter(records)
    while some := list(islice(several, _RECORDS)):
        names = dict.fromkeys(name for record in some for name in record)
        yield pa.table({name: _column(name, some, notes) for name in names})


def _column(
    name: str, records: Sequence[Mapping[str, Any]], notes: Notes
) -> "pa.Array":
    import pyarrow as pa  # noqa: PLC0415

    values = [record.get(name) for record in records]
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        notes.said[became_text(name)] = None
        return pa.array([None if v is None else str(v) for v in values], pa.string())
