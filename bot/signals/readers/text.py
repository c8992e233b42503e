"""CSV and JSON lines. A damaged line is counted and left out, never fatal."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.signals.columns import spark_type
from bot.signals.readers.files import Files, Unreadable, short

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class TextFrame:
    """A table that had to be read whole, with what was wrong with its text."""

    table: "pa.Table"
    findings: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return int(self.table.num_rows)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.table.column_names)

    def kind(self, name: str) -> str:
        return spark_type(self.table.schema.field(name).type)

    def column(self, name: str) -> "pa.ChunkedArray":
        return self.table.column(name)


def damaged(lines: int, where: str) -> str:
    return f"{lines:,} damaged {'line' if lines == 1 else 'lines'} left out ({where})"


def csv(files: Files, paths: Sequence[str], delimiter: str = ",") -> TextFrame:
    """Return CSV files as one table; rows of the wrong length are left out.

    Raises:
        Unreadable: a file is empty, or its text is not UTF-8.
    """
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import csv as arrow  # noqa: PLC0415

    tables, findings = [], []
    for path in paths:
        bad: list[str] = []

        def skip(row: Any, bad: list[str] = bad) -> str:
            bad.append(str(row.number))
            return "skip"

        try:
            with files.stream(path) as source:
                table = arrow.read_csv(
                    source,
                    parse_options=arrow.ParseOptions(
                        delimiter=delimiter, invalid_row_handler=skip
                    ),
                    convert_options=arrow.ConvertOptions(strings_can_be_null=True),
                )
        except pa.ArrowInvalid as error:
            what = (
                "is empty" if "Empty CSV" in str(error) else str(error).split("\n")[0]
            )
            raise Unreadable(f"{short([path])}: {what}") from error
        tables.append(table)
        if bad:
            findings.append(damaged(len(bad), short([path])))
    return TextFrame(_joined(tables), tuple(findings))


def _joined(tables: "Sequence[pa.Table]") -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415

    if len(tables) == 1:
        return tables[0]
    return pa.concat_tables(tables, promote_options="permissive")


def json_lines(files: Files, paths: Sequence[str]) -> TextFrame:
    """Return JSON lines as one table, by Arrow's reader or else line by line."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import json as arrow  # noqa: PLC0415

    try:
        tables = []
        for path in paths:
            with files.stream(path) as source:
                tables.append(arrow.read_json(source))
        return TextFrame(_joined(tables))
    except pa.ArrowInvalid:
        bad: list[str] = []
        records = [r for path in paths for r in _records(files, path, bad)]
        if not records:
            raise Unreadable(f"{short(paths)}: no line in it is JSON") from None
        table, findings = tabled(records)
        if bad:
            findings = (*findings, damaged(len(bad), bad[0]))
        return TextFrame(table, findings)


def objects(files: Files, path: str, bad: list[str]) -> Iterator[dict[str, Any]]:
    """Return the JSON objects of a file's lines; `bad` gains a word on each other."""
    with files.stream(path) as source:
        for number, line in enumerate(_lines(source), start=1):
            try:
                parsed = json.loads(line)
            except ValueError:
                parsed = None
            if isinstance(parsed, dict):
                yield parsed
            elif line.strip():
                bad.append(f"{short([path])}, line {number}")


def _lines(source: Any) -> Iterator[bytes]:
    """Return a stream's lines without holding more than a piece of it."""
    rest = b""
    while piece := source.read(1 << 20):
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _records(files: Files, path: str, bad: list[str]) -> Iterable[dict[str, Any]]:
    return objects(files, path, bad)


def tabled(
    records: Sequence[Mapping[str, Any]],
) -> "tuple[pa.Table, tuple[str, ...]]":
    """Return records as columns; a column of several types becomes text, and is named.

    Whole numbers among real ones are no such change.
    """
    import pyarrow as pa  # noqa: PLC0415

    names = list(dict.fromkeys(name for record in records for name in record))
    columns, findings = {}, []
    for name in names:
        values = [record.get(name) for record in records]
        try:
            columns[name] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            findings.append(f"{name}: values of several types, read as text")
            columns[name] = pa.array([None if v is None else str(v) for v in values])
    return pa.table(columns), tuple(findings)
